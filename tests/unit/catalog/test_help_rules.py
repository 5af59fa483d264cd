"""How soon somebody takes up a parent's call: data that a lawyer has still to confirm."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.world import the_catalog
from tirek.catalog.errors import CatalogError
from tirek.catalog.help_rules import FILE, load_help_rules
from tirek.config import ROOT
from tirek.domain.clocks import WEEKENDS_ONLY
from tirek.domain.help_rules import DANGERS
from tirek.domain.levels import Level
from tirek.domain.parents import HelpKind

# 21:00 on a Friday in Kazakhstan.
FRIDAY_EVENING = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def written(folder: Path, **changed: str) -> Path:
    text = (ROOT / "protocols" / FILE).read_text(encoding="utf-8")
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new, 1)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_danger_is_taken_up_round_the_clock_and_as_soon_as_an_immediate_referral() -> None:
    catalog = the_catalog()
    immediate = catalog.protocol.rule(Level.IMMEDIATE)
    for kind in DANGERS:
        rule = catalog.help_rules[kind]
        assert rule.due(FRIDAY_EVENING) == FRIDAY_EVENING + timedelta(minutes=15)
        assert rule.accepted.never_later_than(immediate.acknowledged)
        assert rule.by_text_message


def test_whoever_only_asks_to_be_called_waits_for_a_working_day() -> None:
    due = the_catalog().help_rules[HelpKind.CALL_ME].due(FRIDAY_EVENING)
    assert due == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def test_nothing_passes_for_confirmed_before_a_lawyer_has_read_it() -> None:
    assert not any(rule.is_confirmed for rule in the_catalog().help_rules.values())
    assert all(rule.note for rule in the_catalog().help_rules.values())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("home_danger:", "someones_danger:"),
        ("{minutes: 15}", "{minutes: 0}"),
        ("{minutes: 15}", "{minutes: 15, working_days: 1}"),
        ("text_message: true", "text_message: maybe"),
        ("id: help_requests", "id: other"),
        ('"2026-11-22"', "soon"),
        ("confirmed: false", "confirmd: false"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(CatalogError):
        load_help_rules(written(tmp_path, **{old: new}), WEEKENDS_ONLY)
