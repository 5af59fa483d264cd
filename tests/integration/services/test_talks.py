"""A time is one family's: kept, booked, moved, given up; the other side and the next are told."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.consultations import BookingState, DetailsError, Medium
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.services import talk_records, talk_times, talks
from tirek.services.parcels import PHONE
from tirek.services.talk_taking import (
    DayFullError,
    NotOfferedError,
    OwnOverlapError,
    TakenError,
)
from tirek.services.talk_times import Wish
from tirek.storage.models import (
    Account,
    Booking,
    ConsultationHost,
    OutboxMessage,
    Slot,
    SupportCenter,
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
    """The same child's other parent."""
    made = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    return made


def booked(engine: Engine, world: World, who: Adult, slot: UUID, **facts: object) -> UUID:
    with acting(engine, world, who) as unit:
        return talks.confirm(unit, talks.hold(unit, slot, "kk"), said(**facts))  # type: ignore[arg-type]


def row(world: World, booking_id: UUID) -> Booking:
    world.session.rollback()
    return world.session.get_one(Booking, booking_id, populate_existing=True)


def run_out(world: World, booking_id: UUID) -> None:
    """Ten minutes have gone by."""
    world.session.execute(
        update(Booking)
        .where(Booking.id == booking_id)
        .values(held_until=text("now() - interval '1 second'"))
    )
    world.session.commit()


def told(world: World, kind: str) -> list[UUID]:
    world.session.rollback()
    return list(
        world.session.scalars(
            select(OutboxMessage.account_id)
            .where(OutboxMessage.kind == kind)
            .order_by(OutboxMessage.created_at)
        )
    )


