"""What has happened with a referral, and who has opened it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from tirek.domain.people import Role
from tirek.domain.referral import Outcome, ReferralState
from tirek.services import referral_legs
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Account, AuditEntry, Referral, ReferralEvent

S = ReferralState


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has opened the referral, and when."""

    name: str
    role: Role
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the referral's life, or the redirect that brought it here."""

    at: datetime
    from_state: ReferralState
    to_state: ReferralState
    reason: str
    who: str | None
    outcome: Outcome | None
    note: str | None


def readers(unit: Unit, leg: Referral) -> tuple[Reader, ...]:
    """Who has opened a leg, the first one first."""
    rows = unit.session.execute(
        select(
            Account.display_name,
            Account.role,
            func.min(AuditEntry.created_at),
            func.max(AuditEntry.created_at),
            func.count(),
        )
        .join(Account, Account.id == AuditEntry.account_id)
        .where(
            AuditEntry.student_id == leg.student_id,
            AuditEntry.action == "referral.open",
            AuditEntry.entity_id == str(leg.id),
        )
        .group_by(Account.id)
        .order_by(func.min(AuditEntry.created_at))
    )
    return tuple(
        Reader(name, Role(role), first, last, times) for name, role, first, last, times in rows
    )


def steps(unit: Unit, leg: Referral) -> tuple[Step, ...]:
    """The leg's own events, after the redirect that led to it; other legs' notes stay closed."""
    rows = unit.session.execute(
        select(ReferralEvent, Account.display_name)
        .outerjoin(Account, Account.id == ReferralEvent.account_id)
        .where(
            (ReferralEvent.referral_id == leg.id)
            | (
                (ReferralEvent.referral_id == leg.parent_id)
                & (ReferralEvent.to_state == S.REDIRECTED.value)
                & (ReferralEvent.from_state != S.REDIRECTED.value)
            )
        )
        .order_by(ReferralEvent.id)
    ).all()
    return tuple(_step(unit, event, who) for event, who in rows)


def last_step(unit: Unit, leg: Referral) -> Step | None:
    """The step that brought a leg to where it stands; a signal that only joined it is none."""
    row = unit.session.execute(
        select(ReferralEvent, Account.display_name)
        .outerjoin(Account, Account.id == ReferralEvent.account_id)
        .where(
            ReferralEvent.referral_id == leg.id,
            ReferralEvent.to_state == leg.state,
            ReferralEvent.from_state != ReferralEvent.to_state,
        )
        .order_by(ReferralEvent.seq.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _step(unit, *row)


def _step(unit: Unit, event: ReferralEvent, who: str | None) -> Step:
    return Step(
        event.created_at,
        ReferralState(event.from_state),
        ReferralState(event.to_state),
        event.reason_code,
        who,
        Outcome(event.outcome) if event.outcome else None,
        _note(unit, event),
    )


def _note(unit: Unit, event: ReferralEvent) -> str | None:
    if event.note_sealed is None:
        return None
    place = (*referral_legs.NOTE_PLACE, str(event.referral_id), str(event.seq))
    return data_key(unit, event.student_id).open(event.note_sealed, *place)
