"""Statutory notices with their clocks, and the messages that say "look inside"."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.protocols import Addressee, LevelRule, NoticeRule
from tirek.domain.referral import ReceiverKind
from tirek.services.routing import Receiver
from tirek.services.unit import Unit
from tirek.storage.models import Account, Notice, OutboxMessage


@dataclass(frozen=True, slots=True)
class Occasion:
    """The signal that calls for notices, and when it was given."""

    case_id: UUID
    signal_id: UUID
    student_id: UUID
    school_id: UUID
    now: datetime


def open_notices(unit: Unit, occasion: Occasion, rule: LevelRule, receiver: Receiver) -> None:
    """Write down every notice the level demands; none waits for a referral or a delivery.

    One that is already waiting for this child covers a further signal: nine equal messages about
    three answers of one page would only hide each other.
    """
    waiting = _waiting(unit, occasion.case_id)
    for notice in rule.notices:
        if notice.kind in waiting:
            continue
        notice_id = _open(unit, occasion, rule, notice, receiver)
        for account_id in _accounts(unit, _readers(notice, receiver), occasion.school_id):
            _queue(unit, "notice_due", account_id, f"notice:{notice_id}", notice_id=notice_id)


def tell_receiver(
    unit: Unit,
    referral_id: UUID,
    receiver: Receiver,
    school_id: UUID,
    kind: str,
    occasion: str = "",
) -> None:
    """Queue a message to everybody at the receiver; it leaves only after the commit."""
    for account_id in _accounts(unit, receiver, school_id):
        _queue(unit, kind, account_id, f"{kind}:{referral_id}:{occasion}", referral_id=referral_id)


def tell_account(
    unit: Unit, referral_id: UUID, account_id: UUID, kind: str, occasion: str = ""
) -> None:
    """Queue a message to one person about a referral."""
    _queue(unit, kind, account_id, f"{kind}:{referral_id}:{occasion}", referral_id=referral_id)


def _waiting(unit: Unit, case_id: UUID) -> set[str]:
    """Kinds of notices that are due for this case and that nobody has confirmed.

    They are older than the signal at hand, so none of them runs out later.
    """
    return set(
        unit.session.scalars(
            select(Notice.kind).where(Notice.case_id == case_id, Notice.confirmed_at.is_(None))
        )
    )


def _open(
    unit: Unit, occasion: Occasion, rule: LevelRule, notice: NoticeRule, receiver: Receiver
) -> UUID:
    notice_id = uuid4()
    unit.session.execute(
        insert(Notice).values(
            id=notice_id,
            signal_id=occasion.signal_id,
            case_id=occasion.case_id,
            student_id=occasion.student_id,
            school_id=occasion.school_id,
            kind=notice.kind,
            level=rule.level.value,
            addressee=notice.addressee.value,
            support_center_id=(
                receiver.support_center_id if notice.addressee is Addressee.SUPPORT_CENTER else None
            ),
            legal_ground=notice.legal_ground,
            protocol_id=unit.catalog.protocol.id,
            protocol_version=unit.catalog.protocol.version,
            due_at=notice.clock.after(occasion.now),
        )
    )
    return notice_id


def _readers(notice: NoticeRule, receiver: Receiver) -> Receiver:
    """Who prepares a notice: its own addressee, or for authorities the referral's receiver."""
    if notice.addressee is Addressee.SCHOOL:
        return Receiver(ReceiverKind.SCHOOL, None, "notice")
    return receiver


def _accounts(unit: Unit, receiver: Receiver, school_id: UUID) -> list[UUID]:
    return list(
        unit.session.scalars(
            select(Account.id).where(_works_at(receiver, school_id), Account.is_active)
        )
    )


def _works_at(receiver: Receiver, school_id: UUID) -> ColumnElement[bool]:
    if receiver.kind is ReceiverKind.SUPPORT_CENTER:
        return and_(
            Account.support_center_id == receiver.support_center_id, Account.role.in_(PSC_ROLES)
        )
    return and_(Account.school_id == school_id, Account.role == Role.PSYCHOLOGIST)


def _queue(
    unit: Unit,
    kind: str,
    account_id: UUID,
    occasion: str,
    *,
    referral_id: UUID | None = None,
    notice_id: UUID | None = None,
) -> None:
    statement = insert(OutboxMessage).values(
        dedup=f"{occasion}:{account_id}",
        kind=kind,
        referral_id=referral_id,
        notice_id=notice_id,
        account_id=account_id,
        attempts=0,
    )
    unit.session.execute(statement.on_conflict_do_nothing())
