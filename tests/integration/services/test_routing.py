"""Whose desk a referral lands on, whatever state the territory's tables are in."""

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.levels import Level
from tirek.domain.referral import ReceiverKind
from tirek.services.routing import Receiver, receiver_for
from tirek.storage.models import SupportCenter


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return built


def route(world: World, level: Level) -> Receiver:
    rule = world.catalog.protocol.rule(level)
    return receiver_for(world.unit(), world.school.id, rule)


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
        ReceiverKind.SUPPORT_CENTER, world.home.id, "territory"
    )


def test_a_territory_without_any_psc_leaves_it_with_the_school(world: World, owner: Engine) -> None:
    forget_areas(owner)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE support_centers SET region_iso = :iso"),
            {"iso": world.neighbour.region.iso},
        )
    assert route(world, Level.IMMEDIATE) == Receiver(
        ReceiverKind.SCHOOL, None, "no_center_in_territory"
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
