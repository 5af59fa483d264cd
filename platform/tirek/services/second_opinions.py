"""Steps that take two people: one proposes in writing, another decides."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.referral import (
    TERMINAL,
    ActorKind,
    ApprovalKind,
    Outcome,
    ReceiverKind,
    ReferralState,
)
from tirek.services import audit, notices, posts, referral_legs, referral_steps
from tirek.services.referral_legs import Step
from tirek.services.referral_steps import NotYetError, SecondPersonError
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Account, Approval, Referral

NOTE, DECISION = ("approvals", "note_sealed"), ("approvals", "decision_sealed")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposed, in their words, and what another said to it."""

    id: UUID
    kind: ApprovalKind
    level: Level | None
    proposed_by: str
    proposed_at: datetime
    note: str
    decided_by: str | None
    is_approved: bool | None
    decision: str | None
    may_decide: bool


def propose_downgrade(unit: Unit, referral_id: UUID, level: Level, reason: str) -> UUID:
    """Ask a second reader to agree that it is less urgent than the machine said."""
    leg = referral_steps.owned(unit, referral_id, reason)
    if leg.state != ReferralState.ACKNOWLEDGED or level.rank >= Level(leg.level).rank:
        raise NotYetError("acceptance")
    return _propose(unit, leg, ApprovalKind.DOWNGRADE, reason, level)


def propose_error(unit: Unit, referral_id: UUID, reason: str) -> UUID:
    """Ask a second person to agree that this was entered in error; nothing is ever deleted."""
    if not reason.strip():
        raise referral_steps.NoteMissingError("a few words are needed")
    leg = referral_steps.at_receiver(unit, referral_id)
    if ReferralState(leg.state) in TERMINAL:
        raise ConflictError("the referral has ended")
    return _propose(unit, leg, ApprovalKind.ENTERED_IN_ERROR, reason, None)


def _propose(
    unit: Unit, leg: Referral, kind: ApprovalKind, reason: str, level: Level | None
) -> UUID:
    same = select(Approval.id).where(
        Approval.referral_id == leg.id,
        Approval.kind == kind.value,
        Approval.level.is_not_distinct_from(level.value if level else None),
        Approval.decided_at.is_(None),
    )
    # The same wish twice is one proposal.
    waiting = unit.session.scalars(same.limit(1)).one_or_none()
    if waiting is not None:
        return waiting
    new_id = uuid4()
    unit.session.execute(
        insert(Approval).values(
            id=new_id,
            referral_id=leg.id,
            student_id=leg.student_id,
            school_id=leg.school_id,
            kind=kind.value,
            level=level.value if level else None,
            proposed_by=unit.actor.account_id,
            note_sealed=data_key(unit, leg.student_id).seal(reason.strip(), *NOTE, str(new_id)),
        )
    )
    audit.record(
        unit,
        f"referral.propose_{kind.value}",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )
    _tell_readers(unit, leg, new_id)
    return new_id


def decide(unit: Unit, approval_id: UUID, *, agrees: bool, reason: str) -> UUID:
    """Say yes or no to what another has proposed; returns the referral.

    An entry made in error ends with the yes. Raises `SecondPersonError` for the one who proposed.
    """
    if not reason.strip():
        raise referral_steps.NoteMissingError("a few words are needed")
    proposal = unit.session.scalars(
        select(Approval).where(Approval.id == approval_id)
    ).one_or_none()
    if proposal is None:
        raise NotFoundError("approval", approval_id)
    leg = referral_legs.locked(unit, proposal.referral_id)
    unit.session.refresh(proposal)
    if (proposal.decided_by, proposal.is_approved) == (unit.actor.account_id, agrees):
        return leg.id
    if not may_decide(unit, leg, proposal):
        raise SecondPersonError("a second person is needed")
    decided = unit.session.execute(
        update(Approval)
        .where(Approval.id == approval_id, Approval.decided_at.is_(None))
        .values(
            decided_by=unit.actor.account_id,
            decided_at=func.now(),
            is_approved=agrees,
            decision_sealed=data_key(unit, leg.student_id).seal(
                reason.strip(), *DECISION, str(approval_id)
            ),
        )
        .returning(Approval.id)
        .execution_options(synchronize_session=False)
    )
    if decided.one_or_none() is None:
        raise ConflictError("this has been decided")
    audit.record(
        unit,
        "referral.decide",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )
    if agrees and proposal.kind == ApprovalKind.ENTERED_IN_ERROR:
        _end(unit, leg, approval_id, reason)
    notices.tell_accounts(
        unit, leg.id, [proposal.proposed_by], "signal_added", f"decided:{approval_id}"
    )
    return leg.id


def _end(unit: Unit, leg: Referral, approval_id: UUID, reason: str) -> None:
    step = Step(
        ActorKind.SECOND,
        "entered_in_error",
        note=reason,
        outcome=Outcome.ENTERED_IN_ERROR,
        approval_id=approval_id,
    )
    referral_steps.take(unit, leg, ReferralState.ENTERED_IN_ERROR, step, "referral.error")
    referral_steps.tell_senders(unit, leg)


def may_decide(unit: Unit, leg: Referral, proposal: Approval) -> bool:
    """Whether this person may decide what another proposed; the database asks the same."""
    actor = unit.actor
    if proposal.decided_at is not None or proposal.proposed_by == actor.account_id:
        return False
    if leg.receiver == ReceiverKind.SCHOOL:
        is_pedagogue = actor.role is Role.SOCIAL_PEDAGOGUE and actor.school_id == leg.school_id
        return is_pedagogue or referral_steps.works_at(actor, leg)
    if not referral_steps.works_at(actor, leg):
        return False
    proposer = unit.session.get_one(Account, proposal.proposed_by)
    return Role.PSC_SUPERVISOR in {actor.role, proposer.role}


def proposals(unit: Unit, leg: Referral) -> tuple[Proposal, ...]:
    """Everything that was proposed about a referral, the latest first."""
    rows = unit.session.scalars(
        select(Approval)
        .where(Approval.referral_id == leg.id)
        .order_by(Approval.proposed_at.desc(), Approval.id)
    ).all()
    return tuple(_proposal(unit, leg, row) for row in rows)


def _proposal(unit: Unit, leg: Referral, row: Approval) -> Proposal:
    key = data_key(unit, row.student_id)
    decision = row.decision_sealed
    return Proposal(
        id=row.id,
        kind=ApprovalKind(row.kind),
        level=Level(row.level) if row.level else None,
        proposed_by=unit.session.get_one(Account, row.proposed_by).display_name,
        proposed_at=row.proposed_at,
        note=key.open(row.note_sealed, *NOTE, str(row.id)),
        decided_by=(
            unit.session.get_one(Account, row.decided_by).display_name if row.decided_by else None
        ),
        is_approved=row.is_approved,
        decision=key.open(decision, *DECISION, str(row.id)) if decision else None,
        may_decide=may_decide(unit, leg, row),
    )


def _tell_readers(unit: Unit, leg: Referral, approval_id: UUID) -> None:
    post = Post.PSC_HEAD if leg.receiver == ReceiverKind.SUPPORT_CENTER else Post.SOCIAL_PEDAGOGUE
    told = posts.holders(unit, post, referral_legs.place_of(leg))
    told = [one for one in told if one != unit.actor.account_id]
    notices.tell_accounts(unit, leg.id, told, "signal_added", f"proposed:{approval_id}")
