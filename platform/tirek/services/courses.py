"""What a parent has read: kept by lesson id, so it survives a change of language."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.storage.models.courses import LessonProgress


def progress(session: Session, account_id: UUID, course_id: str) -> frozenset[str]:
    """Return the ids of the lessons of this course which the account has finished."""
    done = select(LessonProgress.lesson_id).where(
        LessonProgress.account_id == account_id,
        LessonProgress.course_id == course_id,
        LessonProgress.done_at.is_not(None),
    )
    return frozenset(session.scalars(done))


def record_lesson_done(session: Session, account_id: UUID, course_id: str, lesson_id: str) -> None:
    """Note that the lesson is finished; the first time stays, a second press changes nothing."""
    row = insert(LessonProgress).values(
        account_id=account_id, course_id=course_id, lesson_id=lesson_id, done_at=func.now()
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["account_id", "course_id", "lesson_id"],
            set_={"done_at": func.coalesce(LessonProgress.done_at, func.now())},
        )
    )
