"""Who waits for a time, in which order times are offered, and what happens to an offer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.consultations import BookingState, quiet_for
from tirek.domain.errors import NotFoundError
from tirek.domain.people import SYSTEM
from tirek.services import talk_records, talk_times, talks, waiting
from tirek.services.talk_taking import TakenError
from tirek.services.talk_times import Wish
from tirek.storage.models import Booking, ConsultationHost, OutboxMessage, WaitingParent


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


@pytest.fixture
def host(world: World) -> ConsultationHost:
    made = a_host(world.unit(), world.school.psychologist)
    world.session.commit()
    return made


@pytest.fixture
def parents(world: World) -> list[Adult]:
    pupil, verifier = world.school.pupil.student, world.school.psychologist.account
    more = [a_parent(world.unit(), pupil, verifier) for _ in range(2)]
    world.session.commit()
    return [world.school.guardian, *more]


def queued(engine: Engine, world: World, who: Adult, host_id: UUID | None = None) -> None:
    with acting(engine, world, who) as unit:
        waiting.wait(unit, world.school.id, host_id)


def swept(engine: Engine, world: World, host: ConsultationHost) -> bool:
    with acting(engine, world, SYSTEM) as unit:
        return waiting.offer_next(unit, host.account_id)


def offer_runs_out(world: World) -> None:
    for model in (Booking.held_until, WaitingParent.offered_until):
        world.session.execute(
            update(model.class_)
            .where(model.is_not(None))
            .values({model.key: text("now() - interval '1 second'")})
        )
    world.session.commit()


def kept_by(engine: Engine, world: World, who: Adult) -> list[UUID]:
    with acting(engine, world, who) as unit:
        return [one.slot_id for one in talk_records.kept(unit)]


def test_a_freed_time_is_kept_for_who_waits_longest_and_for_nobody_else(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    slot = a_slot(world.unit(), host, a_day(2))
    world.session.commit()
    first, second, third = parents
    with acting(engine, world, first) as unit:
        made = talks.book(unit, slot, said())
    for who in (second, third):
        queued(engine, world, who)
    with acting(engine, world, first) as unit:
        talks.cancel(unit, made)
    assert kept_by(engine, world, second) == [slot]
    for who in (first, third):
        with acting(engine, world, who) as unit:
            assert talk_times.free_times(unit, Wish()).rows[0].is_taken
            with pytest.raises(TakenError):
                talks.hold(unit, slot, "kk")
    world.session.rollback()
    message = world.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "waiting_offer")
    ).one()
    assert message.account_id == second.account.id
    assert message.booking_id is None


def test_an_offer_that_ran_out_goes_to_the_next_and_at_last_to_everybody(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    for who in parents[:2]:
        queued(engine, world, who)
    slot = a_slot(world.unit(), host, a_day(2))
    world.session.commit()
    assert swept(engine, world, host)
    # Kept already; nothing else is free.
    assert not swept(engine, world, host)
    assert kept_by(engine, world, parents[0]) == [slot]
    offer_runs_out(world)
    assert swept(engine, world, host)
    assert kept_by(engine, world, parents[1]) == [slot]
    offer_runs_out(world)
    # Nobody is offered the same time twice.
    assert not swept(engine, world, host)
    with acting(engine, world, parents[2]) as unit:
        talks.hold(unit, slot, "kk")


def test_who_takes_the_offer_waits_no_longer(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    queued(engine, world, parents[0])
    queued(engine, world, parents[0], host.account_id)
    slots = [a_slot(world.unit(), host, a_day(day)) for day in (2, 3)]
    world.session.commit()
    assert swept(engine, world, host)
    with acting(engine, world, parents[0]) as unit:
        # Looking at another time does not lose the offered one.
        talks.hold(unit, slots[1], "kk")
        offered = next(one for one in talk_records.kept(unit) if one.slot_id == slots[0])
        assert talks.confirm(unit, offered.id, said()) == offered.id
        assert waiting.mine(unit) == []
    assert not swept(engine, world, host)


def test_waiting_twice_is_once_and_leaving_is_leaving(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    queued(engine, world, parents[0])
    queued(engine, world, parents[0])
    with acting(engine, world, parents[0]) as unit:
        (place,) = waiting.mine(unit)
        assert (place.house.id, place.person) == (world.school.id, None)
    with acting(engine, world, parents[1]) as unit, pytest.raises(NotFoundError):
        waiting.leave(unit, place.id)
    with acting(engine, world, parents[0]) as unit:
        waiting.leave(unit, place.id)
        assert waiting.mine(unit) == []


def test_a_day_that_is_full_offers_nothing(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    world.session.execute(update(ConsultationHost).values(daily_most=1))
    slots = [a_slot(world.unit(), host, a_day(2, hour)) for hour in (10, 12)]
    world.session.commit()
    with acting(engine, world, parents[0]) as unit:
        talks.book(unit, slots[0], said())
    queued(engine, world, parents[1])
    assert not swept(engine, world, host)


def test_a_time_too_near_for_an_answer_is_left_to_whoever_comes(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    now = datetime.now(UTC)
    a_slot(world.unit(), host, now + quiet_for(now) + timedelta(hours=2))
    world.session.commit()
    queued(engine, world, parents[0])
    assert not swept(engine, world, host)


def test_nothing_is_written_to_a_parent_at_night() -> None:
    evening, morning = a_day(1, 21), a_day(2, 8)
    assert quiet_for(evening) == morning - evening
    assert quiet_for(morning - timedelta(minutes=1)) == timedelta(minutes=1)
    assert quiet_for(morning) == quiet_for(evening - timedelta(minutes=1)) == timedelta()


def test_an_expired_hold_of_a_wait_is_history(
    world: World, engine: Engine, host: ConsultationHost, parents: list[Adult]
) -> None:
    queued(engine, world, parents[0])
    a_slot(world.unit(), host, a_day(2))
    world.session.commit()
    assert swept(engine, world, host)
    offer_runs_out(world)
    assert not swept(engine, world, host)
    world.session.rollback()
    states = world.session.scalars(select(Booking.state)).all()
    assert states == [BookingState.EXPIRED]
