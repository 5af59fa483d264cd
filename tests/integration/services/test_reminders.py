"""Reminders: by wish only, one a day, never in the evening, stopped by one press."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Actor, Role
from tirek.domain.reminders import local_hour
from tirek.domain.scope import Scope
from tirek.services import reminders
from tirek.services.letters import Letters
from tirek.services.parcels import Mail, Packer, is_needless
from tirek.services.reminders import KIND, Wish
from tirek.services.unit import Unit
from tirek.storage.models import Account, OutboxMessage, ReminderWish
from tirek.storage.session import open_session

# A Saturday, 18:20 in Kazakhstan.
NOW = datetime(2026, 11, 21, 13, 20, tzinfo=UTC)
SATURDAY, DAY = 5, date(2026, 11, 21)
NOBODY = Actor(role=None)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.execute(update(Account).values(verified_at=func.now()))
    system.commit()
    return made


@pytest.fixture
def reader(engine: Engine, world: World) -> Iterator[Unit]:
    actor = world.school.guardian.actor
    with open_session(engine, actor.scope) as session:
        yield world.unit(actor, session)


def a_wish(
    session: Session, account: Account, *, weekdays: int = 1 << SATURDAY, hour: int = 18
) -> None:
    session.add(ReminderWish(account_id=account.id, weekdays=weekdays, hour=hour))
    session.commit()


def queued(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == KIND)))


def test_who_asked_gets_one_mail_within_the_hour(system: Session, world: World):
    a_wish(system, world.school.guardian.account)
    unit = world.unit()
    assert reminders.queue_due(unit, NOW, 10) == 1
    assert reminders.queue_due(unit, NOW + timedelta(minutes=1), 10) == 0
    (message,) = queued(system)
    assert message.account_id == world.school.guardian.account.id
    wait = message.due_at - unit.now()
    assert timedelta() <= wait < timedelta(minutes=38)
    assert DAY.isoformat() in message.dedup


@pytest.mark.parametrize(
    "away",
    [
        timedelta(days=1),
        timedelta(hours=-1),
        # Later than it can be made up for.
        timedelta(hours=3),
    ],
)
def test_another_day_or_hour_is_not_its_time(system: Session, world: World, away: timedelta):
    a_wish(system, world.school.guardian.account, hour=17 if away > timedelta(hours=2) else 18)
    assert reminders.queue_due(world.unit(), NOW + away, 10) == 0


def test_an_interruption_of_an_hour_is_made_up_for(system: Session, world: World):
    a_wish(system, world.school.guardian.account, hour=16)
    assert reminders.queue_due(world.unit(), NOW, 10) == 1


@pytest.mark.parametrize("hour", [21, 22, 23, 0, 3, 7])
def test_nothing_is_queued_at_night(system: Session, world: World, hour: int):
    a_wish(system, world.school.guardian.account, weekdays=(1 << SATURDAY) | (1 << 6), hour=20)
    midnight = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    assert reminders.queue_due(world.unit(), midnight + timedelta(hours=hour), 10) == 0


def test_the_last_mails_of_the_evening_are_due_before_nine(system: Session, world: World):
    for _ in range(40):
        adult = an_adult(world.unit(), Role.GUARDIAN, verified_at=NOW)
        a_wish(system, adult.account, hour=20)
    late = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    unit = world.unit()
    assert reminders.queue_due(unit, late, 100) == 40
    waits = [message.due_at - unit.now() for message in queued(system)]
    assert max(waits) < timedelta(hours=1)
    assert len({int(wait.total_seconds() // 60) for wait in waits}) > 20, "spread over the hour"


def test_the_database_takes_no_wish_for_the_night_and_none_for_three_days(
    system: Session, world: World
):
    account = world.school.guardian.account
    for weekdays, hour in ((1, 21), (1, 7), (0b111, 18), (0, 18)):
        wish = insert(ReminderWish).values(account_id=account.id, weekdays=weekdays, hour=hour)
        with pytest.raises(IntegrityError), system.begin_nested():
            system.execute(wish)


@pytest.mark.parametrize(
    "change",
    [{"verified_at": None}, {"is_active": False}, {"is_active": False, "erased_at": NOW}],
)
def test_an_address_that_is_not_proved_or_is_closed_gets_nothing(
    system: Session, world: World, change: dict[str, object]
):
    account = world.school.guardian.account
    a_wish(system, account)
    system.execute(update(Account).where(Account.id == account.id).values(**change))
    assert reminders.queue_due(world.unit(), NOW, 10) == 0


def test_two_rounds_at_once_queue_each_wish_once(engine: Engine, system: Session, world: World):
    for _ in range(30):
        a_wish(system, an_adult(world.unit(), Role.GUARDIAN, verified_at=NOW).account)
    together = Barrier(4)

    def sweep(_: int) -> int:
        with open_session(engine, Scope.system()) as session:
            unit = world.unit(session=session)
            together.wait()
            count = 0
            while (batch := reminders.queue_due(unit, NOW, 7)) > 0:
                count += batch
                session.commit()
            return count

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(sweep, range(4)))
    found = queued(system)
    assert (total, len(found)) == (30, 30)
    assert len({message.account_id for message in found}) == 30


def test_a_round_that_dies_leaves_neither_mail_nor_mark(
    engine: Engine, system: Session, world: World
):
    a_wish(system, world.school.guardian.account)
    with open_session(engine, Scope.system()) as session:
        assert reminders.queue_due(world.unit(session=session), NOW, 10) == 1
        session.rollback()
    assert queued(system) == []
    assert reminders.queue_due(world.unit(), NOW, 10) == 1


def test_stopping_and_asking_anew_on_one_day_brings_no_second_mail(system: Session, world: World):
    account = world.school.guardian.account
    a_wish(system, account)
    assert reminders.queue_due(world.unit(), NOW, 10) == 1
    reminders.stop(Unit(system, world.catalog, world.vault, world.school.guardian.actor))
    system.commit()
    system.expunge_all()
    a_wish(system, account)
    reminders.queue_due(world.unit(), NOW, 10)
    assert len(queued(system)) == 1


def test_a_choice_is_kept_and_changed(reader: Unit):
    assert reminders.own(reader) is None
    reminders.choose(reader, Wish([1, 5], 19))
    reminders.choose(reader, Wish([2], 8))
    reader.session.commit()
    found = reminders.own(reader)
    assert found is not None
    assert (found.weekdays, found.hour) == ([2], 8)
    reminders.stop(reader)
    assert reminders.own(reader) is None


def test_todays_hour_that_has_come_is_left_out(reader: Unit):
    local = local_hour(reader.now())
    today = local.day.weekday()
    reminders.choose(reader, Wish([today], min(20, max(8, local.hour))))
    last_on = reader.session.scalars(select(ReminderWish.last_on)).one()
    assert last_on == (local.day if local.hour >= 8 else None)


def test_the_link_in_a_mail_stops_without_a_login(engine: Engine, system: Session, world: World):
    account = world.school.guardian.account
    a_wish(system, account)
    secret = reminders.stop_secret(world.vault, account.id)
    assert len(secret) * 4 == 128
    with open_session(engine, Scope.none()) as session:
        stranger = world.unit(NOBODY, session)
        for wrong in ("", secret[:-1], "é" * 32, reminders.stop_secret(world.vault, uuid4())):
            with pytest.raises(NotFoundError):
                reminders.stop_by_link(stranger, account.id, wrong)
        session.commit()
        assert system.scalars(select(func.count()).select_from(ReminderWish)).one() == 1
        system.commit()
        reminders.stop_by_link(stranger, account.id, secret)
        reminders.stop_by_link(stranger, account.id, secret)
        session.commit()
    assert system.scalars(select(func.count()).select_from(ReminderWish)).one() == 0


def test_the_mail_names_nobody_and_bears_the_link(system: Session, world: World):
    account = world.school.guardian.account
    account.language = "kk"
    a_wish(system, account)
    reminders.queue_due(world.unit(), NOW, 10)
    (message,) = queued(system)
    packer = Packer(Letters(world.catalog.messages, "https://tirek.example.kz"), world.vault)
    parcel = packer.pack(system, message, uuid4())
    assert isinstance(parcel, Mail)
    link = f"https://tirek.example.kz/kk/reminders/{account.id}/"
    assert parcel.letter.stop_url is not None
    assert parcel.letter.stop_url.startswith(link)
    assert parcel.letter.stop_url in parcel.letter.body
    assert "https://tirek.example.kz/kk/parent/reading\n" in parcel.letter.body
    assert "{" not in parcel.letter.body
    for word in ("бала", "мектеп", account.display_name):
        assert word.lower() not in parcel.letter.body.lower()


def test_a_queued_mail_does_not_leave_after_stopping(system: Session, world: World):
    a_wish(system, world.school.guardian.account)
    reminders.queue_due(world.unit(), NOW, 10)
    (message,) = queued(system)
    system.execute(text("DELETE FROM reminder_wishes"))
    assert is_needless(system, message)


def test_a_queued_mail_leaves_only_by_day_and_only_on_its_day(system: Session, world: World):
    a_wish(system, world.school.guardian.account)
    reminders.queue_due(world.unit(), NOW, 10)
    (message,) = queued(system)
    local = local_hour(world.unit().now())
    assert is_needless(system, message) == local.is_quiet
    system.expunge(message)
    message.created_at -= timedelta(days=1)
    assert is_needless(system, message)
