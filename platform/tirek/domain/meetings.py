"""Meetings with parents as the programme counts them: by term and strand, without names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tirek.domain.education import Strand
from tirek.domain.errors import DomainError

# A hall of a large school.
MOST_PEOPLE = 2000
# Entered later than this, nobody remembers the numbers.
OLDEST_DAYS = 366


class MeetingError(DomainError):
    """The numbers or the day cannot be right; `field` names the one to look at."""

    def __init__(self, field: str) -> None:
        """Remember which of the numbers it is."""
        super().__init__(f"{field} cannot be right")
        self.field = field


class Term(StrEnum):
    """The quarters of a school year, and the summer after it."""

    FIRST = "1"
    SECOND = "2"
    THIRD = "3"
    FOURTH = "4"
    SUMMER = "summer"


# By whole months: the exact days are set anew for each year, and in the holidays between two
# quarters nothing is held that would count to the other one.
_TERMS = {
    9: Term.FIRST, 10: Term.FIRST, 11: Term.SECOND, 12: Term.SECOND,
    1: Term.THIRD, 2: Term.THIRD, 3: Term.THIRD, 4: Term.FOURTH, 5: Term.FOURTH,
}  # fmt: skip
_FIRST_MONTH = 9


@dataclass(frozen=True, slots=True)
class Counted:
    """How many were at a meeting; `invited` where anybody knows."""

    strand: Strand
    held_on: date
    attended: int
    fathers: int
    invited: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """The meetings of one strand in one term."""

    meetings: int = 0
    attended: int = 0
    fathers: int = 0

    def __add__(self, other: "Total") -> "Total":
        """Both together."""
        return Total(
            self.meetings + other.meetings,
            self.attended + other.attended,
            self.fathers + other.fathers,
        )


def term_of(day: date) -> Term:
    """The quarter in which a day lies."""
    return _TERMS.get(day.month, Term.SUMMER)


def year_of(day: date) -> int:
    """The calendar year in which the school year of a day began on 1 September."""
    return day.year if day.month >= _FIRST_MONTH else day.year - 1


def days_of(school_year: int) -> tuple[date, date]:
    """The first and the last day of a school year, with the summer after it."""
    return date(school_year, _FIRST_MONTH, 1), date(school_year + 1, _FIRST_MONTH - 1, 31)


def check(wanted: Counted, today: date) -> None:
    """Refuse what cannot have been; raises `MeetingError` with the field to look at."""
    if not 0 <= (today - wanted.held_on).days <= OLDEST_DAYS:
        raise MeetingError("held_on")
    if not 0 <= wanted.attended <= MOST_PEOPLE:
        raise MeetingError("attended")
    if not 0 <= wanted.fathers <= wanted.attended:
        raise MeetingError("fathers")
    if wanted.invited is not None and not wanted.attended <= wanted.invited <= MOST_PEOPLE:
        raise MeetingError("invited")


def totals(meetings: Iterable[Counted]) -> dict[tuple[Term, Strand], Total]:
    """The sums by term and strand, in the order of the year; no row where nothing was held."""
    found: dict[tuple[Term, Strand], Total] = {}
    for one in meetings:
        key = term_of(one.held_on), one.strand
        found[key] = found.get(key, Total()) + Total(1, one.attended, one.fathers)
    return {
        (term, strand): found[term, strand]
        for term in Term
        for strand in Strand
        if (term, strand) in found
    }
