import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tirek.catalog.messages import MESSAGE_KINDS, STOPPABLE, load_messages
from tirek.config import ROOT
from tirek.domain.delivery import STUCK_AFTER, DeliveryResult
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.gateways.mail import FolderMail, MailError, MailGateway, MailOutcomeUnknownError
from tirek.services import relay
from tirek.services.letters import Letters, UnwritableError
from tirek.services.parcels import Packer
from tirek.storage.models import (
    Account,
    Delivery,
    District,
    Drill,
    OutboxMessage,
    School,
    SupportCenter,
)
from tirek.storage.session import app_engine, open_session
from tirek.tasks.gateways import Gateways
from tirek.tasks.relay import Counts, Relay

BASE_URL = "https://tirek.example.kz"


@dataclass
class Recorder:
    """A gateway that remembers what it was given and answers as told."""

    error: MailError | None = None
    sent: list[tuple[str, str, str, UUID]] = field(default_factory=list)

    def send(
        self, to: str, subject: str, body: str, reference: UUID, _stop_url: str | None = None
    ) -> None:
        self.sent.append((to, subject, body, reference))
        if self.error is not None:
            raise self.error


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(load_messages(ROOT / "protocols"), BASE_URL)


@dataclass(frozen=True)
class People:
    psychologist: Account
    specialist: Account


@pytest.fixture
def people(system: Session) -> People:
    district = District(region_iso="KZ-71", name_kk="Есіл", name_ru="Есиль")
    center = SupportCenter(region_iso="KZ-71", name_kk="ПҚО", name_ru="ЦПП")
    system.add_all([district, center])
    system.flush()
    school = School(district_id=district.id, name_kk="№ 1", name_ru="№ 1", public_code="s1")
    system.add(school)
    system.flush()
    common = {"password_hash": "none", "display_name": "Сынақ Адам"}
    found = People(
        Account(
            email="psychologist@example.kz", role=Role.PSYCHOLOGIST, language="kk",
            school_id=school.id, **common,
        ),
        Account(
            email="specialist@example.kz", role=Role.PSC_SPECIALIST, language="ru",
            support_center_id=center.id, **common,
        ),
    )  # fmt: skip
    drill = Drill(
        support_center_id=center.id,
        month=date(2026, 11, 1),
        due_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
    )
    system.add_all([found.psychologist, found.specialist, drill])
    system.commit()
    return found


def _queue(session: Session, account: Account, kind: str = "referral_waits", times: int = 1) -> int:
    # A message is about something; what it is makes no difference here.
    drill_id = session.scalars(select(Drill.id)).one()
    messages = [
        OutboxMessage(
            dedup=f"{kind}:{number}:{account.id}",
            kind=kind,
            account_id=account.id,
            drill_id=drill_id,
        )
        for number in range(times)
    ]
    session.add_all(messages)
    session.commit()
    return messages[0].id


def _message(session: Session, message_id: int) -> OutboxMessage:
    session.rollback()
    session.expire_all()
    return session.scalars(select(OutboxMessage).where(OutboxMessage.id == message_id)).one()


def _deliveries(session: Session) -> list[Delivery]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Delivery).order_by(Delivery.attempt)))


def _wait_is_over(session: Session) -> None:
    session.execute(text("UPDATE outbox SET due_at = now(), leased_until = NULL"))
    session.commit()


def _waits(session: Session, message_id: int) -> timedelta:
    """How far ahead of the database's clock the next attempt is."""
    due = _message(session, message_id).due_at
    now: datetime = session.scalars(select(func.now())).one()
    return due - now


def test_a_message_leaves_once_and_is_done(
    engine: Engine, system: Session, people: People, letters: Letters
):
    message_id = _queue(system, people.specialist)
    gateway = Recorder()
    relay_ = Relay(engine, Gateways(gateway), Packer(letters))
    assert relay_.sweep() == Counts(claimed=1, sent=1)
    assert relay_.sweep() == Counts()
    assert [to for to, *_ in gateway.sent] == ["specialist@example.kz"]
    message = _message(system, message_id)
    assert message.done_at is not None
    assert message.leased_until is None
    [delivery] = _deliveries(system)
    assert delivery.result == DeliveryResult.ACCEPTED
    assert delivery.finished_at is not None
    _, subject, body, reference = gateway.sent[0]
    assert delivery.reference == reference
    assert delivery.body_sha256 == sha256(f"{subject}\n\n{body}".encode()).hexdigest()


