"""Two signals about one child at the same time: neither is refused, no clock is put off."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import acting, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.levels import Level
from tirek.services import concerns
from tirek.storage.models import Deadline, Signal


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


@pytest.mark.parametrize("first", [Level.IMMEDIATE, Level.LOW])
@pytest.mark.parametrize("second", [Level.IMMEDIATE, Level.LOW])
def test_a_transaction_that_began_earlier_and_comes_second_is_heard(
    world: World, engine: Engine, first: Level, second: Level
) -> None:
    pupil, psychologist = world.school.pupil, world.school.psychologist
    with acting(engine, world, psychologist) as early:
        began = early.now()
        with acting(engine, world, psychologist) as late:
            assert began < late.now()
            concerns.refer(late, pupil.id, first, "First to arrive.", uuid4())
        concerns.refer(early, pupil.id, second, "First to begin.", uuid4())
    assert world.session.scalar(select(func.count()).select_from(Signal)) == 2


@pytest.mark.parametrize("second", [Level.IMMEDIATE, Level.HIGH])
def test_a_further_signal_of_the_same_receiver_puts_no_clock_off(
    world: World, engine: Engine, second: Level
) -> None:
    pupil, psychologist = world.school.pupil, world.school.psychologist
    with acting(engine, world, psychologist) as unit:
        concerns.refer(unit, pupil.id, Level.IMMEDIATE, "Now.", uuid4())
    leg = the_leg(world.session, pupil)
    before = (leg.seen_due_at, leg.acknowledge_due_at, leg.contact_due_at)
    with acting(engine, world, psychologist) as unit:
        concerns.refer(unit, pupil.id, second, "Again.", uuid4())
    leg = the_leg(world.session, pupil)
    assert (leg.seen_due_at, leg.acknowledge_due_at, leg.contact_due_at) == before
    promised = world.session.scalar(
        select(func.min(Deadline.due_at)).where(
            Deadline.referral_id == leg.id, Deadline.clock == "acknowledged", Deadline.rung == 0
        )
    )
    assert promised == leg.acknowledge_due_at
