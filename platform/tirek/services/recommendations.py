"""Which one lesson to suggest to a parent after a questionnaire, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.education import Course, Lesson
from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import ScaleAtLeast
from tirek.services.runs import Run
from tirek.services.unit import Unit
from tirek.storage.models import FlagRecord, LessonProgress


class Reason(StrEnum):
    """Why a lesson is suggested; the page has a sentence for each that names no scale."""

    TIME_TOGETHER = "time_together"
    CALM_WORDS = "calm_words"
    OWN_STRENGTH = "own_strength"
    GOOD_START = "good_start"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class Rule:
    """A subscale that stands out asks for a skill (tags of parents-ux §5)."""

    scale: str
    skill: str
    reason: Reason


# The first that fits wins. Worry asks for quiet time together, quarrels for a calm answer, and a
# child who must be reminded of everything for a parent who has slept.
RULES = (
    Rule("internalising", "special-time", Reason.TIME_TOGETHER),
    Rule("externalising", "pause", Reason.CALM_WORDS),
    Rule("attention", "self-care", Reason.OWN_STRENGTH),
)
DEFAULT_SKILL = "self-awareness"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One lesson and the reason for it."""

    course: Course
    lesson: Lesson
    reason: Reason


def choose(
    courses: Sequence[Course],
    raised: frozenset[str],
    passed: frozenset[tuple[str, str]],
    age: int,
) -> Suggestion | None:
    """The lesson to suggest: by the first rule that fits, else a good start, else any other.

    `raised` are the subscales that stand out, `passed` the lessons (course, lesson) already read
    or put aside; `age` is the child's, in full years, and a lesson for another age is not
    suggested. A lesson about something hard is never suggested by a machine. None when no lesson
    is left.
    """
    left = [
        (course, lesson)
        for course in courses
        for lesson in course.lessons
        if not lesson.is_sensitive
        and (course.id, lesson.id) not in passed
        and lesson.facts.ages[0] <= age <= lesson.facts.ages[1]
    ]
    for skill, reason in _wishes(raised):
        for course, lesson in left:
            if skill in lesson.facts.skills:
                return Suggestion(course, lesson, reason)
    return Suggestion(*left[0], Reason.ANOTHER) if left else None


def _wishes(raised: frozenset[str]) -> Iterable[tuple[str, Reason]]:
    yield from ((rule.skill, rule.reason) for rule in RULES if rule.scale in raised)
    yield DEFAULT_SKILL, Reason.GOOD_START


def suggest(unit: Unit, run: Run, courses: Sequence[Course]) -> Suggestion | None:
    """Suggest one of these courses' lessons to the guardian who answered."""
    codes = unit.session.scalars(
        select(FlagRecord.code).where(
            FlagRecord.school_year == run.key.school_year,
            FlagRecord.administration_id == run.key.id,
        )
    )
    return choose(courses, _raised(run.instrument, frozenset(codes)), passed(unit), run.age_years)


def _raised(instrument: Instrument, codes: frozenset[str]) -> frozenset[str]:
    return frozenset(
        rule.when.scale
        for rule in instrument.flags
        if rule.id in codes and isinstance(rule.when, ScaleAtLeast)
    )


def passed(unit: Unit) -> frozenset[tuple[str, str]]:
    """The lessons (course, lesson) that the parent has read or put aside."""
    rows = unit.session.execute(
        select(LessonProgress.course_id, LessonProgress.lesson_id).where(
            LessonProgress.account_id == unit.actor.account_id,
            or_(LessonProgress.done_at.is_not(None), LessonProgress.declined_at.is_not(None)),
        )
    )
    return frozenset((course, lesson) for course, lesson in rows)


def decline(unit: Unit, course: Course, lesson: Lesson) -> None:
    """Remember "not for me": the lesson is not suggested again, and stays open to read."""
    row = insert(LessonProgress).values(
        account_id=unit.actor.account_id,
        course_id=course.id,
        lesson_id=lesson.id,
        declined_at=func.now(),
    )
    unit.session.execute(
        row.on_conflict_do_update(
            index_elements=["account_id", "course_id", "lesson_id"],
            set_={"declined_at": func.coalesce(LessonProgress.declined_at, func.now())},
        )
    )