def test_each_reader_is_written_to_in_their_language_and_led_to_their_page(
    engine: Engine, system: Session, people: People, letters: Letters
):
    _queue(system, people.psychologist)
    _queue(system, people.specialist)
    gateway = Recorder()
    Relay(engine, Gateways(gateway), Packer(letters)).sweep()
    by_reader = {to: (subject, body) for to, subject, body, _ in gateway.sent}
    kk, ru = by_reader["psychologist@example.kz"], by_reader["specialist@example.kz"]
    assert kk[0] == letters.texts["referral_waits"].subject["kk"]
    assert f"{BASE_URL}/kk/school" in kk[1]
    assert ru[0] == letters.texts["referral_waits"].subject["ru"]
    assert f"{BASE_URL}/ru/psc" in ru[1]
    assert "Адам" not in "".join(kk + ru)


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_kind_is_written_in_every_language(letters: Letters, kind: str, language: str):
    stop = "/reminders/whose/secret" if kind in STOPPABLE else None
    letter = letters.write(kind, Role.PSC_SUPERVISOR, language, stop=stop)
    assert f"{BASE_URL}/{language}/psc" in letter.body
    assert "{" not in letter.body


def test_no_letter_is_written_to_a_reader_without_a_page(letters: Letters):
    for kind, role, language in [
        ("referral_waits", Role.OBSERVER, "kk"),
        ("gossip", Role.PSYCHOLOGIST, "kk"),
        ("referral_waits", Role.PSYCHOLOGIST, "uz"),
        # Without the link that stops it.
        ("reading_reminder", Role.GUARDIAN, "kk"),
    ]:
        with pytest.raises(UnwritableError):
            letters.write(kind, role, language)


def test_no_connection_is_held_while_the_gateway_is_spoken_to(
    engine: Engine, system: Session, people: People, letters: Letters
):
    held = []

    class Watcher:
        def send(self, *_: object) -> None:
            held.append(engine.pool.checkedout())  # type: ignore[attr-defined]

    _queue(system, people.specialist, times=3)
    assert Relay(engine, Gateways(Watcher()), Packer(letters)).sweep().sent == 3
    assert held == [0, 0, 0]


def test_the_attempt_is_committed_before_the_call(
    engine: Engine, system: Session, people: People, letters: Letters
):
    _queue(system, people.specialist)
    seen = []

    class Watcher:
        def send(self, *_: object) -> None:
            seen.extend((each.attempt, each.result) for each in _deliveries(system))
            system.rollback()

    Relay(engine, Gateways(Watcher()), Packer(letters)).sweep()
    assert seen == [(1, None)]


def test_many_relays_at_once_send_each_message_once(
    database_url: str, system: Session, people: People, letters: Letters
):
    _queue(system, people.specialist, times=150)
    _queue(system, people.psychologist, times=150)
    gateway = Recorder()
    start = threading.Barrier(6)

    def work() -> None:
        engine = app_engine(database_url, pool_size=1)
        own = Relay(engine, Gateways(gateway), Packer(letters), batch=7)
        start.wait()
        while own.sweep().claimed:
            pass
        engine.dispose()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gateway.sent) == 300
    assert set(Counter(reference for *_, reference in gateway.sent).values()) == {1}
    assert len(_deliveries(system)) == 300
    done = select(func.count()).where(OutboxMessage.done_at.is_not(None))
    assert system.scalars(done).one() == 300


def test_a_claim_takes_no_more_than_it_asks_for_and_the_oldest_first(
    system: Session, people: People
):
    first = _queue(system, people.specialist, times=5)
    held = relay.claim(system, 2, 60)
    assert [each.message_id for each in held] == [first, first + 1]
    assert [each.attempt for each in held] == [1, 1]


def test_who_lost_the_lease_begins_nothing(system: Session, people: People, letters: Letters):
    _queue(system, people.specialist)
    [slow] = relay.claim(system, 1, 60)
    system.commit()
    assert relay.claim(system, 1, 60) == []
    _wait_is_over(system)
    [quick] = relay.claim(system, 1, 60)
    system.commit()
    assert relay.begin_attempt(system, slow, Packer(letters), 60) is None
    assert relay.begin_attempt(system, quick, Packer(letters), 60) is not None


