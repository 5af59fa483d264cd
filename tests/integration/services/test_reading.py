"""The shelf: where to go on first, what is begun and finished, bookmarks, what may fit."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, update
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.education import Course, Lesson
from tirek.domain.reading import card_ids
from tirek.services import bookmarks, courses, reading
from tirek.services.reading import Shelf
from tirek.services.unit import Unit
from tirek.storage.models import LessonProgress, OwnChild
from tirek.storage.session import open_session

CATALOG = the_catalog()
CALM, SAFE = CATALOG.courses["calm-parent"], CATALOG.courses["safe-child"]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return made


@pytest.fixture
def reader(engine: Engine, world: World) -> Iterator[Unit]:
    actor = world.school.guardian.actor
    with open_session(engine, actor.scope) as session:
        yield world.unit(actor, session)


def shelf(unit: Unit) -> Shelf:
    unit.session.commit()
    return reading.shelf(unit, CATALOG.courses.values())


def finish(unit: Unit, course: Course, lessons: Iterable[Lesson]) -> None:
    assert unit.actor.account_id is not None
    for lesson in lessons:
        courses.record_lesson_done(unit.session, unit.actor.account_id, course.id, lesson.id)


def hours_ago(system: Session, course: Course, hours: int) -> None:
    system.execute(
        update(LessonProgress)
        .where(LessonProgress.course_id == course.id)
        .values(seen_at=func.now() - timedelta(hours=hours))
    )
    system.commit()


def test_nothing_is_there_at_first(reader: Unit):
    found = shelf(reader)
    assert found.is_empty
    assert found.go_on is None


def test_one_goes_on_at_the_very_card_of_the_lesson_left_last(system: Session, reader: Unit):
    second = CALM.lessons[1]
    cards = card_ids(second)
    finish(reader, CALM, CALM.lessons[:1])
    courses.reach_card(reader, CALM, second, cards[2], forward_only=True)
    finish(reader, SAFE, SAFE.lessons[:1])
    reader.session.commit()
    hours_ago(system, SAFE, 3)
    go_on = shelf(reader).go_on
    assert go_on is not None
    assert (go_on.course.id, go_on.lesson.id, go_on.card_id) == (CALM.id, second.id, cards[2])
    assert 0 < go_on.minutes_left < second.facts.minutes
    hours_ago(system, CALM, 5)
    other = shelf(reader).go_on
    assert other is not None
    assert (other.course.id, other.lesson.id) == (SAFE.id, SAFE.lessons[1].id)


def test_the_minutes_left_are_those_of_the_unread_lessons(reader: Unit):
    finish(reader, CALM, CALM.lessons[:3])
    begun = shelf(reader).begun[0]
    assert begun.minutes_left == sum(one.facts.minutes for one in CALM.lessons[3:])
    assert begun.core_days_done == 3
    assert not begun.is_finished


def test_the_short_path_alone_does_not_finish_a_course(reader: Unit):
    finish(reader, CALM, (CALM.lesson(core.lesson_id) for core in CALM.core_path))
    found = shelf(reader)
    assert [one.course.id for one in found.begun] == [CALM.id]
    assert found.begun[0].core_days_done == 5
    finish(reader, CALM, CALM.lessons)
    found = shelf(reader)
    assert (found.begun, [one.course.id for one in found.finished]) == ([], [CALM.id])
    assert found.finished[0].following is None


def test_bookmarks_stand_latest_first_and_twice_is_once(reader: Unit):
    bookmarks.star(reader, CALM.id, CALM.lessons[0].id)
    reader.session.commit()
    bookmarks.star(reader, SAFE.id, SAFE.lessons[0].id)
    bookmarks.star(reader, SAFE.id, SAFE.lessons[0].id)
    bookmarks.star(reader, "gone-course", "gone-lesson")
    found = [one.course.id for one in shelf(reader).starred]
    assert found == [SAFE.id, CALM.id]
    bookmarks.unstar(reader, SAFE.id, SAFE.lessons[0].id)
    assert not bookmarks.is_starred(reader, SAFE.id, SAFE.lessons[0].id)
    assert bookmarks.is_starred(reader, CALM.id, CALM.lessons[0].id)


def test_courses_fit_the_ages_of_the_children(system: Session, world: World, reader: Unit):
    today = reader.now().date()
    system.add(
        OwnChild(
            account_id=world.school.guardian.account.id,
            birth_month=date(today.year - 14, today.month, 1),
        )
    )
    system.commit()
    found = shelf(reader).suggestions
    assert found.knows_children
    assert 0 < len(found.courses) <= 3
    assert all(one.ages[0] <= 14 <= one.ages[1] for one in found.courses)
    finish(reader, found.courses[0], found.courses[0].lessons[:1])
    assert found.courses[0].id not in {one.id for one in shelf(reader).suggestions.courses}
