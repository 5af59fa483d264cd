"""The days on which Kazakhstan works, as far as anybody has announced them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tirek.catalog.calendar import FIRST_YEAR, LAST_YEAR, load_calendar
from tirek.catalog.errors import CatalogError
from tirek.catalog.protocols import load_protocol
from tirek.domain.clocks import KAZAKHSTAN, WEEKENDS_ONLY, Clock
from tirek.domain.levels import Level

FOLDER = Path(__file__).parents[3] / "protocols"
CALENDAR = load_calendar(FOLDER)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        ("2026-11-20", True),
        ("2026-11-21", False),
        # Independence day, and the republic's day that fell on a Sunday.
        ("2026-12-16", False),
        ("2026-12-17", True),
        ("2026-10-26", False),
        # The old Constitution day is worked since the new Constitution; the new one is not.
        ("2026-08-31", True),
        ("2027-03-15", False),
        # Announced for 2026; of 2028 there is an estimate only, which may not delay anybody.
        ("2026-05-27", False),
        ("2028-05-05", True),
        # A day moved by the ministry: the Sunday was worked, the Friday was not.
        ("2025-01-03", False),
        ("2025-01-05", True),
        ("2024-05-04", True),
        ("2024-05-08", False),
    ],
)
def test_a_day_is_worked_or_not(day, is_working):
    assert CALENDAR.is_working(date.fromisoformat(day)) is is_working


def test_a_limit_over_nauryz_waits_for_the_holidays():
    friday = datetime(2026, 3, 20, 10, 0, tzinfo=KAZAKHSTAN)
    due = Clock(working_days=1).after(friday, CALENDAR).astimezone(KAZAKHSTAN)
    assert (due.date().isoformat(), due.hour) == ("2026-03-26", 18)


def test_minutes_do_not_know_holidays():
    new_year = datetime(2026, 12, 31, 23, 0, tzinfo=KAZAKHSTAN)
    assert Clock(minutes=60).after(new_year, CALENDAR) == Clock(minutes=60).after(new_year)


def test_every_year_from_the_first_to_the_last_has_its_holidays():
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        assert sum(day.year == year for day in CALENDAR.holidays) >= 11
    assert CALENDAR.known_until == LAST_YEAR
    assert WEEKENDS_ONLY.known_until == 0


def test_after_the_last_year_a_limit_is_early_and_never_late():
    before = datetime(LAST_YEAR + 1, 12, 15, 12, 0, tzinfo=UTC)
    assert Clock(working_days=3).after(before, CALENDAR) == Clock(working_days=3).after(before)


def test_the_protocol_counts_by_this_calendar():
    protocol = load_protocol(FOLDER)
    before = datetime(2026, 12, 15, 12, 0, tzinfo=KAZAKHSTAN)
    due = protocol.rule(Level.MEDIUM).due(before)
    assert protocol.calendar == CALENDAR
    assert due.seen.astimezone(KAZAKHSTAN).date() == date(2026, 12, 17)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("transfers: []", "transfers: [{day_off: soon, worked_instead: soon}]", "must be a day"),
        ('day: "2026-05-27"', 'day: "2027-05-27"', "does not belong to 2026"),
        ("confidence: medium", "trust: medium", "unknown field 'trust'|'confidence' is missing"),
        ('        why: "Qurban Ait, first day"\n', "", "'why' is missing"),
    ],
)
def test_a_wrong_day_is_named_with_its_line(tmp_path: Path, old: str, new: str, reason: str):
    text = (FOLDER / "calendar.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "calendar.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogError, match=reason):
        load_calendar(tmp_path)


def test_a_transfer_takes_a_day_off_and_gives_a_weekend(tmp_path: Path):
    text = (FOLDER / "calendar.yaml").read_text(encoding="utf-8")
    moved = 'transfers: [{day_off: "2026-07-07", worked_instead: "2026-07-04"}]'
    (tmp_path / "calendar.yaml").write_text(text.replace("transfers: []", moved), encoding="utf-8")
    calendar = load_calendar(tmp_path)
    assert not calendar.is_working(date(2026, 7, 7))
    assert calendar.is_working(date(2026, 7, 4))


def test_each_year_says_where_it_is_from_and_how_sure_it_is():
    text = (FOLDER / "calendar.yaml").read_text(encoding="utf-8")
    assert text.count("source:") == text.count("confidence:") == text.count("- year:")
