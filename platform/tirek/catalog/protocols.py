"""Reads protocols/: what a flag sets off."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from tirek.catalog.calendar import load_calendar
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.ladders import clock, ladder, overdue_ladder
from tirek.catalog.languages import texts_in
from tirek.catalog.legal import PROTOCOL_LANGUAGES, ground_rules, legal_grounds
from tirek.catalog.yaml_subset import Document, read
from tirek.domain.clocks import WorkingCalendar
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee, LegalGround, LevelRule, NoticeRule, Protocol
from tirek.domain.referral import ReceiverKind
from tirek.domain.urgency import inversions

T = TypeVar("T")

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def load_protocol(folder: Path) -> Protocol:
    """Read screening.yaml and calendar.yaml; raise `CatalogError` where one of them is wrong."""
    path = folder / "screening.yaml"
    protocol = read_protocol(path, load_calendar(folder))
    if protocol.id != path.stem:
        line = read(path).line("id")
        raise CatalogError(path, line, f"the id must be the file's name, {path.stem!r}")
    return protocol


def read_protocol(path: Path, calendar: WorkingCalendar) -> Protocol:
    """Read one file of whatever name, such as a draft; raise `CatalogError` where it is wrong."""
    document = read(path)
    with Fields.of(document) as fields:
        return _protocol(document, calendar, fields)


def _protocol(document: Document, calendar: WorkingCalendar, fields: Fields) -> Protocol:
    grounds = legal_grounds(fields)
    protocol = Protocol(
        id=fields.text("id"),
        version=_matching(fields, "version", VERSION, "three numbers such as 1.0.0"),
        effective_from=_day(fields, "effective_from"),
        status=fields.text("status"),
        levels=_levels(fields, grounds, calendar),
        legal_grounds=grounds,
        ground_rules=ground_rules(fields, grounds),
        calendar=calendar,
    )
    for fault in inversions(protocol.levels):
        raise CatalogError(
            document.path,
            document.line("levels", fault.level.value, *fault.place),
            f"{fault.words} of {fault.level} can come after that of {fault.lower}",
        )
    return protocol


def _matching(fields: Fields, name: str, pattern: re.Pattern[str], wanted: str) -> str:
    text = fields.text(name)
    if not pattern.fullmatch(text):
        raise fields.error(name, f"{name!r} must be {wanted}")
    return text


def _day(fields: Fields, name: str) -> date:
    try:
        return date.fromisoformat(fields.text(name))
    except ValueError:
        raise fields.error(name, f"{name!r} must be a day such as 2026-09-01") from None


def _levels(
    fields: Fields, grounds: Mapping[str, LegalGround], calendar: WorkingCalendar
) -> dict[Level, LevelRule]:
    with fields.fields("levels") as levels:
        return {
            level: _inside(levels, level.value, partial(_rule, level, grounds, calendar))
            for level in Level
            # A review asks somebody to look at an answer sheet; it sets nothing else off.
            if level is not Level.REVIEW
        }


def _rule(
    level: Level, grounds: Mapping[str, LegalGround], calendar: WorkingCalendar, fields: Fields
) -> LevelRule:
    notices = fields.each("notices", partial(_notice, grounds))
    for kind in _repeated(notice.kind for notice in notices):
        raise fields.error("notices", f"the notice {kind!r} stands here a second time")
    return LevelRule(
        level=level,
        receiver=fields.choice("receiver", ReceiverKind),
        seen=clock(fields, "seen"),
        acknowledged=clock(fields, "acknowledged"),
        contact=clock(fields, "contact"),
        assessment=clock(fields, "assessment"),
        plan=clock(fields, "plan"),
        ladder=ladder(fields, "ladder"),
        overdue=overdue_ladder(fields, "overdue"),
        notices=notices,
        next_steps=texts_in(PROTOCOL_LANGUAGES, fields, "next_steps"),
        note=fields.text("note"),
        calendar=calendar,
    )


def _repeated(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _notice(grounds: Mapping[str, LegalGround], fields: Fields) -> NoticeRule:
    ground = fields.text("legal_ground")
    if ground not in grounds:
        raise fields.error("legal_ground", f"no legal ground {ground!r} stands in this file")
    return NoticeRule(
        kind=fields.text("kind"),
        addressee=fields.choice("addressee", Addressee),
        clock=clock(fields, "clock"),
        legal_ground=ground,
        title=texts_in(PROTOCOL_LANGUAGES, fields, "title"),
        body=texts_in(PROTOCOL_LANGUAGES, fields, "body"),
    )


def _inside(fields: Fields, name: str, read_one: Callable[[Fields], T]) -> T:
    with fields.fields(name) as inner:
        return read_one(inner)
