"""What readers said of lessons, as their authors read it: counts, words, read or not yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, update

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.services import audit
from tirek.services.lesson_feedback import Verdict
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import LessonFeedback

VERDICTS = tuple(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class FeedbackQuery:
    """Which voices are wanted."""

    course_id: str | None = None
    lesson_id: str | None = None
    lang: str | None = None
    verdict: str | None = None
    # "new": not read by an author yet; "read"; or "all".
    show: str = "new"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Voice:
    """Some words of one reader, whom nobody knows."""

    id: UUID
    course_id: str
    lesson_id: str
    course: Course | None
    lesson: Lesson | None
    lang: str
    rev: int
    verdict: str
    words: str
    said_on: date
    is_read: bool


@dataclass(frozen=True, slots=True)
class LessonCount:
    """How one lesson was found in one language, and how many words wait for an author."""

    course_id: str
    lesson_id: str
    course: Course | None
    lesson: Lesson | None
    lang: str
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0

    @property
    def total(self) -> int:
        """All voices."""
        return sum(self.verdicts.values())


def counts(unit: Unit, query: FeedbackQuery) -> Sequence[LessonCount]:
    """One row for each lesson and language with any voice, in the order of the catalog."""
    unread = func.count().filter(
        LessonFeedback.words.is_not(None), LessonFeedback.read_at.is_(None)
    )
    rows = unit.session.execute(
        select(
            LessonFeedback.course_id,
            LessonFeedback.lesson_id,
            LessonFeedback.lang,
            *(func.count().filter(LessonFeedback.verdict == verdict) for verdict in VERDICTS),
            unread,
        )
        .where(*_of_lessons(query))
        .group_by(LessonFeedback.course_id, LessonFeedback.lesson_id, LessonFeedback.lang)
    )
    return sorted((_count(unit, row) for row in rows), key=_place)


def voices(unit: Unit, query: FeedbackQuery) -> Page[Voice]:
    """What readers wrote, the latest first."""
    return page_of(unit, _written(query), query.page, lambda row: _voice(unit, row[0]))


def all_voices(unit: Unit, query: FeedbackQuery) -> Sequence[Voice]:
    """All of it, for a file."""
    return [_voice(unit, row[0]) for row in unit.session.execute(_written(query))]


def mark_read(unit: Unit, feedback_ids: Sequence[UUID]) -> int:
    """Write down that an author has read these; says how many were new."""
    marked = unit.session.scalars(
        update(LessonFeedback)
        .where(LessonFeedback.id.in_(feedback_ids), LessonFeedback.read_at.is_(None))
        .values(read_at=func.now(), read_by=unit.actor.account_id)
        .returning(LessonFeedback.id)
    ).all()
    for feedback_id in marked:
        audit.record(unit, "feedback.read", "lesson_feedback", feedback_id)
    return len(marked)


def _of_lessons(query: FeedbackQuery) -> list[ColumnElement[bool]]:
    wanted = {
        LessonFeedback.course_id: query.course_id,
        LessonFeedback.lesson_id: query.lesson_id,
        LessonFeedback.lang: query.lang,
    }
    return [column == value for column, value in wanted.items() if value is not None]


def _written(query: FeedbackQuery) -> Select[*tuple[Any, ...]]:
    conditions = [*_of_lessons(query), LessonFeedback.words.is_not(None)]
    if query.verdict is not None:
        conditions.append(LessonFeedback.verdict == query.verdict)
    if query.show != "all":
        is_read = LessonFeedback.read_at.is_not(None)
        conditions.append(is_read if query.show == "read" else ~is_read)
    newest = (LessonFeedback.created_at.desc(), LessonFeedback.id)
    return (
        select(LessonFeedback)
        .where(and_(*conditions))
        .order_by(*newest)
        .execution_options(populate_existing=True)
    )


def _voice(unit: Unit, row: LessonFeedback) -> Voice:
    course = unit.catalog.courses.get(row.course_id)
    return Voice(
        row.id,
        row.course_id,
        row.lesson_id,
        course,
        _lesson(course, row.lesson_id),
        row.lang,
        row.rev,
        row.verdict,
        row.words or "",
        row.created_at.astimezone(KAZAKHSTAN).date(),
        row.read_at is not None,
    )


def _count(unit: Unit, row: Row[*tuple[Any, ...]]) -> LessonCount:
    course_id, lesson_id, lang, *numbers = row
    course = unit.catalog.courses.get(course_id)
    verdicts = dict(zip(VERDICTS, numbers[:-1], strict=True))
    lesson = _lesson(course, lesson_id)
    return LessonCount(course_id, lesson_id, course, lesson, lang, verdicts, numbers[-1])


def _lesson(course: Course | None, lesson_id: str) -> Lesson | None:
    try:
        return None if course is None else course.lesson(lesson_id)
    except UnknownLessonError:
        return None


def _place(one: LessonCount) -> tuple[bool, int, int, str, str]:
    """Lessons that have gone from the catalog come last."""
    if one.course is None or one.lesson is None:
        return True, 0, 0, one.lesson_id, one.lang
    return False, one.course.order, one.lesson.number, one.lesson_id, one.lang
