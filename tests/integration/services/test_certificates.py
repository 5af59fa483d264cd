"""A certificate is given once for a whole course, names nobody, and can be checked by anybody."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.certificate import pretty
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Actor
from tirek.domain.scope import Scope
from tirek.services import certificates, courses
from tirek.services.certificates import NotFinishedError
from tirek.services.codes import SlowDownError
from tirek.services.unit import Unit
from tirek.storage.models import Certificate
from tirek.storage.session import open_session

COURSE = the_catalog().courses["calm-parent"]
NOBODY = Actor(role=None)


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


def read_all(unit: Unit, *, but: int = 0) -> None:
    assert unit.actor.account_id is not None
    for lesson in COURSE.lessons[: len(COURSE.lessons) - but]:
        courses.record_lesson_done(unit.session, unit.actor.account_id, COURSE.id, lesson.id)
    unit.session.commit()


def test_all_lessons_must_be_read(reader: Unit):
    read_all(reader, but=1)
    with pytest.raises(NotFinishedError):
        certificates.issue(reader, COURSE.id)
    with pytest.raises(NotFoundError):
        certificates.issue(reader, "no-course")


def test_it_says_the_course_the_length_and_the_day_and_stays_one(system: Session, reader: Unit):
    read_all(reader)
    first = certificates.issue(reader, COURSE.id)
    assert certificates.issue(reader, COURSE.id) == first
    reader.session.commit()
    courses.start_again(reader, COURSE.id)
    assert certificates.issue(reader, COURSE.id) == first, "beginning again takes nothing away"
    facts = certificates.own(reader)[COURSE.id].facts
    assert (facts.lessons, facts.minutes) == (len(COURSE.lessons), COURSE.minutes)
    assert facts.issued_at is not None
    assert system.scalars(select(func.count()).select_from(Certificate)).one() == 1


def test_two_taps_at_once_make_one(engine: Engine, system: Session, world: World, reader: Unit):
    read_all(reader)
    together = Barrier(4)

    def take(_: int) -> UUID:
        with open_session(engine, reader.actor.scope) as session:
            unit = world.unit(reader.actor, session)
            together.wait()
            given = certificates.issue(unit, COURSE.id)
            session.commit()
            return given

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take, range(4)))) == 1
    assert system.scalars(select(func.count()).select_from(Certificate)).one() == 1


def test_anybody_can_check_the_code_as_it_is_typed(engine: Engine, world: World, reader: Unit):
    read_all(reader)
    given = certificates.issue(reader, COURSE.id)
    reader.session.commit()
    code = certificates.get_own(reader, given).facts.code
    with open_session(engine, Scope.none()) as session:
        stranger = world.unit(NOBODY, session)
        found = certificates.check(stranger, f" {pretty(code).lower()} ", "192.0.2.7")
        assert found is not None
        assert (found.course_id, found.lessons) == (COURSE.id, len(COURSE.lessons))
        assert session.scalars(select(Certificate)).all() == [], "the list is nobody's"


def test_wrong_codes_are_counted_and_slowed_down(engine: Engine, world: World):
    with open_session(engine, Scope.none()) as session:
        stranger = world.unit(NOBODY, session)
        for _ in range(40):
            assert certificates.check(stranger, "ABCD-EFGH-JKMN", "192.0.2.7") is None
        with pytest.raises(SlowDownError):
            certificates.check(stranger, "ABCD-EFGH-JKMN", "192.0.2.7")
        assert certificates.check(stranger, "ABCD-EFGH-JKMN", "192.0.2.8") is None


def test_a_certificate_is_its_owners(engine: Engine, world: World, reader: Unit):
    read_all(reader)
    given = certificates.issue(reader, COURSE.id)
    reader.session.commit()
    other = world.schools[1].guardian.actor
    with open_session(engine, other.scope) as session:
        unit = world.unit(other, session)
        assert certificates.own(unit) == {}
        for wanted in (given, uuid4()):
            with pytest.raises(NotFoundError):
                certificates.get_own(unit, wanted)
