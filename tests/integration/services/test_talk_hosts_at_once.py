"""A psychologist takes times back, or offers them twice, while parents are booking them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import time
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, said, some_slots
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.consultations import TAKING
from tirek.domain.talk_pattern import Pattern
from tirek.services import talk_hosts, talks
from tirek.services.talk_hosts import BookedMeanwhileError, Offered
from tirek.services.talk_taking import NotOfferedError
from tirek.storage.models import Booking, Slot

TURNS = 8


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


def test_a_time_is_taken_back_or_booked_and_never_both(world: World, engine: Engine) -> None:
    host = a_host(world.unit(), world.school.psychologist, daily_most=12)
    slots = some_slots(world.unit(), host, TURNS, a_day(hour=9))
    pupil, teacher = world.school.pupil.student, world.school.psychologist.account
    parents = [world.school.guardian, a_parent(world.unit(), pupil, teacher)]
    world.session.commit()

    def withdraw(slot: UUID) -> None:
        with (
            suppress(BookedMeanwhileError),
            acting(engine, world, world.school.psychologist) as unit,
        ):
            talk_hosts.withdraw(unit, slot)

    def book(slot: UUID, parent: Adult) -> None:
        with suppress(NotOfferedError), acting(engine, world, parent) as unit:
            talks.book(unit, slot, said())

    with ThreadPoolExecutor(2) as pool:
        for number, slot in enumerate(slots):
            # In turns, for nobody may have all times.
            parent = parents[number % 2]
            for done in [pool.submit(withdraw, slot), pool.submit(book, slot, parent)]:
                done.result()
    world.session.rollback()
    gone = set(world.session.scalars(select(Slot.id).where(Slot.cancelled_at.is_not(None))))
    taken = set(world.session.scalars(select(Booking.slot_id).where(Booking.state.in_(TAKING))))
    assert gone | taken == set(slots)
    assert not gone & taken


def test_the_same_times_offered_in_two_windows_are_there_once(world: World, engine: Engine) -> None:
    a_host(world.unit(), world.school.psychologist)
    world.session.commit()
    pattern = Pattern(a_day(ahead=3).date(), time(14), 30, 6, weeks=2)

    def offer(_turn: int) -> Offered:
        with acting(engine, world, world.school.psychologist) as unit:
            return talk_hosts.offer(unit, pattern)

    with ThreadPoolExecutor(4) as pool:
        offered = list(pool.map(offer, range(4)))
    made = world.session.scalars(select(Slot)).all()
    assert sum(one.added for one in offered) == len(made)
    assert len({one.starts_at for one in made}) == len(made)
