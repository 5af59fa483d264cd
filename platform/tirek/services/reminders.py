"""Reminders to go on reading: only for who asked, at most one a day, stopped by one tap.

Each is a row in the outbox in the same transaction that notes the day, so that two rounds at once,
and a round that dies, make one mail and not two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.domain.reminders import (
    LATE_HOURS,
    as_bits,
    as_weekdays,
    has_passed,
    local_hour,
    wait_within,
)
from tirek.domain.scope import Scope
from tirek.services import outbox
from tirek.services.outbox import Message
from tirek.services.unit import Unit
from tirek.storage.models import Account, OutboxMessage, ReminderWish
from tirek.storage.session import within_scope
from tirek.storage.vault import Vault

KIND = "reading_reminder"
# 128 bits.
SECRET_HEX = 32


@dataclass(frozen=True, slots=True)
class Wish:
    """On which weekdays (Monday is 0) and from what hour somebody wants to be reminded."""

    weekdays: Sequence[int]
    hour: int


def own(unit: Unit) -> Wish | None:
    """The wish of whoever acts; None: nothing is sent."""
    row = unit.session.get(ReminderWish, unit.actor.account_id, populate_existing=True)
    return None if row is None else Wish(as_weekdays(row.weekdays), row.hour)


def can_be_sent(unit: Unit) -> bool:
    """Whether the address of whoever acts is proved: before that nothing is sent to it."""
    proved = select(Account.verified_at).where(Account.id == unit.actor.account_id)
    return unit.session.scalars(proved).one_or_none() is not None


def choose(unit: Unit, wish: Wish) -> None:
    """Ask for reminders, or for other days; today is left out once its hour has come."""
    now = local_hour(unit.now())
    chosen = {"weekdays": as_bits(wish.weekdays), "hour": wish.hour}
    today = now.day if has_passed(now, wish.weekdays, wish.hour) else None
    row = insert(ReminderWish).values(account_id=unit.actor.account_id, last_on=today, **chosen)
    unit.session.execute(
        row.on_conflict_do_update(
            index_elements=["account_id"],
            # What was sent today stays sent. GREATEST passes over what is not known.
            set_={**chosen, "last_on": func.greatest(ReminderWish.last_on, row.excluded.last_on)},
        )
    )


def stop(unit: Unit) -> None:
    """Remind whoever acts no longer."""
    _forget(unit.session, unit.actor.account_id)


def stop_secret(vault: Vault, account_id: UUID) -> str:
    """What the link in a mail bears beside the account: it opens nothing and only stops."""
    return vault.index(f"stop reminders {account_id}").hex()[:SECRET_HEX]


def check_link(unit: Unit, account_id: UUID, secret: str) -> None:
    """Raise `NotFoundError` unless the link is one that we sent."""
    if not compare_digest(stop_secret(unit.vault, account_id).encode(), secret.encode()):
        raise NotFoundError("reminder link", account_id)


def stop_by_link(unit: Unit, account_id: UUID, secret: str) -> None:
    """Stop the reminders of the account in a link, without a login; twice is the same as once."""
    check_link(unit, account_id, secret)
    with within_scope(unit.session, Scope.guardian(account_id)):
        _forget(unit.session, account_id)


def queue_due(unit: Unit, now: datetime, limit: int) -> int:
    """Queue a mail for each wish of this hour that had none today; says how many at most `limit`.

    The mails are spread over what is left of the hour.
    """
    hour = local_hour(now)
    if hour.is_quiet:
        return 0
    due = unit.session.execute(
        select(ReminderWish.account_id, Account.number)
        .join(Account, Account.id == ReminderWish.account_id)
        .where(
            Account.role == Role.GUARDIAN.value,
            Account.is_active,
            Account.verified_at.is_not(None),
            ReminderWish.weekdays.bitwise_and(hour.weekday_bit) != 0,
            ReminderWish.hour.between(hour.hour - LATE_HOURS, hour.hour),
            or_(ReminderWish.last_on.is_(None), ReminderWish.last_on < hour.day),
        )
        .order_by(ReminderWish.account_id)
        .limit(limit)
        .with_for_update(of=ReminderWish, skip_locked=True)
    ).all()
    if not due:
        return 0
    unit.session.execute(
        update(ReminderWish)
        .where(ReminderWish.account_id.in_([row.account_id for row in due]))
        .values(last_on=hour.day)
        .execution_options(synchronize_session=False)
    )
    outbox.queue(
        unit,
        [
            Message(
                KIND,
                hour.day.isoformat(),
                account_id=row.account_id,
                after=wait_within(hour, row.number),
            )
            for row in due
        ],
    )
    return len(due)


def is_unwanted(session: Session, message: OutboxMessage) -> bool:
    """Whether a queued reminder must not leave: it was stopped, it is night, or its day is over."""
    if session.get(ReminderWish, message.account_id, populate_existing=True) is None:
        return True
    now = local_hour(session.scalars(select(func.now())).one())
    return now.is_quiet or local_hour(message.created_at).day != now.day


def _forget(session: Session, account_id: UUID | None) -> None:
    session.execute(delete(ReminderWish).where(ReminderWish.account_id == account_id))
