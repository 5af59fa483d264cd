"""A parent's later word is heard by whoever answers for the child; it stops nothing by itself."""

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, accept, acting, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.consent import ConsentState
from tirek.domain.referral import ReferralState
from tirek.services import consents
from tirek.storage.models import OutboxMessage


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return built


def told_of_consent(world: World) -> list[object]:
    world.session.rollback()
    rows = world.session.scalars(
        select(OutboxMessage.account_id).where(OutboxMessage.dedup.like("%consent:%"))
    )
    return list(rows)


def withdraw(world: World, engine: Engine) -> None:
    pupil = world.school.pupil
    with acting(engine, world, world.school.psychologist) as unit:
        classroom = world.school.classroom.id
        consents.record_papers(unit, classroom, [pupil.id], ConsentState.WITHDRAWN)


def test_a_withdrawal_reaches_the_one_who_answers_and_stops_nothing(
    world: World, engine: Engine
) -> None:
    pupil, specialist = world.school.pupil, world.home.specialist
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    accept(engine, world, specialist, the_leg(world.session, pupil))
    withdraw(world, engine)
    assert told_of_consent(world) == [specialist.account.id]
    leg = the_leg(world.session, pupil)
    assert (leg.state, leg.closed_at) == (ReferralState.ACKNOWLEDGED, None)


def test_before_anybody_has_accepted_those_on_duty_hear_of_it(world: World, engine: Engine) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    withdraw(world, engine)
    duty = {world.home.specialist.account.id, world.home.supervisor.account.id}
    assert set(told_of_consent(world)) == duty


def test_without_a_case_nobody_is_told(world: World, engine: Engine) -> None:
    withdraw(world, engine)
    assert told_of_consent(world) == []
