"""An immediate referral leaves by every channel, to servers that really listen and really fail."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, acting, the_leg
from tests.gateways.stubs import HOST, SECRET, Mode, Stub, running, until
from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.delivery import Channel, ReceiptStatus
from tirek.domain.errors import NotFoundError
from tirek.domain.fhir import read_task
from tirek.domain.people import Role
from tirek.gateways.fhir import HttpFhir
from tirek.gateways.http import HttpPoster
from tirek.gateways.mail import FolderMail
from tirek.gateways.sms import BACKUP, PRIMARY, HttpSms
from tirek.gateways.webhook import HttpWebhook
from tirek.services import referral_steps
from tirek.services.letters import Letters
from tirek.services.parcels import PHONE, Packer
from tirek.services.parcels import SECRET as SECRET_PLACE
from tirek.services.receipts import Carrier, News, record
from tirek.storage.models import Delivery, Endpoint, OutboxMessage, Provider
from tirek.tasks.gateways import Gateways
from tirek.tasks.relay import Job, Relay

NUMBER = "+77010000001"
POSTER = HttpPoster(frozenset({HOST}), timeout=0.5)


@dataclass
class Outside:
    """The world, what surrounds it, and the relay between them."""

    world: World
    session: Session
    owner: Engine
    relay: Relay
    primary: Stub
    backup: Stub
    server: Stub
    endpoints: dict[str, UUID]

    def minutes_pass(self) -> None:
        with self.owner.begin() as connection:
            connection.execute(text("UPDATE outbox SET due_at = now(), leased_until = NULL"))

    def attempts(self, channel: Channel) -> list[tuple[str | None, str | None, str | None]]:
        self.session.rollback()
        rows = select(Delivery.provider, Delivery.result, Delivery.provider_reference)
        rows = rows.where(Delivery.channel == channel).order_by(Delivery.attempt)
        return [tuple(row) for row in self.session.execute(rows)]

    def message(self, channel: Channel) -> OutboxMessage:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(
            select(OutboxMessage).where(OutboxMessage.channel == channel)
        ).one()

    def state(self) -> str:
        self.session.rollback()
        self.session.expire_all()
        return the_leg(self.session, self.world.school.pupil).state

    def record(self, carrier: Carrier, news: News) -> bool:
        self.session.rollback()
        found = record(self.world.unit(), carrier, news)
        self.session.commit()
        return found


@pytest.fixture
def outside(
    engine: Engine, owner: Engine, system: Session, keys: Keys, tmp_path: Path
) -> Iterator[Outside]:
    world = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    account = world.home.specialist.account
    account.phone_sealed = world.vault.seal_secret(NUMBER, *PHONE, str(account.id))
    an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    with running() as primary, running() as backup, running() as server:
        endpoints = {
            kind: _endpoint(world, kind, server.url(f"/{kind}")) for kind in ("webhook", "fhir")
        }
        system.commit()
        gateways = Gateways(
            FolderMail(tmp_path / "mail", "tirek@example.kz"),
            {
                PRIMARY: HttpSms(primary.url("/sms"), "Tirek", POSTER),
                BACKUP: HttpSms(backup.url("/sms"), "Tirek", POSTER),
            },
            HttpWebhook(POSTER),
            HttpFhir(POSTER),
        )
        letters = Letters(world.catalog.messages, "https://tirek.example.kz")
        packer = Packer(letters, world.vault, world.catalog.protocol)
        system.add(Provider(name=PRIMARY, channel=Channel.SMS, weight=100))
        system.add(Provider(name=BACKUP, channel=Channel.SMS, weight=0))
        system.commit()
        a_pupil_answers(engine, world, SELF_HARM)
        relay = Relay(engine, gateways, packer)
        yield Outside(world, system, owner, relay, primary, backup, server, endpoints)
        system.rollback()


def _endpoint(world: World, kind: str, url: str) -> UUID:
    endpoint_id = uuid4()
    sealed = world.vault.seal_secret(SECRET.decode(), *SECRET_PLACE, str(endpoint_id))
    world.session.add(
        Endpoint(
            id=endpoint_id,
            support_center_id=world.home.id,
            kind=kind,
            url=url,
            secret_sealed=sealed,
            token_hash=uuid4().bytes,
        )
    )
    world.session.flush()
    return endpoint_id


def test_an_immediate_referral_leaves_by_every_channel_and_says_nothing(outside: Outside) -> None:
    outside.relay.sweep()
    assert not outside.primary.store.taken
    outside.minutes_pass()
    outside.relay.sweep()
    [sms] = outside.primary.store.taken.values()
    assert sms.body["to"] == NUMBER
    kinds = sorted(taken.kind for taken in outside.server.store.taken.values())
    assert kinds == ["ServiceRequest", "Task", "webhook"]
    assert outside.attempts(Channel.SMS) == [(PRIMARY, "accepted", sms.own_reference)]
    [(_, _, task)] = outside.attempts(Channel.FHIR)
    assert task is not None
    assert task.startswith("Task/")
    student = outside.world.school.pupil.student
    taken = [*outside.primary.store.taken.values(), *outside.server.store.taken.values()]
    said = json.dumps([each.body for each in taken], ensure_ascii=False)
    for secret in (student.school_code, str(student.id), "immediate", "phq", "8A", "№"):
        assert secret not in said


def test_what_somebody_has_opened_needs_no_second_channel(engine: Engine, outside: Outside) -> None:
    outside.relay.sweep()
    leg = the_leg(outside.session, outside.world.school.pupil)
    with acting(engine, outside.world, outside.world.home.specialist) as unit:
        referral_steps.mark_seen(unit, leg.id)
    outside.minutes_pass()
    outside.relay.sweep()
    assert not outside.primary.store.taken
    assert outside.message(Channel.SMS).dropped_at is not None


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.HANG, Mode.LOCKED])
def test_when_a_provider_fails_the_other_one_is_asked_at_once(outside: Outside, mode: Mode) -> None:
    outside.primary.behaviour.mode = mode
    outside.relay.sweep()
    outside.minutes_pass()
    outside.relay.sweep()
    assert outside.message(Channel.SMS).done_at is None
    # No time passes: the first repeat is due at once.
    outside.relay.sweep()
    assert outside.message(Channel.SMS).done_at is not None
    [taken] = outside.backup.store.taken.values()
    first, second = outside.attempts(Channel.SMS)
    assert first[0] == PRIMARY
    assert second == (BACKUP, "accepted", taken.own_reference)


def test_a_refusal_has_an_owner_at_once(outside: Outside) -> None:
    outside.primary.behaviour.mode = Mode.REFUSE
    outside.minutes_pass()
    outside.relay.sweep()
    message = outside.message(Channel.SMS)
    assert message.stuck_at is not None
    assert message.stuck_owner_id is not None
    assert outside.attempts(Channel.SMS) == [(PRIMARY, "refused", None)]
    assert not outside.backup.store.taken


def test_receipts_of_a_provider_count_once_and_only_when_they_are_true(outside: Outside) -> None:
    outside.primary.behaviour.mode = Mode.RECEIPT_TWICE
    outside.minutes_pass()
    outside.relay.sweep()
    until(lambda: len(outside.primary.store.receipts) == 2)
    assert outside.state() == "routed"
    wrong = News(uuid4(), ReceiptStatus.DELIVERED, "x")
    with pytest.raises(NotFoundError):
        outside.record(Carrier(Channel.SMS, PRIMARY), wrong)
    told = [
        outside.record(Carrier(Channel.SMS, PRIMARY), _news(receipt))
        for receipt in outside.primary.store.receipts
    ]
    assert told == [True, False]
    assert outside.state() == "delivered"


def test_a_provider_that_says_no_later_is_replaced_by_the_other(outside: Outside) -> None:
    outside.primary.behaviour.mode = Mode.NO_RECEIPT
    outside.minutes_pass()
    outside.relay.sweep()
    [taken] = outside.primary.store.taken.values()
    said = {"reference": taken.key, "id": taken.own_reference, "status": "failed"}
    assert outside.record(Carrier(Channel.SMS, PRIMARY), _news(said))
    assert outside.message(Channel.SMS).stuck_owner_id is not None
    outside.relay.sweep(is_stuck_too=True)
    [again] = outside.backup.store.taken.values()
    assert again.key != taken.key
    assert outside.message(Channel.SMS).done_at is not None


def test_a_receivers_server_takes_a_task_over(outside: Outside) -> None:
    outside.relay.sweep()
    task = next(each for each in outside.server.store.taken.values() if each.kind == "Task")
    news = read_task(task.body | {"id": task.own_reference, "status": "accepted"})
    carrier = Carrier(Channel.FHIR, endpoint_id=outside.endpoints["fhir"])
    assert outside.record(carrier, News(news.reference, news.receipt, news.provider_reference))
    assert outside.state() == "delivered"


def test_a_provider_that_hangs_holds_up_neither_mail_nor_clocks(
    outside: Outside, tmp_path: Path
) -> None:
    outside.primary.behaviour.mode = outside.server.behaviour.mode = Mode.HANG
    patient = HttpPoster(frozenset({HOST}), timeout=3)
    gateways = replace(
        outside.relay.gateways,
        sms={PRIMARY: HttpSms(outside.primary.url("/sms"), "Tirek", patient)},
        webhook=HttpWebhook(patient),
        fhir=HttpFhir(patient),
    )
    mail = outside.session.scalars(
        select(func.count()).where(OutboxMessage.channel == Channel.MAIL)
    ).one()
    outside.minutes_pass()
    ticks: list[float] = []
    stop = Event()
    job = Job("clocks", 0.1, lambda: ticks.append(time.monotonic()))
    relay = replace(outside.relay, gateways=gateways)
    thread = Thread(target=relay.run, args=(stop, 0.1), kwargs={"jobs": [job]})
    begun = time.monotonic()
    thread.start()
    until(lambda: len(list((tmp_path / "mail").glob("*.eml"))) == mail, 2.5)
    until(lambda: outside.primary.store.calls and outside.server.store.calls)
    while time.monotonic() - begun < 2:
        time.sleep(0.1)
    stop.set()
    thread.join()
    assert len(ticks) > 5
    assert max(b - a for a, b in pairwise(ticks)) < 1.5
    assert outside.attempts(Channel.SMS)[0] == (PRIMARY, None, None)


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.CUT])
def test_a_receivers_server_that_fails_gets_each_thing_once(outside: Outside, mode: Mode) -> None:
    outside.server.behaviour.mode = mode
    outside.relay.sweep()
    outside.server.behaviour.mode = Mode.WELL
    outside.minutes_pass()
    outside.relay.sweep()
    assert len(outside.server.store.taken) == 3
    done = outside.session.scalars(
        select(func.count()).where(
            OutboxMessage.endpoint_id.is_not(None), OutboxMessage.done_at.is_not(None)
        )
    ).one()
    assert done == 2


def _news(receipt: dict[str, str]) -> News:
    return News(UUID(receipt["reference"]), ReceiptStatus(receipt["status"]), receipt["id"])
