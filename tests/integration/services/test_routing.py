"""Whose desk a referral lands on, whatever state the territory's tables are in."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.referral import ReceiverKind
from tirek.services.routing import Receiver, receiver_for
from tirek.storage.models import Account, DutyShift, OutboxMessage, SupportCenter


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return built


def route(world: World, level: Level) -> Receiver:
    rule = world.catalog.protocol.rule(level)
    return receiver_for(world.unit(), world.school.id, rule, world.school.pupil.id)


def shut(world: World, *centers: object) -> None:
    world.session.execute(
        update(SupportCenter).where(SupportCenter.id.in_(centers)).values(is_open=False)
    )


@pytest.mark.parametrize("level", [Level.IMMEDIATE, Level.HIGH])
def test_the_urgent_goes_to_the_psc_of_the_territory(world: World, level: Level) -> None:
    assert route(world, level) == Receiver(ReceiverKind.SUPPORT_CENTER, world.home.id, "territory")


@pytest.mark.parametrize("level", [Level.MEDIUM, Level.LOW])
def test_the_rest_goes_to_the_school_psychologist_first(world: World, level: Level) -> None:
    assert route(world, level) == Receiver(ReceiverKind.SCHOOL, None, "level_rule")


def test_a_closed_psc_is_passed_over_for_the_next_of_the_district(world: World) -> None:
    shut(world, world.home.id)
    assert route(world, Level.IMMEDIATE) == Receiver(
        ReceiverKind.SUPPORT_CENTER, world.neighbour.id, "first_center_closed"
    )


def test_a_district_without_a_psc_falls_back_on_its_region(world: World, owner: Engine) -> None:
    forget_areas(owner)
    assert route(world, Level.HIGH) == Receiver(
        ReceiverKind.SUPPORT_CENTER, world.home.id, "region"
    )


def test_when_all_are_closed_it_still_lies_on_somebodys_desk(world: World) -> None:
    shut(world, world.home.id, world.neighbour.id)
    assert route(world, Level.IMMEDIATE) == Receiver(
        ReceiverKind.SUPPORT_CENTER, world.home.id, "nobody_on_duty", is_unmanned=True
    )


def test_a_territory_without_any_psc_leaves_it_with_the_school(world: World, owner: Engine) -> None:
    forget_areas(owner)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE support_centers SET region_iso = :iso"),
            {"iso": world.neighbour.region.iso},
        )
    assert route(world, Level.IMMEDIATE) == Receiver(
        ReceiverKind.SCHOOL, None, "no_center_in_territory", is_unmanned=True
    )


def forget_areas(owner: Engine) -> None:
    """The application has no right to; somebody's mistake at the database would."""
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM service_areas"))


def test_the_reason_stays_with_the_referral(engine: Engine, system: Session, world: World) -> None:
    shut(world, world.home.id)
    system.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, world.school.pupil)
    assert (leg.support_center_id, leg.route_reason) == (
        world.neighbour.id, "first_center_closed",
    )  # fmt: skip
    assert system.scalars(select(SupportCenter.is_open)).all().count(False) == 1


def change_centers(world: World, **values: object) -> None:
    world.session.execute(
        update(SupportCenter).where(SupportCenter.id == world.home.id).values(**values)
    )


@pytest.mark.parametrize(("level", "goes_on"), [(Level.IMMEDIATE, False), (Level.HIGH, True)])
def test_a_full_psc_takes_only_what_cannot_wait(
    world: World, level: Level, *, goes_on: bool
) -> None:
    change_centers(world, is_full=True)
    found = route(world, level)
    wanted = world.neighbour if goes_on else world.home
    assert found.support_center_id == wanted.id
    assert found.reason == ("first_center_full" if goes_on else "territory")


def test_a_day_full_of_referrals_is_full(world: World, engine: Engine) -> None:
    change_centers(world, daily_capacity=1)
    world.session.commit()
    assert route(world, Level.HIGH).support_center_id == world.home.id
    a_pupil_answers(engine, world, SELF_HARM)
    world.session.commit()
    assert route(world, Level.HIGH).support_center_id == world.neighbour.id


def test_when_every_psc_is_full_the_first_one_takes_it(world: World) -> None:
    world.session.execute(update(SupportCenter).values(is_full=True))
    assert route(world, Level.HIGH).support_center_id == world.home.id


def test_a_roster_without_anybody_now_is_passed_over(world: World) -> None:
    change_centers(world, keeps_roster=True)
    found = route(world, Level.IMMEDIATE)
    assert (found.support_center_id, found.reason) == (
        world.neighbour.id,
        "first_center_unmanned",
    )
    now = world.unit().now()
    world.session.add(
        DutyShift(
            support_center_id=world.home.id,
            account_id=world.home.specialist.account.id,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
        )
    )
    world.session.flush()
    assert route(world, Level.IMMEDIATE).support_center_id == world.home.id


def test_accounts_that_are_switched_off_are_nobody(world: World) -> None:
    world.session.execute(
        update(Account).where(Account.support_center_id == world.home.id).values(is_active=False)
    )
    assert route(world, Level.IMMEDIATE).reason == "first_center_unmanned"


def test_a_school_without_a_psychologist_sends_to_the_psc(world: World) -> None:
    gone = world.school.psychologist.account.id
    world.session.execute(update(Account).where(Account.id == gone).values(is_active=False))
    assert route(world, Level.LOW) == Receiver(
        ReceiverKind.SUPPORT_CENTER, world.home.id, "school_vacancy"
    )


def test_who_is_above_hears_at_once_of_a_referral_that_nobody_is_on_duty_for(
    engine: Engine, world: World
) -> None:
    coordinator = an_adult(
        world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso
    )
    world.session.execute(
        update(Account).where(Account.role.in_(PSC_ROLES)).values(is_active=False)
    )
    world.session.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    told = world.session.scalars(
        select(OutboxMessage.account_id).where(OutboxMessage.kind == "alarm")
    ).all()
    assert told == [coordinator.account.id]
