"""Times a psychologist offers and takes back; what their house sees; the round that reminds."""

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import BookingState
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Actor, Role
from tirek.domain.talk_pattern import Pattern
from tirek.services import (
    talk_desk,
    talk_feeds,
    talk_hosts,
    talk_records,
    talk_week,
    talks,
    waiting,
)
from tirek.services.talk_desk import NoFamilyError, TooEarlyError
from tirek.services.talk_hosts import BookedMeanwhileError, Terms
from tirek.services.talk_taking import NotOfferedError, TakenError
from tirek.storage.models import (
    AuditEntry,
    Booking,
    ConsultationHost,
    OutboxMessage,
    Slot,
    WaitingParent,
)

S = BookingState


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=1)
    system.commit()
    return made


@pytest.fixture
def host(world: World) -> ConsultationHost:
    made = a_host(world.unit(), world.school.psychologist)
    world.session.commit()
    return made


@pytest.fixture
def slots(world: World, host: ConsultationHost) -> list[UUID]:
    made = some_slots(world.unit(), host)
    world.session.commit()
    return made


@pytest.fixture
def other(world: World) -> Adult:
    made = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    return made


def booked(engine: Engine, world: World, who: Adult, slot: UUID) -> UUID:
    with acting(engine, world, who) as unit:
        return talks.book(unit, slot, said())


def row(world: World, booking_id: UUID) -> Booking:
    world.session.rollback()
    return world.session.get_one(Booking, booking_id, populate_existing=True)


def told(world: World, kind: str) -> list[UUID | None]:
    world.session.rollback()
    found = world.session.scalars(
        select(OutboxMessage.account_id)
        .where(OutboxMessage.kind == kind)
        .order_by(OutboxMessage.created_at)
    )
    return list(found)


def in_the_past(owner: Engine, booking_id: UUID, ago: timedelta) -> None:
    """A talk that began so long ago, with its time."""
    with owner.begin() as connection:
        for table, which in (
            ("slots", "id = (SELECT slot_id FROM bookings WHERE id = :id)"),
            ("bookings", "id = :id"),
        ):
            move = (
                f"UPDATE {table} SET starts_at = now() - :ago,"  # noqa: S608 - our own words
                f" ends_at = now() - :ago + interval '30 minutes' WHERE {which}"
            )
            connection.execute(text(move), {"ago": ago, "id": booking_id})


# Times


def test_a_weekly_pattern_over_a_holiday_is_stored_in_utc(world: World, engine: Engine) -> None:
    holidays = sorted(world.catalog.protocol.calendar.holidays)
    today = datetime.now(KAZAKHSTAN).date()
    holiday = next(day for day in holidays if today < day < today + timedelta(days=110))
    first = holiday - timedelta(days=7) if holiday - today > timedelta(days=7) else holiday
    pattern = Pattern(first, time(14), 45, 2, rest=15, weeks=3, reserved=1)
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.set_terms(unit, Terms(daily_most=4))
        offered = talk_hosts.offer(unit, pattern)
    assert holiday in offered.days_off
    assert offered.added == 2 * (3 - len(offered.days_off))
    made = world.session.scalars(select(Slot).order_by(Slot.starts_at)).all()
    assert {one.starts_at.hour for one in made} == {9, 10}
    assert holiday not in {one.starts_at.date() for one in made}
    assert sum(one.is_reserved for one in made) == len(made) / 2


def test_what_overlaps_is_left_out_and_said(world: World, engine: Engine) -> None:
    day = a_day(ahead=2).date()
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.set_terms(unit, Terms())
        first = talk_hosts.offer(unit, Pattern(day, time(14), 30, 2, rest=30))
    with acting(engine, world, world.school.psychologist) as unit:
        second = talk_hosts.offer(unit, Pattern(day, time(14, 15), 30, 4, rest=0))
    assert (first.added, second.added, len(second.overlapping)) == (2, 1, 3)
    # Back to back is no overlap.
    with acting(engine, world, world.school.psychologist) as unit:
        assert talk_hosts.offer(unit, Pattern(day, time(13, 30), 30, 1)).added == 1


def test_terms_are_changed_and_nobody_else_has_them(world: World, engine: Engine) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        assert talk_hosts.terms(unit) is None
        talk_hosts.set_terms(unit, Terms())
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.set_terms(unit, Terms(3, 20, speaks_kk=True, speaks_ru=False, is_open=False))
    with acting(engine, world, world.school.psychologist) as unit:
        found = talk_hosts.terms(unit)
    assert found == Terms(3, 20, speaks_kk=True, speaks_ru=False, is_open=False)
    with acting(engine, world, world.schools[1].psychologist) as unit:
        assert talk_hosts.terms(unit) is None


def test_a_free_time_is_taken_back(world: World, engine: Engine, slots: list[UUID]) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.withdraw(unit, slots[0])
        assert [one.id for one in talk_hosts.free_of_mine(unit)] == slots[1:]
        with pytest.raises(NotFoundError):
            talk_hosts.own_slot(unit, slots[0])
    with acting(engine, world, world.school.guardian) as unit, pytest.raises(NotOfferedError):
        talks.hold(unit, slots[0], "kk")


