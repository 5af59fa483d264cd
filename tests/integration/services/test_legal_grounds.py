"""The ground of a signal is written down with it, and help waits for no word."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import ALL_ONE, SELF_HARM, a_pupil_answers, acting, legs, the_leg
from tests.world import World, a_vault, a_world, give_consent, the_catalog
from tirek.config import Keys
from tirek.domain.consent import ConsentState
from tirek.domain.levels import Level
from tirek.services import concerns, legal_grounds
from tirek.storage.models import Conflict, LegalDecision, Notice, Signal


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=2)
    system.commit()
    return made


def name_guardian(world: World) -> None:
    """Somebody says that the guardian may be the harm."""
    pupil = world.school.pupil.student
    world.session.add(
        Conflict(
            student_id=pupil.id,
            school_id=pupil.school_id,
            kind="guardian",
            account_id=world.school.guardian.account.id,
            note_sealed=b"sealed",
        )
    )
    world.session.commit()


def say(world: World, state: ConsentState) -> None:
    give_consent(world.unit(), world.school.pupil.student, world.school.guardian, state)
    world.session.commit()


def decisions(world: World) -> list[LegalDecision]:
    world.session.rollback()
    return list(world.session.scalars(select(LegalDecision).order_by(LegalDecision.id)))


def test_every_signal_has_its_ground(world: World, engine: Engine) -> None:
    a_pupil_answers(engine, world, SELF_HARM | ALL_ONE, to_the_end=True)
    written = {one.signal_id for one in decisions(world)}
    assert written == set(world.session.scalars(select(Signal.id)))
    assert written


def test_consent_is_the_ground_of_a_flag(world: World, engine: Engine) -> None:
    a_pupil_answers(engine, world, ALL_ONE, to_the_end=True)
    grounds = {(one.ground, one.why, one.guardian_consent) for one in decisions(world)}
    assert ("guardian_consent", "guardian_agreed", "given") in grounds
    assert {one.rule_version for one in decisions(world)} == {world.catalog.protocol.version}


@pytest.mark.parametrize("state", [ConsentState.REFUSED, ConsentState.WITHDRAWN])
@pytest.mark.parametrize("level", [Level.IMMEDIATE, Level.HIGH])
def test_a_no_delays_neither_the_referral_nor_the_notices(
    world: World, state: ConsentState, level: Level
) -> None:
    say(world, state)
    pupil = world.school.pupil
    psychologist = world.unit(world.school.psychologist.actor)
    concerns.refer(psychologist, pupil.id, level, "Worried.", uuid4())
    world.session.commit()
    leg = the_leg(world.session, pupil)
    rule = world.catalog.protocol.rule(level)
    assert leg.receiver == rule.receiver.value
    assert (leg.seen_due_at, leg.contact_due_at) == (
        rule.due(leg.created_at).seen,
        rule.due(leg.created_at).contact,
    )
    notices = world.session.scalar(select(func.count()).select_from(Notice))
    assert notices == len(rule.notices)
    (one,) = decisions(world)
    assert one.guardian_consent == state.value
    assert one.may_contact_child
    assert one.may_refer_to_center


@pytest.mark.parametrize("level", [Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW])
def test_a_guardian_who_may_be_the_harm_is_not_told(world: World, level: Level) -> None:
    name_guardian(world)
    psychologist = world.unit(world.school.psychologist.actor)
    concerns.refer(psychologist, world.school.pupil.id, level, "Afraid of home.", uuid4())
    world.session.commit()
    (one,) = decisions(world)
    assert not one.may_tell_guardian
    assert one.may_notify_authority


def test_what_was_decided_stays_and_what_is_known_now_is_asked_anew(
    world: World, engine: Engine
) -> None:
    a_pupil_answers(engine, world, ALL_ONE, to_the_end=True)
    name_guardian(world)
    leg = legs(world.session, world.school.pupil)[0]
    unit = world.unit()
    then = legal_grounds.of_case(unit, leg.case_id)[0]
    assert then.may_tell_guardian
    assert then.text is not None
    assert set(then.text) == {"kk", "ru"}
    assert then.act is not None
    assert not then.is_confirmed
    signal = world.session.scalars(select(Signal).limit(1)).one()
    now = legal_grounds.situation_of(
        unit, signal.student_id, legal_grounds.SignalKind(signal.kind), Level(signal.level)
    )
    assert not world.catalog.protocol.decide(now).may_tell_guardian


def test_a_pupil_who_moves_on_takes_the_age_of_the_day(world: World) -> None:
    pupil = world.school.pupil.student
    unit = world.unit()
    situation = legal_grounds.situation_of(
        unit, pupil.id, legal_grounds.SignalKind.QUESTIONNAIRE, Level.LOW
    )
    assert situation.age == 14
    assert situation.guardian is ConsentState.GIVEN


def test_another_school_reads_nothing_of_it(world: World, engine: Engine) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(world.session, world.school.pupil)
    with acting(engine, world, world.neighbour.specialist) as unit:
        assert not legal_grounds.of_case(unit, leg.case_id)
    with acting(engine, world, world.home.specialist) as unit:
        assert legal_grounds.of_case(unit, leg.case_id)
