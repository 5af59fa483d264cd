"""F12: a provider of SMS that fails, hangs, or says what is not so; and what is then done."""

import asyncio
import os
import time
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text

from tests.faults.service import HOST
from tests.faults.site import Site
from tests.faults.sitting import Sitting, a_plan
from tests.gateways.stubs import Mode, Stub, Taken, running
from tests.http import run
from tirek.services.parcels import PHONE
from tirek.storage.session import owner_engine

NUMBER = "+77010000001"
SECRETS = {"PRIMARY": "p" * 40, "BACKUP": "b" * 40}
FLAGGED = 3
# The promise is two minutes after nobody has opened it; a hanging provider costs some of them.
SECONDS = 90
# A provider that hangs costs a minute; tests/gateways tries the same on stubs every time.
LONG = pytest.mark.skipif(
    os.environ.get("TIREK_FAULTS") != "long", reason="a minute; TIREK_FAULTS=long"
)


@pytest.fixture
def phone(site: Site) -> Iterator[None]:
    """The specialist's number is known for as long as a test lasts."""
    account = site.world.home.specialist.account
    sealed = site.world.vault.seal_secret(NUMBER, *PHONE, str(account.id))
    _set_phone(site, sealed)
    yield
    _set_phone(site, None)


def _set_phone(site: Site, sealed: bytes | None) -> None:
    with site.session() as session:
        session.execute(
            text("UPDATE accounts SET phone_sealed = :sealed WHERE id = :id"),
            {"sealed": sealed, "id": site.world.home.specialist.account.id},
        )


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("mode", [Mode.ERROR, pytest.param(Mode.HANG, marks=LONG)])
def test_what_one_provider_does_not_take_the_other_one_does(
    site: Site, random: Random, mode: Mode
) -> None:
    with running(mode) as primary, running() as backup:
        ids = _finish(site, random, primary, backup)
        took = _all_sent(site, ids)
        sent = _messages(site, ids)
        print(f"{mode}: {len(sent)} SMS in {took:.1f} s, {primary.store.calls} calls of the sick")
        assert primary.store.calls
        assert {message.accepted for message in sent} == {1}
        # What hangs had taken it all the same: its receipt says so before it answers.
        arrived = {"sms-backup"} if mode is Mode.ERROR else {"sms-primary", "sms-backup"}
        assert {message.provider for message in sent} <= arrived
        _until(lambda: {message.receipts for message in _messages(site, ids)} == {1})
        assert {message.state for message in _messages(site, ids)} == {"delivered"}


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "mode",
    [Mode.NO_RECEIPT, Mode.WRONG_RECEIPT, Mode.RECEIPT_TWICE],
)
def test_receipts_are_recorded_once_when_they_are_true_and_not_at_all_when_not(
    site: Site, random: Random, mode: Mode
) -> None:
    times = {Mode.NO_RECEIPT: 0, Mode.WRONG_RECEIPT: 1, Mode.RECEIPT_TWICE: 2}[mode]
    recorded, status = (1, 200) if mode is Mode.RECEIPT_TWICE else (0, 404)
    with running(mode) as primary, running(mode) as backup:
        ids = _finish(site, random, primary, backup)
        _all_sent(site, ids)
        taken = [(stub, each) for stub in (primary, backup) for each in _taken(stub)]
        _until(lambda: len(_answers(primary, backup)) == times * len(taken))
        assert set(_answers(primary, backup)) <= {status}
        assert {message.receipts for message in _messages(site, ids)} == {recorded}
        # Late, and for all of them.
        for stub, each in taken:
            said = {"id": each.own_reference, "reference": each.key, "status": "delivered"}
            assert stub.say(said) == 200
        assert {message.receipts for message in _messages(site, ids)} == {1}


def _finish(site: Site, random: Random, primary: Stub, backup: Stub) -> list[UUID]:
    """Pupils whom somebody must see now finish; what is due in two minutes is due."""
    _long_ago(site)
    for stub, name in ((primary, "PRIMARY"), (backup, "BACKUP")):
        stub.behaviour.receipts_url = f"http://{HOST}:{site.service.port}/api/v1/receipts/sms"
        stub.behaviour.receipts_token = SECRETS[name]
    site.service.restart(
        SMS_URL_PRIMARY=primary.url("/sms"),
        SMS_URL_BACKUP=backup.url("/sms"),
        **{f"SMS_RECEIPT_SECRET_{name}": secret for name, secret in SECRETS.items()},
    )
    pupils = site.pupils(FLAGGED, 14)
    sittings = [Sitting(site, pupil, a_plan(random, flagged=True)) for pupil in pupils]
    run(_answer(sittings))
    site.time_passes()
    return [pupil.id for pupil in pupils]


async def _answer(sittings: list[Sitting]) -> None:
    await asyncio.gather(*(sitting.go_on() for sitting in sittings))
    for sitting in sittings:
        await sitting.close()


def _all_sent(site: Site, ids: list[UUID]) -> float:
    begun = time.monotonic()
    _until(lambda: all(message.is_done for message in _messages(site, ids)), SECONDS)
    return time.monotonic() - begun


def _messages(site: Site, ids: list[UUID]) -> list[Row[Any]]:
    """What somebody was told by SMS about these pupils, and how that went."""
    with site.session() as session:
        rows = session.execute(
            text(
                "SELECT o.id, o.done_at IS NOT NULL AS is_done, max(r.state) AS state,"
                " count(d.id) FILTER (WHERE d.result = 'accepted') AS accepted,"
                " max(d.provider) FILTER (WHERE d.result = 'accepted') AS provider,"
                " count(t.id) AS receipts"
                " FROM outbox o JOIN referrals r ON r.id = o.referral_id"
                " LEFT JOIN deliveries d ON d.outbox_id = o.id"
                " LEFT JOIN receipts t ON t.delivery_id = d.id"
                " WHERE o.channel = 'sms' AND r.student_id = ANY(:ids) GROUP BY o.id"
            ),
            {"ids": ids},
        ).all()
        assert len(rows) >= len(ids)
        return list(rows)


def _taken(stub: Stub) -> list[Taken]:
    with stub.store.lock:
        return list(stub.store.taken.values())


def _answers(*stubs: Stub) -> list[int]:
    return [answer for stub in stubs for answer in stub.store.answers]


def _long_ago(site: Site) -> None:
    """What providers did in tests before is forgotten."""
    owner = owner_engine(site.database.start().url())
    with owner.begin() as connection:
        connection.execute(text("UPDATE deliveries SET started_at = now() - interval '1 hour'"))
    owner.dispose()


def _until(is_so: object, within: float = 30) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