def test_a_booked_time_is_not_taken_back_unseen(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    with (
        acting(engine, world, world.school.psychologist) as unit,
        pytest.raises(BookedMeanwhileError),
    ):
        talk_hosts.withdraw(unit, slots[0])
    assert row(world, made).state == S.BOOKED


def test_taken_back_with_its_talk_the_parent_is_told_and_nobody_is_offered_it(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, other) as unit:
        waiting.wait(unit, world.school.id)
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.withdraw(unit, slots[0], made)
    found = row(world, made)
    assert (found.state, found.cancelled_by) == (S.CANCELLED, "host")
    assert told(world, "talk_changed") == [world.school.guardian.account.id]
    offered = world.session.scalars(select(WaitingParent.offered_slot_id)).one()
    assert offered == slots[1]


def test_taken_back_with_another_time_the_talk_moves(
    world: World, engine: Engine, host: ConsultationHost, slots: list[UUID]
) -> None:
    kept = a_slot(world.unit(), host, a_day(ahead=2), is_reserved=True)
    world.session.commit()
    made = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.psychologist) as unit:
        talk_hosts.withdraw(unit, slots[0], made, kept)
        now = talk_records.latest(unit, made)
    assert (row(world, made).state, row(world, now).slot_id) == (S.MOVED, kept)
    assert told(world, "talk_changed") == [world.school.guardian.account.id]


