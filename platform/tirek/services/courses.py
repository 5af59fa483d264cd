"""What a parent has read: kept by lesson id, so it survives a change of language."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from tirek.domain.education import Course, Lesson
from tirek.domain.errors import NotFoundError
from tirek.domain.reading import LessonState, cards_up_to
from tirek.services.unit import Unit
from tirek.storage.models import LessonHistory, LessonProgress

KEY = ("account_id", "course_id", "lesson_id")
# A page that is opened again so soon changes nothing worth a write.
SAME_SITTING = timedelta(minutes=1)


def progress(session: Session, account_id: UUID, course_id: str) -> frozenset[str]:
    """Return the ids of the lessons of this course which the account has finished."""
    done = select(LessonProgress.lesson_id).where(
        LessonProgress.account_id == account_id,
        LessonProgress.course_id == course_id,
        LessonProgress.done_at.is_not(None),
    )
    return frozenset(session.scalars(done))


def states(unit: Unit) -> dict[str, dict[str, LessonState]]:
    """All that is kept of whoever acts: by course, then by lesson."""
    rows = unit.session.execute(
        select(
            LessonProgress.course_id,
            LessonProgress.lesson_id,
            LessonProgress.card_id,
            LessonProgress.seen_at,
            LessonProgress.done_at,
            LessonProgress.declined_at,
        ).where(LessonProgress.account_id == unit.actor.account_id)
    )
    found: dict[str, dict[str, LessonState]] = {}
    for row in rows:
        found.setdefault(row.course_id, {})[row.lesson_id] = LessonState(
            row.lesson_id,
            row.card_id,
            row.seen_at,
            is_done=row.done_at is not None,
            is_declined=row.declined_at is not None,
        )
    return found


def open_lesson(unit: Unit, course: Course, lesson: Lesson, language: str) -> LessonState | None:
    """Note that the lesson was opened; returns what was kept of it before."""
    row = unit.session.execute(
        select(
            LessonProgress,
            (
                (LessonProgress.seen_at > func.now() - SAME_SITTING)
                & (LessonProgress.language == language)
            ).label("is_fresh"),
        ).where(*_one(unit, course.id, lesson.id))
    ).one_or_none()
    if row is None or not row.is_fresh:
        _keep(unit, course, lesson, {"language": language, "seen_at": func.now()})
    if row is None:
        return None
    kept: LessonProgress = row[0]
    return LessonState(
        kept.lesson_id,
        kept.card_id,
        kept.seen_at,
        is_done=kept.done_at is not None,
        is_declined=kept.declined_at is not None,
    )


def reach_card(
    unit: Unit, course: Course, lesson: Lesson, card_id: str, *, forward_only: bool
) -> None:
    """Keep the card that was reached; raises `NotFoundError` where the lesson has no such card.

    With `forward_only` an earlier card than the kept one changes nothing: news that a browser sent
    by itself may come late, or from a second tab.
    """
    try:
        passed = cards_up_to(lesson, card_id)
    except ValueError:
        raise NotFoundError("card", card_id) from None
    place: object = card_id
    if forward_only:
        is_behind = or_(LessonProgress.card_id.is_(None), LessonProgress.card_id.in_(passed))
        place = case((is_behind, card_id), else_=LessonProgress.card_id)
    _keep(unit, course, lesson, {"card_id": place, "seen_at": func.now()}, {"card_id": card_id})


def record_lesson_done(session: Session, account_id: UUID, course_id: str, lesson_id: str) -> None:
    """Note that the lesson is finished; the first time stays, a second press changes nothing."""
    row = upsert(LessonProgress).values(
        account_id=account_id, course_id=course_id, lesson_id=lesson_id, done_at=func.now()
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=KEY,
            set_={
                "done_at": func.coalesce(LessonProgress.done_at, func.now()),
                "seen_at": func.now(),
            },
        )
    )


def start_again(unit: Unit, course_id: str) -> None:
    """Begin a course anew: what was read goes into the history, "not for me" stays as it is."""
    mine = (
        LessonProgress.account_id == unit.actor.account_id,
        LessonProgress.course_id == course_id,
    )
    read = or_(LessonProgress.done_at.is_not(None), LessonProgress.declined_at.is_(None))
    old = unit.session.execute(
        select(
            LessonProgress.account_id,
            LessonProgress.course_id,
            LessonProgress.lesson_id,
            LessonProgress.opened_at,
            LessonProgress.done_at,
        )
        .where(*mine, read)
        .with_for_update()
    ).all()
    if old:
        unit.session.execute(insert(LessonHistory), [row._asdict() for row in old])
    unit.session.execute(delete(LessonProgress).where(*mine, LessonProgress.declined_at.is_(None)))
    unit.session.execute(update(LessonProgress).where(*mine).values(done_at=None, card_id=None))


def _keep(
    unit: Unit,
    course: Course,
    lesson: Lesson,
    changed: Mapping[str, object],
    first: Mapping[str, object] | None = None,
) -> None:
    """Add the row of a lesson, or change it; `first` is what a new row begins with."""
    begin = dict(changed if first is None else first)
    row = upsert(LessonProgress).values(
        account_id=unit.actor.account_id, course_id=course.id, lesson_id=lesson.id, **begin
    )
    unit.session.execute(row.on_conflict_do_update(index_elements=KEY, set_=dict(changed)))


def _one(unit: Unit, course_id: str, lesson_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        LessonProgress.account_id == unit.actor.account_id,
        LessonProgress.course_id == course_id,
        LessonProgress.lesson_id == lesson_id,
    )
