"""The round over talks: each reminder once, by day, and of the talk as it now stands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import BookingState
from tirek.domain.people import SYSTEM, Role
from tirek.domain.scope import Scope
from tirek.services import heartbeats, talk_reminders, talk_taking, talks, waiting
from tirek.services.parcels import is_needless
from tirek.storage.models import Booking, ConsultationHost, OutboxMessage, WaitingParent
from tirek.storage.session import open_session
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

AFTERNOON = 15


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
def booking(world: World, engine: Engine, host: ConsultationHost) -> UUID:
    """At 15:00 of the day after tomorrow."""
    slot = a_slot(world.unit(), host, a_day(ahead=2, hour=AFTERNOON))
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        return talks.book(unit, slot, said())


def sweep(engine: Engine, world: World, now: datetime) -> int:
    with open_session(engine, Scope.system()) as session:
        count = talk_reminders.remind_due(world.unit(SYSTEM, session), now)
        session.commit()
        return count


def reminders(world: World) -> list[OutboxMessage]:
    world.session.rollback()
    found = world.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind == talk_reminders.KIND)
        .order_by(OutboxMessage.id)
        .execution_options(populate_existing=True)
    )
    return list(found)


def at(ahead: int, hour: int, minute: int = 0) -> datetime:
    return a_day(ahead, hour) + timedelta(minutes=minute)


def test_a_parent_is_reminded_twice_and_of_nothing_in_between(
    world: World, engine: Engine, booking: UUID
) -> None:
    counts = [
        sweep(engine, world, now)
        for now in (
            at(1, AFTERNOON, -1),
            at(1, AFTERNOON),
            at(1, AFTERNOON, 1),
            at(2, 13, -1),
            at(2, 13),
            at(2, 14, 59),
            at(2, AFTERNOON),
        )
    ]
    assert counts == [0, 1, 0, 0, 1, 0, 0]
    found = reminders(world)
    assert {one.account_id for one in found} == {world.school.guardian.account.id}
    assert {one.booking_id for one in found} == {booking}
    assert [one.dedup.split(":")[3] for one in found] == ["24h", "2h"]


def test_two_rounds_at_once_make_one_mail(world: World, engine: Engine, booking: UUID) -> None:
    del booking
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: sweep(engine, world, at(1, 16)), range(8)))
    assert len(reminders(world)) == 1


def test_a_moved_talk_is_reminded_of_at_its_new_hour_and_what_was_queued_stays(
    world: World, engine: Engine, host: ConsultationHost, booking: UUID
) -> None:
    sweep(engine, world, at(1, AFTERNOON))
    later = a_slot(world.unit(), host, a_day(ahead=3, hour=AFTERNOON))
    world.session.commit()
    (waiting_one,) = reminders(world)
    with acting(engine, world, world.school.guardian) as unit:
        moved = talks.move(unit, booking, later)
    with open_session(engine, Scope.system()) as session:
        assert is_needless(session, session.get_one(OutboxMessage, waiting_one.id))
    assert sweep(engine, world, at(2, 13)) == 0
    assert sweep(engine, world, at(2, AFTERNOON)) == 1
    assert [one.booking_id for one in reminders(world)] == [booking, moved]


def test_a_cancelled_talk_is_not_reminded_of(world: World, engine: Engine, booking: UUID) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        talks.cancel(unit, booking)
    assert sweep(engine, world, at(2, 13)) == 0


def test_the_night_is_quiet_and_an_early_talk_is_told_of_in_the_evening(
    world: World, engine: Engine, host: ConsultationHost
) -> None:
    slot = a_slot(world.unit(), host, datetime.combine(a_day(2).date(), time(8, 30), KAZAKHSTAN))
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        talks.book(unit, slot, said())
    assert sweep(engine, world, at(1, 9)) == 1
    assert sweep(engine, world, at(1, 20)) == 1
    assert [sweep(engine, world, at(*when)) for when in ((1, 21), (1, 23), (2, 7))] == [0, 0, 0]


def test_a_kept_time_that_ran_out_goes_to_who_waits(
    world: World, engine: Engine, host: ConsultationHost
) -> None:
    (slot,) = some_slots(world.unit(), host, 1, a_day(ahead=2))
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        kept = talks.hold(unit, slot, "kk")
    with acting(engine, world, other) as unit:
        waiting.wait(unit, world.school.id)
    with open_session(engine, Scope.system()) as session:
        assert talk_reminders.tend(world.unit(SYSTEM, session), host.account_id) == 0
        session.commit()
    world.session.execute(
        update(Booking)
        .where(Booking.id == kept)
        .values(held_until=text("now() - interval '1 second'"))
    )
    world.session.commit()
    with open_session(engine, Scope.system()) as session:
        unit = world.unit(SYSTEM, session)
        assert talk_reminders.hosts_to_tend(unit) == [host.account_id]
        assert talk_reminders.tend(unit, host.account_id) == 1
        session.commit()
    world.session.rollback()
    before = world.session.get_one(Booking, kept, populate_existing=True)
    assert before.state == BookingState.EXPIRED
    row = world.session.scalars(select(WaitingParent)).one()
    assert row.offered_slot_id == slot


def test_where_nobody_waits_there_is_nothing_to_tend(
    world: World, host: ConsultationHost, booking: UUID
) -> None:
    del host, booking
    assert talk_reminders.hosts_to_tend(world.unit()) == []


def test_a_psychologist_whose_turn_is_taken_holds_up_no_other(
    world: World, engine: Engine, host: ConsultationHost
) -> None:
    """Somebody is booking at the first one for longer than a round can wait."""
    second = a_host(
        world.unit(), an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    )
    (slot,) = some_slots(world.unit(), second, 1, a_day(ahead=2))
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        waiting.wait(unit, world.school.id)
    (talks_round,) = [one for one in ROUNDS if one.name == "talks"]
    bench = Workbench(
        cast("Any", SimpleNamespace(engine=engine)),
        world.catalog,
        world.vault,
        cast("Any", None),
    )
    with open_session(engine, Scope.system()) as busy:
        talk_taking.lock_hosts(world.unit(SYSTEM, busy), [host.account_id])
        assert talks_round.run(bench, by="relay") == 1
    world.session.rollback()
    assert world.session.scalars(select(WaitingParent.offered_slot_id)).one() == slot
    (loop,) = [one for one in heartbeats.loops(world.session) if one.name == "relay.talks"]
    assert not loop.is_silent