def test_a_talk_that_cannot_move_there_stays_and_so_does_its_time(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    booked(engine, world, other, slots[1])
    with (
        pytest.raises(TakenError),
        acting(engine, world, world.school.psychologist) as unit,
    ):
        talk_hosts.withdraw(unit, slots[0], made, slots[1])
    assert row(world, made).state == S.BOOKED
    slot = world.session.get_one(Slot, slots[0], populate_existing=True)
    assert slot.cancelled_at is None


def test_another_psychologists_times_do_not_exist(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    world.session.commit()
    for stranger in (colleague, world.schools[1].psychologist, world.home.supervisor):
        with acting(engine, world, stranger) as unit:
            for step in (talk_hosts.own_slot, talk_hosts.withdraw):
                with pytest.raises(NotFoundError):
                    step(unit, slots[0])
            with pytest.raises(NotFoundError):
                talk_hosts.set_reserved(unit, slots[0], is_reserved=True)


def test_no_other_house_sees_hosts_times_or_who_waits(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.guardian) as unit:
        waiting.wait(unit, world.school.id)
    for stranger in (world.schools[1].psychologist, world.home.supervisor):
        with acting(engine, world, stranger) as unit:
            for table in (ConsultationHost, Slot, Booking, WaitingParent):
                assert unit.session.scalars(select(table)).all() == []


# The week


def test_the_week_says_what_each_time_is(
    world: World, engine: Engine, owner: Engine, host: ConsultationHost
) -> None:
    first = a_day(ahead=7)
    free, kept, taken, over = (
        a_slot(world.unit(), host, first + timedelta(hours=n), is_reserved=n == 1) for n in range(4)
    )
    world.session.commit()
    made = booked(engine, world, world.school.guardian, taken)
    gone = booked(engine, world, world.school.guardian, over)
    with acting(engine, world, world.school.psychologist) as unit:
        talks.ask_phone(unit, made)
        seen = talk_week.week(unit, first.date())
        entries = [one for day in seen.days for one in day.entries]
    assert [one.state for one in entries] == ["free", "reserved", "booked", "booked"]
    assert [one.slot_id for one in entries] == [free, kept, taken, over]
    assert entries[2].phone_asked
    in_the_past(owner, gone, timedelta(hours=2))
    with acting(engine, world, world.school.psychologist) as unit:
        assert [one.booking_id for one in talk_week.unmarked(unit)] == [gone]
        assert [one.booking_id for one in talk_week.phones_asked(unit)] == [made]
        talk_desk.mark(unit, gone, S.NO_SHOW)
        assert talk_week.unmarked(unit) == []
        with pytest.raises(TooEarlyError):
            talk_desk.mark(unit, made, S.DONE)


def test_the_head_of_a_centre_sees_everybody_there_and_a_specialist_only_themselves(
    world: World, engine: Engine
) -> None:
    specialist = world.home.specialist
    host = a_host(world.unit(), specialist)
    slot = a_slot(world.unit(), host, a_day())
    world.session.commit()
    with acting(engine, world, world.home.supervisor) as unit:
        assert [(one.id, one.free) for one in talk_week.colleagues(unit)] == [
            (specialist.account.id, 1)
        ]
        seen = talk_week.week(unit, a_day().date(), specialist.account.id)
        assert [one.slot_id for day in seen.days for one in day.entries] == [slot]
    second = an_adult(world.unit(), Role.PSC_SPECIALIST, support_center_id=world.home.id)
    world.session.commit()
    for stranger in (second, world.neighbour.supervisor):
        with acting(engine, world, stranger) as unit:
            assert talk_week.colleagues(unit) == []
            with pytest.raises(NotFoundError):
                talk_week.week(unit, None, specialist.account.id)


def test_who_waits_is_seen_without_a_name(
    world: World, engine: Engine, host: ConsultationHost, other: Adult
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        waiting.wait(unit, world.school.id)
    with acting(engine, world, other) as unit:
        waiting.wait(unit, world.school.id, host.account_id)
    with acting(engine, world, world.school.psychologist) as unit:
        assert [one.for_me for one in talk_week.waiting(unit).rows] == [False, True]
        assert talk_week.how_many_wait(unit) == 2


# One talk


def test_opening_a_talk_is_written_down(world: World, engine: Engine, slots: list[UUID]) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.psychologist) as unit:
        opened = talk_desk.open_talk(unit, made)
    assert opened.family == world.school.guardian.account.display_name
    assert (opened.talk.phone, opened.missed) == ("+77010000001", 0)
    world.session.rollback()
    read_by = world.session.scalars(
        select(AuditEntry.account_id).where(
            AuditEntry.action == "talk.read", AuditEntry.entity_id == str(made)
        )
    ).all()
    assert world.school.psychologist.account.id in read_by


def test_two_missed_talks_say_that_a_call_helps(
    world: World, engine: Engine, owner: Engine, slots: list[UUID]
) -> None:
    missed = [booked(engine, world, world.school.guardian, slot) for slot in slots[:2]]
    for number, made in enumerate(missed):
        in_the_past(owner, made, timedelta(hours=2 + 2 * number))
        with acting(engine, world, world.school.psychologist) as unit:
            talk_desk.mark(unit, made, S.NO_SHOW)
    third = booked(engine, world, world.school.guardian, slots[2])
    with acting(engine, world, world.school.psychologist) as unit:
        assert talk_desk.open_talk(unit, third).better_call
        # Said wrongly, it is said again.
        talk_desk.mark(unit, missed[0], S.DONE)
    with acting(engine, world, world.school.psychologist) as unit:
        assert not talk_desk.open_talk(unit, third).better_call


def test_a_reserved_time_is_booked_for_a_family_that_was_spoken_with(
    world: World, engine: Engine, host: ConsultationHost
) -> None:
    kept = a_slot(world.unit(), host, a_day(), is_reserved=True)
    world.session.commit()
    mother = world.school.guardian
    with acting(engine, world, mother) as unit, pytest.raises(NotOfferedError):
        talks.hold(unit, kept, "kk")
    with acting(engine, world, world.school.psychologist) as unit:
        with pytest.raises(NoFamilyError):
            talk_desk.book_for(unit, kept, world.schools[1].guardian.account.email, said())
        with pytest.raises(NoFamilyError):
            talk_desk.book_for(unit, kept, world.school.psychologist.account.email, said())
        made = talk_desk.book_for(unit, kept, f" {mother.account.email.upper()} ", said())
    assert row(world, made).account_id == mother.account.id
    assert told(world, "talk_booked") == [mother.account.id]


def test_a_centre_books_for_who_waits_there_and_for_nobody_else(
    world: World, engine: Engine
) -> None:
    host = a_host(world.unit(), world.home.specialist)
    slot = a_slot(world.unit(), host, a_day(), is_reserved=True)
    world.session.commit()
    mother = world.school.guardian
    with acting(engine, world, world.home.specialist) as unit, pytest.raises(NoFamilyError):
        talk_desk.book_for(unit, slot, mother.account.email, said())
    with acting(engine, world, mother) as unit:
        waiting.wait(unit, world.home.id)
    with acting(engine, world, world.home.specialist) as unit:
        assert talk_desk.book_for(unit, slot, mother.account.email, said())


# The secret address


def test_a_secret_address_gives_times_and_nothing_else_until_it_is_renewed(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    first = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.guardian) as unit:
        moved = talks.move(unit, first, slots[1])
    with acting(engine, world, world.school.psychologist) as unit:
        old = talk_feeds.renew(unit)
        secret = talk_feeds.renew(unit)
        assert talk_feeds.has_one(unit)
    nobody = Actor(role=None)
    with acting(engine, world, nobody) as unit:
        file = talk_feeds.read(unit, secret, lambda _actor, one: f"https://tirek.example/{one}")
        # Whoever asked is nobody again.
        assert unit.session.scalars(select(Booking)).all() == []
        with pytest.raises(NotFoundError):
            talk_feeds.read(unit, old, lambda _actor, one: str(one))
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert (str(event["UID"]), str(event["SEQUENCE"])) == (str(first), "1")
    assert event["URL"] == f"https://tirek.example/{moved}"
    assert b"Z\r\n" in event.to_ical()
    for name in (world.school.guardian.account.display_name, "77010000001"):
        assert name.encode() not in file
    with acting(engine, world, world.school.psychologist) as unit:
        talk_feeds.stop(unit)
    with acting(engine, world, nobody) as unit, pytest.raises(NotFoundError):
        talk_feeds.read(unit, secret, lambda _actor, one: str(one))


def test_who_offers_no_talks_has_no_address(world: World, engine: Engine) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        assert not talk_feeds.has_one(unit)
        with pytest.raises(NotFoundError):
            talk_feeds.renew(unit)
