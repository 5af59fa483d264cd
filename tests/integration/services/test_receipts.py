"""What carriers say later: recorded once, and believed from those alone who carried it."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.services import relay
from tirek.services.letters import Letters
from tirek.services.parcels import PHONE, Packer
from tirek.services.receipts import Carrier, News, record
from tirek.storage.models import Delivery, Endpoint, OutboxMessage, Receipt, ReferralEvent

PRIMARY = Carrier(Channel.SMS, "sms-primary")
BACKUP = Carrier(Channel.SMS, "sms-backup")


@dataclass
class Sent:
    """An SMS to a specialist that a referral waits, and the attempts on it."""

    world: World
    session: Session
    message_id: int
    reference: UUID

    def attempt(
        self,
        result: DeliveryResult | None,
        provider: str = "sms-primary",
        theirs: str | None = "their-1",
        reference: UUID | None = None,
    ) -> UUID:
        number = self.session.scalars(select(func.count()).select_from(Delivery)).one() + 1
        message = self.message()
        message.attempts = number
        made = Delivery(
            outbox_id=self.message_id,
            attempt=number,
            channel=message.channel,
            account_id=message.account_id,
            provider=provider if message.channel == "sms" else None,
            provider_reference=theirs,
            reference=reference or self.reference,
            finished_at=None if result is None else self.world.unit().now(),
            result=result.value if result else None,
        )
        self.session.add(made)
        self.session.flush()
        if result is DeliveryResult.ACCEPTED:
            message.done_at, message.stuck_at = self.world.unit().now(), None
        self.session.commit()
        return made.id

    def news(
        self,
        status: ReceiptStatus = ReceiptStatus.DELIVERED,
        theirs: str | None = "their-1",
        reference: UUID | None = None,
    ) -> News:
        return News(reference or self.reference, status, theirs)

    def record(self, carrier: Carrier, news: News) -> bool:
        found = record(self.world.unit(), carrier, news)
        self.session.commit()
        return found

    def message(self) -> OutboxMessage:
        self.session.rollback()
        self.session.expire_all()
        return self.session.get_one(OutboxMessage, self.message_id)

    def receipts(self) -> list[tuple[UUID, str, str | None]]:
        self.session.rollback()
        rows = select(Receipt.delivery_id, Receipt.status, Receipt.provider_reference)
        return [tuple(row) for row in self.session.execute(rows.order_by(Receipt.id))]


@pytest.fixture
def sent(engine: Engine, system: Session, keys: Keys) -> Sent:
    world = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    system.rollback()
    leg = the_leg(system, world.school.pupil)
    specialist = world.home.specialist.account
    specialist.phone_sealed = world.vault.seal_secret("+77010000001", *PHONE, str(specialist.id))
    made = OutboxMessage(
        dedup="the sms",
        kind="referral_waits",
        referral_id=leg.id,
        account_id=specialist.id,
        channel=Channel.SMS,
    )
    system.add(made)
    system.commit()
    return Sent(world, system, made.id, uuid4())


def the_state(sent: Sent) -> str:
    sent.session.rollback()
    sent.session.expire_all()
    return the_leg(sent.session, sent.world.school.pupil).state


def test_a_receipt_is_recorded_and_the_referral_is_delivered(sent: Sent) -> None:
    delivery = sent.attempt(DeliveryResult.ACCEPTED)
    assert the_state(sent) == "routed"
    assert sent.record(PRIMARY, sent.news())
    assert sent.receipts() == [(delivery, "delivered", "their-1")]
    assert the_state(sent) == "delivered"
    event = sent.session.scalars(
        select(ReferralEvent).order_by(ReferralEvent.seq.desc()).limit(1)
    ).one()
    assert (event.actor_kind, event.reason_code, event.account_id) == ("system", "receipt", None)


def test_told_twice_it_is_recorded_once(sent: Sent) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    assert sent.record(PRIMARY, sent.news())
    assert not sent.record(PRIMARY, sent.news())
    assert len(sent.receipts()) == 1


def test_after_three_days_it_is_still_recorded(sent: Sent, owner: Engine) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    with owner.begin() as connection:
        connection.execute(text("UPDATE deliveries SET started_at = now() - interval '3 days'"))
    assert sent.record(PRIMARY, sent.news())
    assert len(sent.receipts()) == 1


def test_a_message_that_we_never_sent_is_not_found(sent: Sent) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    with pytest.raises(NotFoundError):
        sent.record(PRIMARY, sent.news(reference=uuid4()))
    assert sent.receipts() == []


@pytest.mark.parametrize(
    "carrier",
    [
        BACKUP,
        Carrier(Channel.MAIL, "sms-primary"),
        Carrier(Channel.SMS),
        Carrier(Channel.FHIR, endpoint_id=uuid4()),
        Carrier(Channel.SMS, "sms-primary", uuid4()),
    ],
)
def test_who_did_not_carry_it_is_not_believed(sent: Sent, carrier: Carrier) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    with pytest.raises(ConflictError):
        sent.record(carrier, sent.news())
    assert sent.receipts() == []
    assert the_state(sent) == "routed"


def test_a_receipt_under_another_name_is_not_believed(sent: Sent) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    with pytest.raises(ConflictError):
        sent.record(PRIMARY, sent.news(theirs="somebody else's"))
    assert sent.receipts() == []


def test_it_proves_that_an_attempt_without_an_answer_had_been_taken(sent: Sent) -> None:
    delivery = sent.attempt(None, theirs=None)
    assert sent.message().done_at is None
    assert sent.record(PRIMARY, sent.news(theirs="their-7"))
    assert sent.message().done_at is not None
    found = sent.session.get_one(Delivery, delivery)
    assert (found.result, found.provider_reference) == ("accepted", "their-7")
    assert found.finished_at is not None


def test_each_attempt_has_its_own_carrier(sent: Sent) -> None:
    first = sent.attempt(None, theirs=None)
    second = sent.attempt(DeliveryResult.ACCEPTED, "sms-backup", "their-2")
    assert sent.record(BACKUP, sent.news(theirs="their-2"))
    assert sent.record(PRIMARY, sent.news(theirs="their-1"))
    assert [delivery for delivery, *_ in sent.receipts()] == [second, first]


def test_what_will_not_arrive_is_opened_again_under_a_new_reference(sent: Sent) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    assert sent.record(PRIMARY, sent.news(ReceiptStatus.FAILED))
    message = sent.message()
    assert message.done_at is None
    assert message.stuck_at is not None
    assert message.due_at <= sent.world.unit().now()
    [held] = relay.claim(sent.session, 1, 60, is_stuck_too=True)
    assert held.message_id == sent.message_id
    packer = Packer(Letters(the_catalog().messages, "https://x"), sent.world.vault)
    names = {Channel.SMS: ("sms-primary", "sms-backup")}
    again = relay.begin_attempt(sent.session, held, packer, 60, names)
    assert again is not None
    assert again.reference != sent.reference
    # It is the other one's turn.
    assert again.provider == "sms-backup"
    sent.session.rollback()


def test_the_second_time_it_waits_for_a_person(sent: Sent) -> None:
    other = uuid4()
    sent.attempt(DeliveryResult.ACCEPTED)
    sent.record(PRIMARY, sent.news(ReceiptStatus.FAILED))
    sent.attempt(DeliveryResult.ACCEPTED, "sms-backup", "their-2", other)
    sent.record(BACKUP, sent.news(ReceiptStatus.FAILED, "their-2", other))
    message = sent.message()
    assert message.stuck_at is not None
    assert (message.due_at - sent.world.unit().now()).total_seconds() > 3000


def test_a_late_no_does_not_undo_what_has_been_sent_since_or_has_arrived(sent: Sent) -> None:
    other = uuid4()
    sent.attempt(DeliveryResult.ACCEPTED)
    sent.attempt(DeliveryResult.ACCEPTED, "sms-backup", "their-2", other)
    sent.record(PRIMARY, sent.news(ReceiptStatus.FAILED))
    assert sent.message().done_at is not None
    sent.record(BACKUP, sent.news(ReceiptStatus.DELIVERED, "their-2", other))
    sent.record(BACKUP, sent.news(ReceiptStatus.FAILED, "their-2", other))
    assert sent.message().done_at is not None


def test_on_its_way_is_recorded_and_changes_nothing(sent: Sent) -> None:
    sent.attempt(DeliveryResult.ACCEPTED)
    assert sent.record(PRIMARY, sent.news(ReceiptStatus.TEMPORARY))
    assert the_state(sent) == "routed"
    assert sent.record(PRIMARY, sent.news())
    assert [status for _, status, _ in sent.receipts()] == ["temporary", "delivered"]


def test_a_receipt_of_news_to_the_sender_delivers_no_referral(sent: Sent) -> None:
    made = replace(sent, message_id=_news_to_the_sender(sent))
    made.attempt(DeliveryResult.ACCEPTED)
    assert made.record(PRIMARY, made.news())
    assert the_state(sent) == "routed"


def _news_to_the_sender(sent: Sent) -> int:
    sent.session.rollback()
    made = OutboxMessage(
        dedup="news",
        kind="referral_news",
        referral_id=sent.message().referral_id,
        account_id=sent.world.school.psychologist.account.id,
        channel=Channel.SMS,
    )
    sent.session.add(made)
    sent.session.commit()
    return made.id


def test_a_receivers_server_speaks_for_its_own_messages_alone(sent: Sent) -> None:
    ours, theirs = (
        _endpoint(sent, center.id) for center in (sent.world.home, sent.world.neighbour)
    )
    made = OutboxMessage(
        dedup="task",
        kind="referral_waits",
        referral_id=sent.message().referral_id,
        endpoint_id=ours,
        channel=Channel.FHIR,
    )
    sent.session.add(made)
    sent.session.commit()
    task = replace(sent, message_id=made.id)
    task.attempt(DeliveryResult.ACCEPTED, theirs="Task/1")
    with pytest.raises(ConflictError):
        task.record(Carrier(Channel.FHIR, endpoint_id=theirs), task.news(theirs="Task/1"))
    assert task.record(Carrier(Channel.FHIR, endpoint_id=ours), task.news(theirs="Task/1"))
    assert the_state(sent) == "delivered"
    # A no of a server that has read it is for the ladder; the same words again would not help.
    no = task.news(ReceiptStatus.FAILED, "Task/1")
    assert task.record(Carrier(Channel.FHIR, endpoint_id=ours), no)
    assert task.message().done_at is not None


def _endpoint(sent: Sent, center_id: UUID) -> UUID:
    made = Endpoint(
        support_center_id=center_id,
        kind="fhir",
        url="https://fhir.example.kz",
        secret_sealed=b"sealed",
        token_hash=uuid4().bytes,
    )
    sent.session.add(made)
    sent.session.commit()
    return made.id
