"""A group of parents with a course, dates and a facilitator: its plan, its pace, its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tirek.domain.errors import DomainError

# Digits alone are said and typed alike in every language; 0, 1 and 3 look like letters.
JOIN_DIGITS = "2456789"
JOIN_LENGTH = 9
NAME_MOST = 40
QUESTION_MOST = 500
ANSWER_MOST = 1500
# What one browser may ask in a day, and what all of a group may.
QUESTIONS_A_DAY = 3
GROUP_QUESTIONS_A_DAY = 40
LONGEST_DAYS = 190
# Nobody is called quiet sooner, however dense the plan is.
QUIET_AFTER_AT_LEAST = 3
_GROUP = 3


class CohortDatesError(DomainError):
    """The days do not hold the course: too few, too many, or over already."""


class Phase(StrEnum):
    """Where a group stands in its own time."""

    COMING = "coming"
    RUNNING = "running"
    OVER = "over"
    CLOSED = "closed"

    @property
    def takes_members(self) -> bool:
        """Whether a parent can still come in."""
        return self in {Phase.COMING, Phase.RUNNING}


class Standing(StrEnum):
    """How a member stands by the plan: a fact for the facilitator, never a mark."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    QUIET = "quiet"
    DONE = "done"


class AsideReason(StrEnum):
    """Why a question is not answered for all."""

    NAMES_SOMEBODY = "names_somebody"
    NEEDS_A_TALK = "needs_a_talk"
    ASKED_BEFORE = "asked_before"
    NOT_FOR_ALL = "not_for_all"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One lesson of the short path and the days it is meant for."""

    number: int
    lesson_id: str
    opens_on: date
    until: date


@dataclass(frozen=True, slots=True)
class Steps:
    """How far a member has come, and on which days: all that a facilitator learns."""

    started: int
    done: int
    joined_on: date
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Pace:
    """What the facilitator learns of one member, in the terms of the plan."""

    standing: Standing
    done: int
    # The last day with any progress, for a member who fell behind the plan.
    quiet_since: date | None = None


def new_join_code(choose: Callable[[str], str]) -> str:
    """Draw a code with `choose` (a cryptographic choice)."""
    return "".join(choose(JOIN_DIGITS) for _ in range(JOIN_LENGTH))


def read_join_code(typed: str) -> str | None:
    """The code in what was typed, with or without dashes; None when it cannot be one."""
    code = "".join(letter for letter in typed if letter.isalnum())
    if len(code) != JOIN_LENGTH or any(letter not in JOIN_DIGITS for letter in code):
        return None
    return code


def spoken(code: str) -> str:
    """The code in groups of three, as it is read aloud."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def check_dates(starts_on: date, ends_on: date, *, lessons: int, today: date) -> None:
    """Refuse days that do not hold the plan; raises `CohortDatesError`."""
    days = (ends_on - starts_on).days + 1
    if ends_on < today or not max(lessons, 2) <= days <= LONGEST_DAYS:
        raise CohortDatesError("the days do not hold the course")


def plan(lesson_ids: Sequence[str], starts_on: date, ends_on: date) -> tuple[PlanStep, ...]:
    """Spread the lessons evenly over the days of the group, each with its first and last day."""
    days, count = (ends_on - starts_on).days + 1, len(lesson_ids)
    opens = [starts_on + timedelta(days=number * days // count) for number in range(count)]
    until = [max(day, following - timedelta(days=1)) for day, following in _pairs(opens, ends_on)]
    return tuple(
        PlanStep(number, lesson, day, last)
        for number, (lesson, day, last) in enumerate(
            zip(lesson_ids, opens, until, strict=True), start=1
        )
    )


def _pairs(opens: Sequence[date], ends_on: date) -> list[tuple[date, date]]:
    return list(zip(opens, [*opens[1:], ends_on + timedelta(days=1)], strict=True))


def step_of_day(steps: Sequence[PlanStep], today: date) -> PlanStep | None:
    """The lesson that the plan has for this day; None before the first day and after the last."""
    return next((step for step in steps if step.opens_on <= today <= step.until), None)


def quiet_after(steps: Sequence[PlanStep]) -> int:
    """How many days without a lesson make a member quiet: as many as the plan gives to one."""
    longest = max(((step.until - step.opens_on).days + 1 for step in steps), default=0)
    return max(QUIET_AFTER_AT_LEAST, longest)


def pace(steps: Sequence[PlanStep], gone: Steps, today: date) -> Pace:
    """How a member stands on a day.

    Done is who has finished as many lessons as the plan holds: which ones is their own choice,
    and nobody's to know.
    """
    if gone.done >= len(steps):
        return Pace(Standing.DONE, gone.done)
    if gone.last_on is None or not gone.started:
        return Pace(Standing.NOT_STARTED, gone.done)
    # What somebody read before there was a group is not a silence in it.
    since = max(gone.last_on, gone.joined_on, steps[0].opens_on)
    due = sum(step.until < today for step in steps)
    if gone.done < due and (today - since).days >= quiet_after(steps):
        return Pace(Standing.QUIET, gone.done, since)
    return Pace(Standing.UNDER_WAY, gone.done)


def phase(starts_on: date, ends_on: date, *, is_closed: bool, today: date) -> Phase:
    """Where a group stands on a day."""
    if is_closed:
        return Phase.CLOSED
    if today < starts_on:
        return Phase.COMING
    return Phase.RUNNING if today <= ends_on else Phase.OVER
