"""Progress belongs to one account, goes to the card, and survives a change of language."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.world import PASSWORD, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.reading import card_ids
from tirek.services import account_erasure, bookmarks, courses, reminders
from tirek.services.courses import progress, record_lesson_done
from tirek.services.reminders import Wish
from tirek.services.unit import Unit
from tirek.storage.models import Bookmark, LessonHistory, LessonProgress, ReminderWish
from tirek.storage.session import open_session

COURSE = the_catalog().courses["calm-parent"]
FIRST, SECOND = COURSE.lessons[:2]
CARDS = card_ids(FIRST)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return made


@pytest.fixture
def reader(engine: Engine, world: World) -> Iterator[Unit]:
    """A parent with a session of their own, which sees what parents may see."""
    actor = world.school.guardian.actor
    with open_session(engine, actor.scope) as session:
        yield world.unit(actor, session)


def place(unit: Unit, lesson_id: str = FIRST.id) -> str | None:
    return courses.states(unit)[COURSE.id][lesson_id].card_id


def test_a_finished_lesson_is_remembered_for_this_account_only(system: Session, world: World):
    reader, other = (school.guardian.account.id for school in world.schools)
    assert progress(system, reader, COURSE.id) == frozenset()
    record_lesson_done(system, reader, COURSE.id, "repair")
    assert progress(system, reader, COURSE.id) == {"repair"}
    assert progress(system, reader, "another-course") == frozenset()
    assert progress(system, other, COURSE.id) == frozenset()


def test_a_second_press_keeps_the_first_time(system: Session, world: World):
    reader = world.school.guardian.account.id
    record_lesson_done(system, reader, COURSE.id, "repair")
    first = system.scalars(select(LessonProgress.done_at)).one()
    record_lesson_done(system, reader, COURSE.id, "repair")
    assert system.scalars(select(LessonProgress.done_at)).one() == first


def test_a_lesson_put_aside_can_still_be_finished(system: Session, world: World):
    reader = world.school.guardian.account.id
    system.add(LessonProgress(account_id=reader, course_id=COURSE.id, lesson_id="repair"))
    system.flush()
    assert progress(system, reader, COURSE.id) == frozenset()
    record_lesson_done(system, reader, COURSE.id, "repair")
    assert progress(system, reader, COURSE.id) == {"repair"}


def test_opening_is_noted_and_says_where_it_was_left(reader: Unit):
    assert courses.open_lesson(reader, COURSE, FIRST, "kk") is None
    courses.reach_card(reader, COURSE, FIRST, CARDS[2], forward_only=True)
    reader.session.commit()
    found = courses.open_lesson(reader, COURSE, FIRST, "ru")
    assert found is not None
    assert (found.card_id, found.is_done) == (CARDS[2], False)
    language = reader.session.scalars(select(LessonProgress.language)).one()
    assert language == "ru"


def test_a_page_opened_again_at_once_writes_nothing(system: Session, reader: Unit):
    courses.open_lesson(reader, COURSE, FIRST, "kk")
    reader.session.commit()
    seen = select(LessonProgress.seen_at)
    first = system.scalars(seen).one()
    courses.open_lesson(reader, COURSE, FIRST, "kk")
    reader.session.commit()
    assert system.scalars(seen).one() == first
    system.execute(update(LessonProgress).values(seen_at=func.now() - timedelta(minutes=5)))
    system.commit()
    courses.open_lesson(reader, COURSE, FIRST, "kk")
    reader.session.commit()
    assert system.scalars(seen).one() > first


def test_late_news_of_a_script_never_lead_back(reader: Unit):
    courses.reach_card(reader, COURSE, FIRST, CARDS[3], forward_only=True)
    courses.reach_card(reader, COURSE, FIRST, CARDS[1], forward_only=True)
    assert place(reader) == CARDS[3]
    courses.reach_card(reader, COURSE, FIRST, CARDS[1], forward_only=False)
    assert place(reader) == CARDS[1], "a button pressed by hand is the reader's own word"


def test_a_card_of_another_lesson_is_refused(reader: Unit):
    with pytest.raises(NotFoundError):
        courses.reach_card(reader, COURSE, FIRST, "nowhere", forward_only=True)


def test_beginning_again_keeps_the_earlier_time(system: Session, reader: Unit, world: World):
    me = world.school.guardian.account.id
    for lesson in COURSE.lessons:
        record_lesson_done(reader.session, me, COURSE.id, lesson.id)
    system.commit()
    reader.session.commit()
    done_at = dict(
        system.execute(select(LessonProgress.lesson_id, LessonProgress.done_at)).all()  # type: ignore[arg-type]
    )
    courses.start_again(reader, COURSE.id)
    reader.session.commit()
    assert courses.states(reader).get(COURSE.id) is None
    kept = system.execute(select(LessonHistory.lesson_id, LessonHistory.done_at)).all()
    assert dict(kept) == done_at  # type: ignore[arg-type]
    courses.start_again(reader, COURSE.id)
    assert system.scalars(select(func.count()).select_from(LessonHistory)).one() == len(done_at)


def test_beginning_again_leaves_what_was_declined(system: Session, reader: Unit, world: World):
    me = world.school.guardian.account.id
    row = LessonProgress(account_id=me, course_id=COURSE.id, lesson_id=FIRST.id)
    system.add(row)
    system.flush()
    system.execute(update(LessonProgress).values(declined_at=func.now(), card_id=CARDS[1]))
    system.commit()
    courses.start_again(reader, COURSE.id)
    left = courses.states(reader)[COURSE.id][FIRST.id]
    assert (left.is_declined, left.card_id) == (True, None)


def test_another_parent_sees_none_of_it(engine: Engine, reader: Unit, world: World):
    courses.reach_card(reader, COURSE, FIRST, CARDS[1], forward_only=True)
    reader.session.commit()
    other = world.schools[1].guardian.actor
    with open_session(engine, other.scope) as session:
        assert session.scalars(select(LessonProgress)).all() == []
        assert courses.states(world.unit(other, session)) == {}


def test_deleting_the_account_leaves_nothing_of_what_was_read(
    system: Session, reader: Unit, world: World
):
    me = world.school.guardian.account.id
    record_lesson_done(reader.session, me, COURSE.id, FIRST.id)
    courses.start_again(reader, COURSE.id)
    courses.reach_card(reader, COURSE, FIRST, CARDS[1], forward_only=True)
    bookmarks.star(reader, COURSE.id, FIRST.id)
    reminders.choose(reader, Wish([1], 19))
    reader.session.commit()
    account_erasure.erase(reader, PASSWORD, "192.0.2.1")
    reader.session.commit()
    for table in (LessonProgress, LessonHistory, Bookmark, ReminderWish):
        assert system.scalars(select(func.count()).select_from(table)).one() == 0, table