def test_a_late_refusal_does_not_disturb_the_one_who_holds_it_now(
    system: Session, people: People, letters: Letters
):
    message_id = _queue(system, people.specialist)
    [slow] = relay.claim(system, 1, 60)
    late = relay.begin_attempt(system, slow, Packer(letters), 60)
    assert late is not None
    system.commit()
    _wait_is_over(system)
    [quick] = relay.claim(system, 1, 60)
    system.commit()
    relay.finish_attempt(system, late, DeliveryResult.FAILED)
    system.commit()
    assert _message(system, message_id).leased_until is not None
    assert relay.begin_attempt(system, quick, Packer(letters), 60) is not None


def test_a_late_yes_still_ends_the_message(system: Session, people: People, letters: Letters):
    message_id = _queue(system, people.specialist)
    [slow] = relay.claim(system, 1, 60)
    late = relay.begin_attempt(system, slow, Packer(letters), 60)
    assert late is not None
    system.commit()
    _wait_is_over(system)
    [quick] = relay.claim(system, 1, 60)
    relay.finish_attempt(system, late, DeliveryResult.ACCEPTED)
    system.commit()
    assert _message(system, message_id).done_at is not None
    assert relay.begin_attempt(system, quick, Packer(letters), 60) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from tirek.catalog.messages import load_messages
from tirek.config import ROOT
from tirek.gateways.mail import FolderMail
from tirek.services.letters import Letters
from tirek.services.parcels import Packer
from tirek.storage.session import app_engine
from tirek.tasks.gateways import Gateways
from tirek.tasks.relay import Relay

url, folder = sys.argv[1:]

class Deadly(FolderMail):
    def send(self, to, subject, body, reference, stop_url=None):
        super().send(to, subject, body, reference)
        os.kill(os.getpid(), signal.SIGKILL)

