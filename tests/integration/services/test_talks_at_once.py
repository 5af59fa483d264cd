"""Twenty at the same moment: one has the time, the others are shown what is near."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.consultations import AHEAD_MOST, TAKING
from tirek.services import talks, waiting
from tirek.services.talk_taking import EnoughAheadError, TimeGoneError
from tirek.storage.models import Booking
from tirek.storage.session import app_engine

MANY = 20


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


@pytest.fixture
def crowd(world: World) -> list[Adult]:
    pupil, verifier = world.school.pupil.student, world.school.psychologist.account
    made = [a_parent(world.unit(), pupil, verifier) for _ in range(MANY)]
    world.session.commit()
    return made


def at_once(url: str, world: World, people: list[Adult], slots: list[UUID]) -> list[object]:
    """Everybody presses in the same instant, each on an own connection."""
    engine, barrier = app_engine(url, pool_size=MANY), Barrier(len(people))

    def press(number: int) -> object:
        with acting(engine, world, people[number]) as unit:
            unit.now()
            barrier.wait()
            try:
                return talks.confirm(
                    unit, talks.hold(unit, slots[number % len(slots)], "kk"), said()
                )
            except TimeGoneError as error:
                return error

    with ThreadPoolExecutor(len(people)) as pool:
        found = list(pool.map(press, range(len(people))))
    engine.dispose()
    return found


def taken(world: World) -> int:
    world.session.rollback()
    states = [state.value for state in TAKING]
    counted = select(func.count()).select_from(Booking).where(Booking.state.in_(states))
    return world.session.scalars(counted).one()


def test_of_twenty_parents_one_has_the_time(
    world: World, database_url: str, crowd: list[Adult]
) -> None:
    slots = some_slots(world.unit(), a_host(world.unit(), world.school.psychologist))
    world.session.commit()
    found = at_once(database_url, world, crowd, slots[:1])
    assert sum(isinstance(one, UUID) for one in found) == 1
    assert taken(world) == 1
    for one in found:
        if not isinstance(one, UUID):
            assert isinstance(one, TimeGoneError)
            assert [near.slot_id for near in one.near] == slots[1:]


def test_one_parent_in_twenty_tabs_has_one_talk(world: World, database_url: str) -> None:
    unit = world.unit()
    hosts = [a_host(unit, who) for who in (world.school.psychologist, world.home.specialist)]
    slots = [a_slot(unit, host, a_day()) for host in hosts]
    world.session.commit()
    at_once(database_url, world, [world.school.guardian] * MANY, slots)
    assert taken(world) == 1


def test_one_family_does_not_have_all_the_times(world: World, database_url: str) -> None:
    host = a_host(world.unit(), world.school.psychologist, daily_most=12)
    slots = some_slots(world.unit(), host, 10, a_day(1, 9))
    world.session.commit()
    found = at_once(database_url, world, [world.school.guardian] * MANY, slots)
    assert taken(world) == AHEAD_MOST
    assert sum(isinstance(one, EnoughAheadError) for one in found) >= MANY - len(slots)


def test_the_days_most_holds_against_twenty(
    world: World, database_url: str, crowd: list[Adult]
) -> None:
    host = a_host(world.unit(), world.school.psychologist, daily_most=3)
    slots = some_slots(world.unit(), host, 10, a_day(1, 9))
    world.session.commit()
    at_once(database_url, world, crowd, slots)
    assert taken(world) == 3


def test_moves_cancellations_and_sweeps_at_once_never_put_two_into_one_time(
    world: World, engine: Engine, database_url: str, crowd: list[Adult]
) -> None:
    unit = world.unit()
    hosts = [
        a_host(unit, who, daily_most=12)
        for who in (world.school.psychologist, world.home.specialist)
    ]
    slots = [slot for host in hosts for slot in some_slots(unit, host, 4, a_day(2))]
    world.session.commit()
    people, made = crowd[:8], {}
    for who, slot in zip(people, slots, strict=True):
        with acting(engine, world, who) as one:
            made[who.account.id] = talks.book(one, slot, said())
    for who in crowd[8:12]:
        with acting(engine, world, who) as one:
            waiting.wait(one, world.school.id)
    busy, barrier = app_engine(database_url, pool_size=MANY), Barrier(8)

    def press(number: int) -> None:
        who = people[number]
        with acting(busy, world, who) as one:
            one.now()
            barrier.wait()
            try:
                if number % 2:
                    talks.cancel(one, made[who.account.id])
                else:
                    talks.move(one, made[who.account.id], slots[(number + 5) % 8])
            except TimeGoneError:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    busy.dispose()
    world.session.rollback()
    doubled = (
        select(Booking.slot_id)
        .where(Booking.state.in_([state.value for state in TAKING]))
        .group_by(Booking.slot_id)
        .having(func.count() > 1)
    )
    assert world.session.scalars(doubled).all() == []
