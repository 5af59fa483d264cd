"""Reads protocols/calendar.yaml and joins it with the library of public holidays."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from holidays.countries.kazakhstan import Kazakhstan

from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import read
from tirek.domain.clocks import WorkingCalendar

FIRST_YEAR, LAST_YEAR = 2024, 2060
# The library adds it to a holiday of the Islamic calendar that nobody has announced yet.
ESTIMATED = "(estimated"


@dataclass(frozen=True, slots=True)
class Year:
    """What the government decided for one year beyond the law on holidays."""

    year: int
    days_off: frozenset[date]
    worked_instead: frozenset[date]


def load_calendar(folder: Path) -> WorkingCalendar:
    """Return the working days of Kazakhstan; raise `CatalogError` where the file is wrong."""
    years = _years(folder)
    off, worked = _by_law()
    return WorkingCalendar(
        holidays=off.union(*(year.days_off for year in years)),
        working_weekends=worked.union(*(year.worked_instead for year in years)),
    )


def announced_years(folder: Path) -> frozenset[int]:
    """The years of which somebody has looked up what was announced."""
    return frozenset(year.year for year in _years(folder))


def _years(folder: Path) -> tuple[Year, ...]:
    with Fields.of(read(folder / "calendar.yaml")) as fields:
        return fields.each("years", _year)


def _by_law() -> tuple[frozenset[date], frozenset[date]]:
    """Holidays and worked weekends of the library, without days that are only an estimate.

    A wrong estimate would let a child wait for a day; without it a limit is early, never late.
    """
    library = Kazakhstan(years=range(FIRST_YEAR, LAST_YEAR + 1), language="en_US")
    days = frozenset(day for day, name in library.items() if ESTIMATED not in name)
    worked = frozenset(day for day in library.weekend_workdays if day.year >= FIRST_YEAR)
    return days, worked


def _year(fields: Fields) -> Year:
    year = fields.integer("year")
    transfers = fields.each("transfers", lambda move: _transfer(year, move))
    days_off = fields.each("days_off", lambda one: _named_day(year, one))
    # For people who check the file; nothing is decided by them.
    for name in ("source", "confidence", "note"):
        fields.text(name)
    return Year(
        year,
        frozenset(days_off) | {off for off, _ in transfers},
        frozenset(worked for _, worked in transfers),
    )


def _transfer(year: int, fields: Fields) -> tuple[date, date]:
    return _day(year, fields, "day_off"), _day(year, fields, "worked_instead")


def _named_day(year: int, fields: Fields) -> date:
    fields.text("why")
    return _day(year, fields, "day")


def _day(year: int, fields: Fields, name: str) -> date:
    try:
        day = date.fromisoformat(fields.text(name))
    except ValueError:
        raise fields.error(name, f"{name!r} must be a day such as 2026-05-27") from None
    if day.year != year:
        raise fields.error(name, f"this day does not belong to {year}")
    return day
