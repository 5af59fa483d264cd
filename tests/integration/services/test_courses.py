"""Progress belongs to one account and survives a second press."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.world import a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.services.courses import progress, record_lesson_done
from tirek.storage.models.courses import LessonProgress

COURSE = "calm-parent"


def test_a_finished_lesson_is_remembered_for_this_account_only(system: Session, keys: Keys) -> None:
    world = a_world(system, the_catalog(), a_vault(keys), schools=2)
    reader, other = (school.guardian.account.id for school in world.schools)
    assert progress(system, reader, COURSE) == frozenset()
    record_lesson_done(system, reader, COURSE, "repair")
    assert progress(system, reader, COURSE) == {"repair"}
    assert progress(system, reader, "another-course") == frozenset()
    assert progress(system, other, COURSE) == frozenset()


def test_a_second_press_keeps_the_first_time(system: Session, keys: Keys) -> None:
    world = a_world(system, the_catalog(), a_vault(keys))
    reader = world.school.guardian.account.id
    record_lesson_done(system, reader, COURSE, "repair")
    first = system.scalars(select(LessonProgress.done_at)).one()
    record_lesson_done(system, reader, COURSE, "repair")
    assert system.scalars(select(LessonProgress.done_at)).one() == first


def test_a_lesson_put_aside_can_still_be_finished(system: Session, keys: Keys) -> None:
    world = a_world(system, the_catalog(), a_vault(keys))
    reader = world.school.guardian.account.id
    system.add(LessonProgress(account_id=reader, course_id=COURSE, lesson_id="repair"))
    system.flush()
    assert progress(system, reader, COURSE) == frozenset()
    record_lesson_done(system, reader, COURSE, "repair")
    assert progress(system, reader, COURSE) == {"repair"}