letters = Letters(load_messages(ROOT / "protocols"), "https://tirek.example.kz")
ways = Gateways(Deadly(Path(folder), "tirek@example.kz"))
Relay(app_engine(url), ways, Packer(letters), lease_seconds=1).sweep()
"""


def test_a_relay_killed_between_sending_and_recording_leaves_no_double(
    engine: Engine,
    database_url: str,
    system: Session,
    people: People,
    letters: Letters,
    tmp_path: Path,
):
    message_id = _queue(system, people.specialist)
    folder = tmp_path / "mail"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, folder],
        env={"PYTHONPATH": str(ROOT / "platform")},
        check=False,
    )
    assert killed.returncode == -9
    assert _message(system, message_id).done_at is None
    [unknown] = _deliveries(system)
    assert unknown.result is None

    system.execute(text("SELECT pg_sleep(1.1)"))  # the lease of the dead
    system.rollback()
    gateway = FolderMail(folder, "tirek@example.kz")
    assert Relay(engine, Gateways(gateway), Packer(letters)).sweep().sent == 1
    first, second = _deliveries(system)
    assert (first.result, second.result) == (None, DeliveryResult.ACCEPTED)
    assert first.reference == second.reference
    assert [path.name for path in folder.iterdir()] == [f"{first.reference}.eml"]


def _relay(engine: Engine, letters: Letters, error: MailError | None) -> tuple[Relay, Recorder]:
    gateway = Recorder(error)
    return Relay(engine, Gateways(gateway), Packer(letters)), gateway


def test_a_refusal_is_recorded_and_tried_again_later_and_later(
    engine: Engine, system: Session, people: People, letters: Letters
):
    message_id = _queue(system, people.specialist)
    refusing, gateway = _relay(engine, letters, MailError("the server answered 550"))
    waits = []
    for _ in range(7):
        assert refusing.sweep() == Counts(claimed=1, failed=1)
        waits.append(max(0, round(_waits(system, message_id).total_seconds())))
        # The first repeat is due at once.
        assert len(waits) == 1 or refusing.sweep() == Counts()
        _wait_is_over(system)
    assert waits == pytest.approx([0, 30, 60, 120, 300, 300, 300], abs=2)
    assert {each.result for each in _deliveries(system)} == {DeliveryResult.FAILED}
    assert len({reference for *_, reference in gateway.sent}) == 1


def test_silence_is_kept_as_unknown_and_tried_again_under_the_same_reference(
    engine: Engine, system: Session, people: People, letters: Letters
):
    _queue(system, people.specialist)
    silent, first = _relay(engine, letters, MailOutcomeUnknownError("no answer"))
    assert silent.sweep() == Counts(claimed=1, unknown=1)
    assert [each.result for each in _deliveries(system)] == [None]
    _wait_is_over(system)
    answering, second = _relay(engine, letters, None)
    assert answering.sweep().sent == 1
    assert first.sent[0][3] == second.sent[0][3]


def test_after_many_refusals_somebody_must_look_but_it_is_never_given_up(
    engine: Engine, system: Session, people: People, letters: Letters
):
    message_id = _queue(system, people.specialist)
    refusing, _ = _relay(engine, letters, MailError("the server answered 550"))
    for _ in range(STUCK_AFTER - 1):
        refusing.sweep()
        _wait_is_over(system)
    assert _message(system, message_id).stuck_at is None
    refusing.sweep()
    first_stuck = _message(system, message_id).stuck_at
    assert first_stuck is not None

    _wait_is_over(system)
    assert refusing.sweep() == Counts()  # the quick sweep leaves it to the slow one
    assert refusing.sweep(is_stuck_too=True) == Counts(claimed=1, failed=1)
    assert _message(system, message_id).stuck_at == first_stuck

    _wait_is_over(system)
    mended, _ = _relay(engine, letters, None)
    assert mended.sweep(is_stuck_too=True).sent == 1
    message = _message(system, message_id)
    assert message.done_at is not None
    assert message.stuck_at is None


def test_what_cannot_be_sent_is_marked_for_a_person_and_holds_up_nothing(
    engine: Engine, system: Session, people: People, letters: Letters
):
    unknown_kind = _queue(system, people.psychologist, kind="gossip")
    closed = _queue(system, people.psychologist)
    fine = _queue(system, people.specialist)
    people.psychologist.is_active = False
    system.commit()
    counts = Relay(engine, Gateways(Recorder()), Packer(letters)).sweep()
    assert counts == Counts(claimed=3, sent=1, skipped=2)
    assert _message(system, unknown_kind).stuck_at is not None
    assert _message(system, closed).stuck_at is not None
    assert _message(system, fine).done_at is not None
    # Nothing left the house, so there is no attempt to show either.
    assert [each.outbox_id for each in _deliveries(system)] == [fine]


def _until(condition: object, seconds: float = 10) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():  # type: ignore[operator]
            return
        pause.wait(0.02)
    pytest.fail("it did not happen in time")


def _loop(own: Relay, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=own.run, args=(stop, 0.05))
    thread.start()
    return thread


def test_the_loop_sends_what_comes_and_outlives_a_database_that_drops_it(
    database_url: str,
    engine: Engine,
    owner: Engine,
    system: Session,
    people: People,
    letters: Letters,
):
    gateway = Recorder()
    stop = threading.Event()
    own = app_engine(database_url)
    thread = _loop(Relay(own, Gateways(gateway), Packer(letters)), stop)
    try:
        _queue(system, people.specialist)
        _until(lambda: len(gateway.sent) == 1)
        with owner.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        system.invalidate()
        engine.dispose()
        with open_session(engine, Scope.system()) as session:
            _queue(session, people.psychologist)
        _until(lambda: len(gateway.sent) == 2)
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join()
        own.dispose()


def test_the_loop_makes_room_for_this_school_year_and_the_next(
    engine: Engine, owner: Engine, letters: Letters
):
    partitions = text(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass"
    )
    with owner.begin() as connection:
        for parent in ("responses", "administrations", "audit_entries"):
            names = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent"
            parts = connection.scalars(text(f"{names} = to_regclass(:name)"), {"name": parent})
            for part in parts.all():
                connection.execute(text(f"DROP TABLE {part} CASCADE"))
        assert connection.scalar(partitions) == 0
    stop = threading.Event()
    thread = _loop(Relay(engine, Gateways(Recorder()), Packer(letters)), stop)

    def is_made() -> bool:
        with owner.connect() as connection:
            return connection.scalar(partitions) == 2

    try:
        _until(is_made)
    finally:
        stop.set()
        thread.join()


def test_a_gateway_is_all_a_relay_asks_for():
    gateway: MailGateway = Recorder()
    assert gateway.send("a", "b", "c", UUID(int=1)) is None
