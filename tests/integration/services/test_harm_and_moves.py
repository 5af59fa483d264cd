"""Who is named as possibly harming a child never receives; a case goes along with a child."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, acting
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import ConflictKind, ReceiverKind, ReferralState
from tirek.services import concerns, harm, moves, referral_steps
from tirek.services.harm import Named
from tirek.storage.models import Case, Conflict, Deadline, OutboxMessage, Referral, Signal


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=2, schools=2)
    system.commit()
    return built


def legs_of(world: World, student_id: UUID) -> list[Referral]:
    """The legs of a child, the first one first."""
    found = world.session.scalars(
        select(Referral)
        .where(Referral.student_id == student_id)
        .order_by(Referral.created_at, Referral.parent_id.is_not(None))
        .execution_options(populate_existing=True)
    ).all()
    world.session.commit()
    return list(found)


def clocks_of(world: World, leg: Referral) -> dict[tuple[str, int], object]:
    rows = world.session.scalars(
        select(Deadline)
        .where(Deadline.referral_id == leg.id, Deadline.met_at.is_(None))
        .execution_options(populate_existing=True)
    ).all()
    world.session.commit()
    return {(one.clock, one.rung): one.due_at for one in rows}


def test_a_worry_about_the_school_goes_past_the_school(world: World, engine: Engine) -> None:
    student, psychologist = world.school.pupils[0].student.id, world.school.psychologist
    with acting(engine, world, psychologist) as unit:
        concerns.refer(
            unit, student, Level.MEDIUM, "About a teacher.", uuid4(), ConflictKind.SCHOOL_STAFF
        )
    with acting(engine, world, psychologist) as unit:
        for table in (Referral, Conflict, Signal, Case):
            assert unit.session.scalars(select(table)).all() == []
    (leg,) = legs_of(world, student)
    assert (leg.receiver, leg.support_center_id) == (ReceiverKind.SUPPORT_CENTER, world.home.id)
    assert leg.route_reason == "conflict_of_interest"
    told = world.session.scalars(select(OutboxMessage.account_id)).all()
    assert told
    assert psychologist.account.id not in told


def test_an_open_referral_is_taken_from_the_school_that_is_named(
    world: World, engine: Engine
) -> None:
    student, psychologist = world.school.pupils[0].student.id, world.school.psychologist
    with acting(engine, world, psychologist) as unit:
        concerns.refer(unit, student, Level.MEDIUM, "Very quiet.", uuid4())
    before = legs_of(world, student)[0]
    clocks = clocks_of(world, before)
    with acting(engine, world, psychologist) as unit:
        referral_steps.acknowledge(unit, before.id, before.version)
    with acting(engine, world, psychologist) as unit:
        harm.name_conflict(unit, student, Named(ConflictKind.SCHOOL_STAFF, "It is a colleague."))
    first, second = legs_of(world, student)
    assert first.state == ReferralState.REDIRECTED
    assert second.support_center_id == world.home.id
    assert second.level == first.level
    assert second.contact_due_at == first.contact_due_at
    assert clocks_of(world, second)["contact", 0] == clocks["contact", 0]
    with acting(engine, world, psychologist) as unit, pytest.raises(NotFoundError):
        referral_steps.acknowledge(unit, second.id, second.version)
    with acting(engine, world, world.home.specialist) as unit:
        referral_steps.acknowledge(unit, second.id, second.version)
    first, second = legs_of(world, student)
    assert (first.state, second.state) == (ReferralState.CLOSED, ReferralState.ACKNOWLEDGED)


def test_a_centre_whose_person_is_named_hands_the_child_to_its_neighbour(
    world: World, engine: Engine
) -> None:
    pupil = world.school.pupils[0]
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    named = world.home.specialist
    with acting(engine, world, world.home.supervisor) as unit:
        harm.name_conflict(
            unit,
            pupil.student.id,
            Named(ConflictKind.PSC_STAFF, "A relative.", account_id=named.account.id),
        )
    first, second = legs_of(world, pupil.student.id)
    assert second.support_center_id == world.neighbour.id
    assert (second.level, second.acknowledge_due_at) == (first.level, first.acknowledge_due_at)
    for person in (named, world.home.supervisor):
        with acting(engine, world, person) as unit:
            assert unit.session.scalars(select(Referral)).all() == []
            assert unit.session.scalars(select(Signal)).all() == []
    assert not set(clocks_of(world, first)) - set(clocks_of(world, second))


def test_a_named_guardian_leaves_the_way_as_it_is(world: World, engine: Engine) -> None:
    pupil = world.school.pupils[0]
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    with acting(engine, world, world.home.specialist) as unit:
        harm.name_conflict(unit, pupil.student.id, Named(ConflictKind.GUARDIAN, "At home."))
    (leg,) = legs_of(world, pupil.student.id)
    assert leg.support_center_id == world.home.id
    assert leg.state == ReferralState.ROUTED


def test_nobody_names_somebody_about_a_child_they_may_not_see(world: World, engine: Engine) -> None:
    stranger = world.neighbour.specialist
    named = Named(ConflictKind.GUARDIAN, "Hearsay.")
    with acting(engine, world, stranger) as unit, pytest.raises(NotFoundError):
        harm.name_conflict(unit, world.school.pupils[0].student.id, named)


def test_a_case_goes_along_to_another_school_with_its_clocks(world: World, engine: Engine) -> None:
    student, old, new = world.school.pupils[0].student.id, world.school, world.schools[1]
    with acting(engine, world, old.psychologist) as unit:
        concerns.refer(unit, student, Level.MEDIUM, "Very quiet.", uuid4())
    (leg,) = legs_of(world, student)
    with acting(engine, world, old.psychologist) as unit:
        referral_steps.acknowledge(unit, leg.id, leg.version)
    clocks = clocks_of(world, leg)
    with acting(engine, world, old.psychologist) as unit:
        moves.move_student(unit, student, new.classroom.id, "8A-77")
    (leg,) = legs_of(world, student)
    assert leg.school_id == new.school.id
    assert clocks_of(world, leg) == clocks
    with acting(engine, world, old.psychologist) as unit:
        assert unit.session.scalars(select(Referral)).all() == []
    # The new psychologist is the heir: sees the signal, and may go on where the old one stopped.
    with acting(engine, world, new.psychologist) as unit:
        assert len(unit.session.scalars(select(Signal)).all()) == 1
        referral_steps.ask_sender(unit, leg.id, leg.version, "What was said before?")


def test_a_centre_keeps_a_child_who_moves_within_its_area(world: World, engine: Engine) -> None:
    pupil, new = world.school.pupils[0], world.schools[1]
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    with acting(engine, world, world.school.psychologist) as unit:
        moves.move_student(unit, pupil.student.id, new.classroom.id, "8A-77")
    (leg,) = legs_of(world, pupil.student.id)
    assert (leg.support_center_id, leg.school_id) == (world.home.id, new.school.id)
    with acting(engine, world, world.home.specialist) as unit:
        referral_steps.acknowledge(unit, leg.id, leg.version)


def test_leaving_school_ends_no_case(world: World, engine: Engine) -> None:
    pupil = world.school.pupils[0]
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    pupil.student.left_at = world.unit().now()
    world.session.merge(pupil.student)
    world.session.commit()
    (leg,) = legs_of(world, pupil.student.id)
    with acting(engine, world, world.home.specialist) as unit:
        referral_steps.acknowledge(unit, leg.id, leg.version)
    assert legs_of(world, pupil.student.id)[0].state == ReferralState.ACKNOWLEDGED