def test_a_kept_time_is_greyed_for_the_other_parent_and_becomes_a_talk(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    mother = world.school.guardian
    with acting(engine, world, mother) as unit:
        kept = talks.hold(unit, slots[0], "kk")
    with acting(engine, world, other) as unit:
        seen = talk_times.free_times(unit, Wish())
        assert [one.is_taken for one in seen.rows] == [True, False, False]
        with pytest.raises(TakenError) as refused:
            talks.hold(unit, slots[0], "kk")
        assert [one.slot_id for one in refused.value.near] == slots[1:]
    with acting(engine, world, mother) as unit:
        assert (
            talks.confirm(unit, kept, said(Medium.VIDEO, words="Мектепке барғысы келмейді")) == kept
        )
        talk = talk_records.read(unit, kept)
    assert (talk.state, talk.medium, talk.phone) == (S.BOOKED, Medium.VIDEO, "+77010000001")
    assert talk.words == "Мектепке барғысы келмейді"
    assert len(row(world, kept).room) == 32
    assert told(world, "talk_booked") == [mother.account.id]
    assert told(world, "talk_news") == [world.school.psychologist.account.id]


def test_no_cell_of_a_booking_says_the_words_in_clear(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    made = row(world, booked(engine, world, world.school.guardian, slots[0], words="Көмек керек"))
    assert made.words_sealed is not None
    assert made.phone_sealed is not None
    assert "Көмек".encode() not in made.words_sealed
    assert b"7701" not in made.phone_sealed


def test_the_other_parent_and_another_psychologist_see_nothing_of_it(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    for who in (other, world.schools[1].guardian, world.schools[1].psychologist):
        with acting(engine, world, who) as unit:
            assert talk_records.upcoming(unit) == []
            with pytest.raises(NotFoundError):
                talk_records.read(unit, made)
            for step in (talks.cancel, talks.ask_phone, talks.join_pass):
                with pytest.raises(NotFoundError):
                    step(unit, made)  # type: ignore[operator]
    with acting(engine, world, world.school.psychologist) as unit:
        assert [one.id for one in talk_records.upcoming(unit)] == [made]


def test_who_keeps_a_second_time_lets_go_of_the_first(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        first = talks.hold(unit, slots[0], "kk")
    with acting(engine, world, world.school.guardian) as unit:
        talks.hold(unit, slots[1], "kk")
        assert len(talk_records.kept(unit)) == 1
    assert row(world, first).state == S.EXPIRED


def test_a_number_that_the_account_knows_is_not_asked_again(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    account = world.school.guardian.account
    sealed = world.vault.seal_secret("8 701 000 00 07", *PHONE, str(account.id))
    world.session.execute(
        update(Account).where(Account.id == account.id).values(phone_sealed=sealed)
    )
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        assert talk_records.read(unit, talks.hold(unit, slots[0], "kk")).phone == "+77010000007"


def test_a_kept_time_that_ran_out_is_free_again(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        first = talks.hold(unit, slots[0], "kk")
    run_out(world, first)
    with acting(engine, world, other) as unit:
        assert not talk_times.free_times(unit, Wish()).rows[0].is_taken
        talks.hold(unit, slots[0], "ru")
    with acting(engine, world, world.school.guardian) as unit, pytest.raises(TakenError):
        talks.confirm(unit, first, said())


def test_who_wrote_for_eleven_minutes_still_gets_a_time_that_nobody_took(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        first = talks.hold(unit, slots[0], "kk")
    run_out(world, first)
    with acting(engine, world, world.school.guardian) as unit:
        second = talks.confirm(unit, first, said())
        assert second != first
        # A second press of the button.
        assert talks.confirm(unit, second, said()) == second
    assert row(world, second).state == S.BOOKED


def test_a_moved_talk_is_the_same_entry_in_a_new_room_and_frees_its_time(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    first = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.guardian) as unit:
        second = talks.move(unit, first, slots[1])
    with acting(engine, world, world.school.guardian) as unit:
        third = talks.move(unit, second, slots[2])
        assert talk_records.calendar_id(unit, third) == first
        assert talk_records.latest(unit, first) == third
        assert talk_records.read(unit, third).phone == "+77010000001"
    before, after = row(world, second), row(world, third)
    assert (before.state, after.state, after.sequence) == (S.MOVED, S.BOOKED, 2)
    assert before.room != after.room
    assert len(told(world, "talk_changed")) == 2
    booked(engine, world, other, slots[0])


def test_a_talk_that_cannot_be_moved_stays_where_it_was(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    first = booked(engine, world, world.school.guardian, slots[0])
    booked(engine, world, other, slots[1])
    with acting(engine, world, world.school.guardian) as unit:
        with pytest.raises(TakenError) as refused:
            talks.move(unit, first, slots[1])
        assert [one.slot_id for one in refused.value.near] == [slots[2]]
    assert row(world, first).state == S.BOOKED


def test_a_cancelled_talk_frees_its_time_and_is_not_cancelled_twice(
    world: World, engine: Engine, slots: list[UUID], other: Adult
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    for _twice in range(2):
        with acting(engine, world, world.school.guardian) as unit:
            talks.cancel(unit, made)
    gone = row(world, made)
    assert (gone.state, gone.cancelled_by, gone.sequence) == (S.CANCELLED, "parent", 1)
    assert len(told(world, "talk_changed")) == 1
    booked(engine, world, other, slots[0])


def test_the_psychologist_gives_a_talk_up_and_the_parent_is_told(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.psychologist) as unit:
        talks.cancel(unit, made)
    assert row(world, made).cancelled_by == "host"
    assert told(world, "talk_changed") == [world.school.guardian.account.id]


def test_the_telephone_instead_needs_a_number_and_reaches_the_psychologist(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    made = booked(engine, world, world.school.guardian, slots[0], medium=Medium.VIDEO, phone=None)
    with acting(engine, world, world.school.guardian) as unit, pytest.raises(DetailsError):
        talks.ask_phone(unit, made)
    with acting(engine, world, world.school.guardian) as unit:
        talks.ask_phone(unit, made, "8 (701) 000-00-02")
    with acting(engine, world, world.school.psychologist) as unit:
        talk = talk_records.read(unit, made)
    assert (talk.medium, talk.phone) == (Medium.PHONE, "+77010000002")
    assert talk.phone_asked_at is not None
    assert len(told(world, "talk_news")) == 2


def test_the_days_most_is_the_days_most(
    world: World, engine: Engine, host: ConsultationHost, slots: list[UUID], other: Adult
) -> None:
    world.session.execute(update(ConsultationHost).values(daily_most=1))
    tomorrow = a_slot(world.unit(), host, a_day(2))
    world.session.commit()
    booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, other) as unit:
        assert [one.is_taken for one in talk_times.free_times(unit, Wish()).rows] == [
            True,
            True,
            True,
            False,
        ]
        with pytest.raises(DayFullError) as refused:
            talks.hold(unit, slots[1], "kk")
        assert [one.slot_id for one in refused.value.near] == [tomorrow]


def test_times_for_urgent_calls_are_not_shown_and_not_given(
    world: World, engine: Engine, host: ConsultationHost
) -> None:
    kept = a_slot(world.unit(), host, a_day(), is_reserved=True)
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        assert talk_times.free_times(unit, Wish()).total == 0
        with pytest.raises(NotOfferedError):
            talks.hold(unit, kept, "kk")
    with acting(engine, world, world.school.psychologist) as unit:
        made = talks.book(unit, kept, said(), world.school.guardian.account.id)
    assert row(world, made).state == S.BOOKED


def test_one_parent_is_in_one_place_at_a_time(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    centre = a_host(world.unit(), world.home.specialist)
    same = a_slot(world.unit(), centre, a_day() + timedelta(minutes=15))
    world.session.commit()
    booked(engine, world, world.school.guardian, slots[0])
    with acting(engine, world, world.school.guardian) as unit, pytest.raises(OwnOverlapError):
        talks.hold(unit, same, "kk")


def test_near_is_the_childs_school_and_its_centre_or_the_named_region(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    unit = world.unit()
    centre = a_host(unit, world.home.specialist, speaks_kk=False)
    far = a_host(unit, world.schools[1].psychologist)
    of_centre, of_far = a_slot(unit, centre, a_day()), a_slot(unit, far, a_day())
    alone = an_adult(unit, Role.GUARDIAN, region_iso=world.home.region.iso)
    nowhere = an_adult(unit, Role.GUARDIAN)
    world.session.commit()
    with acting(engine, world, world.school.guardian) as near:
        assert {one.slot_id for one in talk_times.free_times(near, Wish()).rows} == {
            *slots,
            of_centre,
        }
        wish = Wish(language="kk")
        assert [one.slot_id for one in talk_times.free_times(near, wish).rows] == slots
        assert [
            one.slot_id for one in talk_times.free_times(near, Wish(house_id=world.home.id)).rows
        ] == [of_centre]
        with pytest.raises(NotFoundError):
            talks.hold(near, of_far, "kk")
    with acting(engine, world, alone) as unit:
        assert [one.slot_id for one in talk_times.free_times(unit, Wish()).rows] == [of_centre]
    world.session.execute(
        update(SupportCenter).where(SupportCenter.id == world.home.id).values(is_open=False)
    )
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        # The centre of the territory is closed: its neighbour answers.
        assert [one.id for one in talk_times.near_houses(unit)] == [
            world.school.id,
            world.neighbour.id,
        ]
    with acting(engine, world, nowhere) as unit:
        assert talk_times.free_times(unit, Wish()).total == 0


def test_a_time_withdrawn_while_it_was_kept_is_not_booked(
    world: World, engine: Engine, slots: list[UUID]
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        kept = talks.hold(unit, slots[0], "kk")
    world.session.execute(
        update(Slot).where(Slot.id == slots[0]).values(cancelled_at=text("now()"))
    )
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit, pytest.raises(NotOfferedError):
        talks.confirm(unit, kept, said())


def test_no_sql_puts_two_talks_into_one_time(
    world: World, engine: Engine, owner: Engine, slots: list[UUID], other: Adult
) -> None:
    made = row(world, booked(engine, world, world.school.guardian, slots[0]))
    facts = {
        "slot": slots[0],
        "host": made.host_id,
        "account": other.account.id,
        "parent": other.account.number,
        "starts": made.starts_at,
        "ends": made.ends_at,
        "number": made.host_number,
        "school": made.school_id,
    }
    insert = text(
        "INSERT INTO bookings (id, slot_id, host_id, host_number, account_id, parent_number,"
        " school_id, starts_at, ends_at, state, medium, topic, age_band, language, room, sequence)"
        " VALUES (gen_random_uuid(), :slot, :host, :number, :account, :parent, :school, :starts,"
        " :ends, 'booked', 'phone', 'other', '7-9', 'kk', 'x', 0)"
    )
    with owner.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(insert, facts)
    assert getattr(refused.value.orig, "sqlstate", None) == "23P01"
    moved = {**facts, "starts": made.starts_at + timedelta(minutes=10)}
    with owner.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(insert, moved)
    assert getattr(refused.value.orig, "sqlstate", None) == "TK006"
