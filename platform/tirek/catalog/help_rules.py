"""Reads protocols/help_requests.yaml: how soon a person takes up a parent's call."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tirek.catalog.fields import Fields
from tirek.catalog.ladders import clock
from tirek.catalog.yaml_subset import read
from tirek.domain.clocks import WorkingCalendar
from tirek.domain.help_rules import HelpRule
from tirek.domain.parents import HelpKind

FILE = "help_requests.yaml"


def load_help_rules(folder: Path, calendar: WorkingCalendar) -> Mapping[HelpKind, HelpRule]:
    """Return the rule of every kind; raise `CatalogError` where one is missing or wrong."""
    with Fields.of(read(folder / FILE)) as fields:
        _check_heading(fields)
        with fields.fields("kinds") as kinds:
            return {kind: _inside(kinds, kind, calendar) for kind in HelpKind}


def _check_heading(fields: Fields) -> None:
    for name in ("version", "status"):
        fields.text(name)
    if fields.text("id") != Path(FILE).stem:
        raise fields.error("id", f"the id must be the file's name, {Path(FILE).stem!r}")
    try:
        date.fromisoformat(fields.text("effective_from"))
    except ValueError:
        reason = "'effective_from' must be a day such as 2026-09-01"
        raise fields.error("effective_from", reason) from None


def _inside(kinds: Fields, kind: HelpKind, calendar: WorkingCalendar) -> HelpRule:
    with kinds.fields(kind.value) as fields:
        return HelpRule(
            kind,
            clock(fields, "accepted"),
            by_text_message=fields.boolean("text_message"),
            is_confirmed=fields.boolean("confirmed"),
            note=fields.text("note"),
            calendar=calendar,
        )
