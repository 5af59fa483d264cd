"""A receipt that comes while the carrier's own answer is being recorded: neither is refused."""

import threading
import time
from queue import Queue
from uuid import UUID, uuid4

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.scope import Scope
from tirek.services import receipts, relay
from tirek.services.parcels import Sms
from tirek.services.receipts import Carrier, News
from tirek.storage.models import Delivery, OutboxMessage
from tirek.storage.session import open_session


def test_whoever_records_the_answer_and_the_receipt_do_not_wait_for_each_other(
    engine: Engine, system: Session, keys: Keys
) -> None:
    world = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    system.rollback()
    message = OutboxMessage(
        dedup="the sms",
        kind="referral_waits",
        referral_id=the_leg(system, world.school.pupil).id,
        account_id=world.home.specialist.account.id,
        channel=Channel.SMS,
        attempts=1,
    )
    system.add(message)
    system.flush()
    delivery, reference = uuid4(), uuid4()
    system.add(
        Delivery(
            id=delivery,
            outbox_id=message.id,
            attempt=1,
            channel=Channel.SMS,
            account_id=message.account_id,
            provider="sms-primary",
            reference=reference,
        )
    )
    number = message.id
    system.commit()

    # The receipt has the message; whoever records the answer comes, and waits.
    system.execute(select(OutboxMessage.id).where(OutboxMessage.id == number).with_for_update())
    errors: list[Exception] = []
    processes: Queue[int] = Queue()
    sender = threading.Thread(
        target=_answered,
        args=(engine, number, delivery, reference, processes, errors),
        daemon=True,
    )
    sender.start()
    _waits(system, processes.get(timeout=20))
    news = News(reference, ReceiptStatus.DELIVERED, "their-1")
    assert receipts.record(world.unit(), Carrier(Channel.SMS, "sms-primary"), news)
    system.commit()
    sender.join(20)

    assert errors == []
    assert not sender.is_alive()
    found = system.get_one(Delivery, delivery, populate_existing=True)
    assert (found.result, found.provider_reference) == ("accepted", "their-1")


def _answered(
    engine: Engine,
    number: int,
    delivery: UUID,
    reference: UUID,
    processes: Queue[int],
    errors: list[Exception],
) -> None:
    with open_session(engine, Scope.system()) as session:
        try:
            process, now = session.execute(text("SELECT pg_backend_pid(), now()")).one()
            processes.put(process)
            parcel = Sms("+77010000001", "")
            attempt = relay.Attempt(number, 1, delivery, reference, parcel, now, "sms-primary")
            relay.finish_attempt(session, attempt, DeliveryResult.ACCEPTED, "their-1")
            session.commit()
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)


def _waits(session: Session, process: int) -> None:
    asked = text("SELECT count(*) FROM pg_locks WHERE pid = :process AND NOT granted")
    until = time.monotonic() + 20
    while not session.scalar(asked, {"process": process}):
        assert time.monotonic() < until, "the sender never came"
        time.sleep(0.05)
