"""Lessons that a parent starred, to find them again."""

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from tirek.services.unit import Unit
from tirek.storage.models import Bookmark


def star(unit: Unit, course_id: str, lesson_id: str) -> None:
    """Keep a lesson; twice is the same as once."""
    unit.session.execute(
        insert(Bookmark)
        .values(account_id=unit.actor.account_id, course_id=course_id, lesson_id=lesson_id)
        .on_conflict_do_nothing()
    )


def unstar(unit: Unit, course_id: str, lesson_id: str) -> None:
    """Keep it no longer."""
    unit.session.execute(
        delete(Bookmark).where(
            Bookmark.account_id == unit.actor.account_id,
            Bookmark.course_id == course_id,
            Bookmark.lesson_id == lesson_id,
        )
    )


def is_starred(unit: Unit, course_id: str, lesson_id: str) -> bool:
    """Whether whoever acts has starred this lesson."""
    found = select(Bookmark.lesson_id).where(
        Bookmark.account_id == unit.actor.account_id,
        Bookmark.course_id == course_id,
        Bookmark.lesson_id == lesson_id,
    )
    return bool(unit.session.scalars(select(exists(found))).one())


def starred(unit: Unit) -> list[tuple[str, str]]:
    """The course and the lesson of each bookmark, the latest first."""
    rows = unit.session.execute(
        select(Bookmark.course_id, Bookmark.lesson_id)
        .where(Bookmark.account_id == unit.actor.account_id)
        .order_by(Bookmark.created_at.desc(), Bookmark.course_id, Bookmark.lesson_id)
    )
    return [(row.course_id, row.lesson_id) for row in rows]
