"""Shares of providers follow what they did lately, by the clock of the database."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.delivery import Channel
from tirek.domain.scope import Scope
from tirek.services.providers import choose_provider, rebalance
from tirek.storage.models import Drill, OutboxMessage, Provider
from tirek.storage.session import open_session

ONE, TWO = "sms-primary", "sms-backup"
NAMES = (ONE, TWO)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return built


@pytest.fixture
def message(system: Session, world: World) -> Iterator[OutboxMessage]:
    drill = Drill(
        support_center_id=world.home.id,
        month=date(2026, 11, 1),
        due_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    system.add(drill)
    system.flush()
    made = OutboxMessage(
        dedup="x",
        kind="referral_waits",
        account_id=world.home.specialist.account.id,
        drill_id=drill.id,
        channel=Channel.SMS,
    )
    system.add(made)
    system.commit()
    yield made
    system.rollback()


def attempts(
    session: Session,
    message: OutboxMessage,
    provider: str,
    result: str | None,
    times: int = 1,
    when: tuple[int, int] = (5, 1),
) -> list[UUID]:
    """Attempts of so many seconds ago that were answered after so many."""
    ago, took = when
    ids = [uuid4() for _ in range(times)]
    for each in ids:
        session.execute(
            text(
                "INSERT INTO deliveries (id, outbox_id, attempt, channel, account_id, provider,"
                " reference, started_at, finished_at, result) SELECT :id, :message,"
                " count(*) + 1, 'sms', :account, :provider, :id, now() - :ago * interval '1 s',"
                " CASE WHEN CAST(:result AS text) IS NOT NULL"
                " THEN now() - (:ago - :took) * interval '1 s' END, :result FROM deliveries"
            ),
            {
                "id": each, "message": message.id, "account": message.account_id,
                "provider": provider, "ago": ago, "took": took, "result": result,
            },
        )  # fmt: skip
    session.commit()
    return ids


def receipts(session: Session, deliveries: list[UUID]) -> None:
    for each in deliveries:
        session.execute(
            text("INSERT INTO receipts (delivery_id, status) VALUES (:id, 'delivered')"),
            {"id": each},
        )
    session.commit()


def minutes_pass(session: Session, minutes: int = 1) -> None:
    session.execute(
        text("UPDATE providers SET changed_at = changed_at - :m * interval '1 min'"), {"m": minutes}
    )
    session.commit()


def moved(session: Session, names: tuple[str, ...] = NAMES) -> dict[str, int]:
    found = dict(rebalance(session, Channel.SMS, names))
    session.commit()
    return found


def test_providers_begin_at_rest_and_stay_there(system: Session, world: World) -> None:
    assert moved(system) == {ONE: 90, TWO: 10}
    minutes_pass(system, 60)
    assert moved(system) == {ONE: 90, TWO: 10}
    stored = system.execute(select(Provider.name, Provider.weight, Provider.channel)).all()
    assert sorted(tuple(row) for row in stored) == [(TWO, 10, "sms"), (ONE, 90, "sms")]


@pytest.mark.parametrize(
    ("result", "ago", "took"),
    [
        ("failed", 5, 1),
        # No answer, for longer than any answer takes.
        (None, 20, 0),
        # An answer, and a very slow one.
        ("accepted", 20, 9),
    ],
)
def test_errors_silence_and_slowness_move_ten_points_a_minute(
    system: Session, message: OutboxMessage, result: str | None, ago: int, took: int
) -> None:
    moved(system)
    minutes_pass(system)
    attempts(system, message, ONE, result, 3, (ago, took))
    assert moved(system) == {ONE: 80, TWO: 20}
    assert moved(system) == {ONE: 80, TWO: 20}
    minutes_pass(system)
    assert moved(system) == {ONE: 70, TWO: 30}


def test_what_is_still_under_way_or_long_ago_or_was_our_fault_does_not_count(
    system: Session, message: OutboxMessage
) -> None:
    moved(system)
    minutes_pass(system)
    attempts(system, message, ONE, None, 5, when=(3, 1))
    attempts(system, message, ONE, "failed", 5, when=(61, 1))
    attempts(system, message, ONE, "refused", 5)
    assert moved(system) == {ONE: 90, TWO: 10}


def test_one_that_accepts_and_never_delivers_is_noticed(
    system: Session, message: OutboxMessage
) -> None:
    moved(system)
    minutes_pass(system)
    attempts(system, message, ONE, "accepted", 3, when=(150, 1))
    # It has never said a receipt, so this says nothing.
    assert moved(system) == {ONE: 90, TWO: 10}
    receipts(system, attempts(system, message, ONE, "accepted", 1, when=(3600, 1)))
    assert moved(system) == {ONE: 80, TWO: 20}


def test_receipts_keep_a_provider_well(system: Session, message: OutboxMessage) -> None:
    moved(system)
    minutes_pass(system)
    receipts(system, attempts(system, message, ONE, "accepted", 4, when=(150, 1)))
    attempts(system, message, ONE, "accepted", 5, when=(60, 1))
    assert moved(system) == {ONE: 90, TWO: 10}


def test_shares_drift_back_when_it_is_over(
    system: Session, owner: Engine, message: OutboxMessage
) -> None:
    moved(system)
    minutes_pass(system)
    attempts(system, message, ONE, "failed", 3)
    assert moved(system) == {ONE: 80, TWO: 20}
    with owner.begin() as connection:
        connection.execute(text("UPDATE deliveries SET started_at = now() - interval '2 min'"))
    minutes_pass(system, 4)
    assert moved(system) == {ONE: 80, TWO: 20}
    minutes_pass(system, 1)
    assert moved(system) == {ONE: 90, TWO: 10}


def test_changed_settings_are_followed(system: Session, message: OutboxMessage) -> None:
    assert moved(system, (ONE,)) == {ONE: 100}
    assert choose_provider(system, message.id, Channel.SMS, NAMES, 0.95) == TWO
    assert moved(system) == {ONE: 90, TWO: 10}
    assert moved(system, (ONE,)) == {ONE: 100}


def test_many_sweeps_at_once_move_once(
    engine: Engine, system: Session, message: OutboxMessage
) -> None:
    moved(system)
    minutes_pass(system)
    attempts(system, message, ONE, "failed", 3)
    start = threading.Barrier(4)

    def sweep() -> None:
        with open_session(engine, Scope.system()) as session, session.begin():
            start.wait(10)
            rebalance(session, Channel.SMS, NAMES)

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    system.rollback()
    found = {row.name: row.weight for row in system.execute(select(Provider.name, Provider.weight))}
    assert found == {ONE: 80, TWO: 20}


def test_before_any_sweep_a_provider_is_found_all_the_same(
    system: Session, message: OutboxMessage
) -> None:
    assert choose_provider(system, message.id, Channel.SMS, NAMES, 0.5) == ONE
    assert choose_provider(system, message.id, Channel.SMS, NAMES, 0.95) == TWO
    assert choose_provider(system, message.id, Channel.SMS, ("sms-folder",), 0.5) == "sms-folder"


def test_the_next_attempt_goes_to_another_provider_whatever_the_shares(
    system: Session, message: OutboxMessage
) -> None:
    moved(system)
    attempts(system, message, ONE, "failed")
    assert choose_provider(system, message.id, Channel.SMS, NAMES, 0.1) == TWO
    attempts(system, message, TWO, None)
    assert choose_provider(system, message.id, Channel.SMS, NAMES, 0.95) == ONE
    # With one alone there is no other.
    assert choose_provider(system, message.id, Channel.SMS, (TWO,), 0.95) == TWO


@pytest.mark.parametrize(("result", "ago"), [("failed", 5), (None, 20)])
def test_one_that_is_down_is_not_asked_until_its_failures_are_old(
    system: Session, owner: Engine, message: OutboxMessage, result: str | None, ago: int
) -> None:
    attempts(system, message, ONE, result, 3, (ago, 0))
    other = _another(system, message)
    assert choose_provider(system, other.id, Channel.SMS, NAMES, 0.1) == TWO
    attempts(system, message, TWO, result, 3, (ago, 0))
    # Both are down, so shares decide again.
    assert choose_provider(system, other.id, Channel.SMS, NAMES, 0.1) == ONE
    with owner.begin() as connection:
        connection.execute(text("UPDATE deliveries SET started_at = now() - interval '61 s'"))
    attempts(system, message, TWO, "failed", 3)
    assert choose_provider(system, other.id, Channel.SMS, NAMES, 0.95) == ONE


def test_a_message_refused_says_nothing_about_its_provider(
    system: Session, message: OutboxMessage
) -> None:
    attempts(system, message, ONE, "refused", 9)
    other = _another(system, message)
    assert choose_provider(system, other.id, Channel.SMS, NAMES, 0.1) == ONE


def _another(session: Session, message: OutboxMessage) -> OutboxMessage:
    made = OutboxMessage(
        dedup="y",
        kind=message.kind,
        account_id=message.account_id,
        drill_id=message.drill_id,
        channel=Channel.SMS,
    )
    session.add(made)
    session.commit()
    return made
