"""Who owns a message that is stuck, and when test alarms ring by themselves."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers
from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain import drill as rules
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.people import Role
from tirek.services import drills, stuck
from tirek.storage.models import Drill, OutboxMessage


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


@pytest.fixture
def message_id(engine: Engine, system: Session, world: World) -> int:
    a_pupil_answers(engine, world, SELF_HARM)
    system.rollback()
    found = system.scalars(select(OutboxMessage.id)).first()
    assert found is not None
    return found


def test_nobody_owns_it_where_there_is_nobody(system: Session, message_id: int) -> None:
    assert stuck.owner_for(system, message_id) is None


def test_it_is_the_regions_coordinators_else_an_administrators(
    system: Session, world: World, message_id: int
) -> None:
    unit = world.unit()
    administrator = an_adult(unit, Role.ADMINISTRATOR)
    an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso)
    assert stuck.owner_for(system, message_id) == administrator.account.id
    coordinator = an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    assert stuck.owner_for(system, message_id) == coordinator.account.id
    coordinator.account.is_active = False
    system.flush()
    assert stuck.owner_for(system, message_id) == administrator.account.id


def test_of_several_the_one_with_fewest_owns_the_next(
    system: Session, world: World, message_id: int
) -> None:
    region = world.home.region.iso
    first, second = (
        an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=region) for _ in range(2)
    )
    message = system.get_one(OutboxMessage, message_id)
    message.stuck_at, message.stuck_owner_id = datetime.now(UTC), first.account.id
    system.flush()
    others = system.scalars(select(OutboxMessage.id).where(OutboxMessage.id != message_id))
    assert stuck.owner_for(system, next(iter(others))) == second.account.id


def test_a_drill_about_a_centre_belongs_to_its_region(system: Session, world: World) -> None:
    here = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso)
    begun = drills.start(world.unit(), world.neighbour.id)
    message = system.scalars(
        select(OutboxMessage.id).where(OutboxMessage.drill_id == begun)
    ).first()
    assert message is not None
    assert stuck.owner_for(system, message) == here.account.id


def test_a_drill_rings_once_a_month(system: Session, world: World) -> None:
    drills.start(world.unit(), world.home.id)
    with pytest.raises(ConflictError):
        drills.start(world.unit(), world.home.id)
    with pytest.raises(NotFoundError):
        drills.start(world.unit(), world.school.id)


def test_drills_that_are_due_ring_by_themselves_each_once(
    owner: Engine, system: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "is_due", lambda _now, _calendar: True)
    # Their people came after this month's hour.
    assert drills.start_due(world.unit()) == 0
    system.rollback()
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE accounts SET created_at = now() - interval '40 days' WHERE role LIKE 'psc%'"
            )
        )
    center = system.merge(world.neighbour.center)
    center.is_open = False
    system.commit()
    assert drills.start_due(world.unit()) == 1
    assert drills.start_due(world.unit()) == 0
    assert system.scalars(select(Drill.support_center_id)).all() == [world.home.id]


def test_outside_its_hours_nothing_rings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "is_due", lambda _now, _calendar: False)
    assert drills.start_due(world.unit()) == 0
