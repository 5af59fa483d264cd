"""What must leave the house after the commit: rows in the outbox, ids only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, bindparam, func
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.delivery import Channel
from tirek.services.unit import Unit
from tirek.storage.models import OutboxMessage

UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one addressee (account, server or authority) about one thing.

    `occasion` names what it is about: the same one to the same addressee is queued once. With
    `only_unseen` it is dropped when the referral has been opened before it falls due.
    """

    kind: str
    occasion: str
    account_id: UUID | None = None
    endpoint_id: UUID | None = None
    authority_id: UUID | None = None
    referral_id: UUID | None = None
    notice_id: UUID | None = None
    drill_id: UUID | None = None
    booking_id: UUID | None = None
    help_request_id: UUID | None = None
    errand_id: UUID | None = None
    answer_upload_id: UUID | None = None
    deadline_id: UUID | None = None
    channel: Channel = Channel.MAIL
    after: timedelta = timedelta()
    only_unseen: bool = False

    @property
    def dedup(self) -> str:
        """What makes it one message: kind, occasion, addressee, and the channel beside mail."""
        addressee = self.account_id or self.endpoint_id or self.authority_id
        on = "" if self.channel is Channel.MAIL else f":{self.channel}"
        return f"{self.kind}:{self.occasion}:{addressee}{on}"


# Rows apart from the statement, which is then built only once.
_QUEUE = (
    insert(OutboxMessage)
    .values(due_at=func.now() + bindparam("after", type_=Interval))
    .on_conflict_do_nothing()
)


def queue(unit: Unit, messages: Iterable[Message]) -> None:
    """Put messages into the outbox; they leave only after the commit, and each only once."""
    rows = [_row(message) for message in messages]
    if rows:
        unit.session.execute(_QUEUE, rows)


def _row(message: Message) -> dict[str, object]:
    return {
        "dedup": message.dedup,
        "kind": message.kind,
        "referral_id": message.referral_id,
        "notice_id": message.notice_id,
        "drill_id": message.drill_id,
        "booking_id": message.booking_id,
        "help_request_id": message.help_request_id,
        "errand_id": message.errand_id,
        "answer_upload_id": message.answer_upload_id,
        "deadline_id": message.deadline_id,
        "account_id": message.account_id,
        "endpoint_id": message.endpoint_id,
        "authority_id": message.authority_id,
        "channel": message.channel.value,
        "condition": UNSEEN if message.only_unseen else None,
        "after": message.after,
        "attempts": 0,
    }
