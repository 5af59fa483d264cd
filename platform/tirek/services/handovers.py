"""A referral goes on to somebody else: sent on, declined, joined with another, or moved along."""

from uuid import UUID

from sqlalchemy import select

from tirek.domain.errors import ConflictError, DomainError
from tirek.domain.levels import Level
from tirek.domain.protocols import Due
from tirek.domain.referral import (
    HANDED_ON,
    ActorKind,
    Outcome,
    ReceiverKind,
    ReferralState,
)
from tirek.domain.scope import Scope
from tirek.services import deadlines, legal_grounds, notices, referral_legs, referral_steps
from tirek.services.referral_legs import Begin, Step
from tirek.services.referral_steps import NotYetError
from tirek.services.routing import Receiver, next_center
from tirek.services.unit import Unit
from tirek.storage.models import Referral, SupportCenter
from tirek.storage.session import within_scope

S = ReferralState


class CenterRefusedError(DomainError):
    """A referral goes to another PSC that is open."""


class AlreadyThereError(ConflictError):
    """That PSC has an open referral about this child already."""


def redirect(unit: Unit, referral_id: UUID, version: int, center_id: UUID, reason: str) -> UUID:
    """Send it on to another PSC; this receiver stays the owner until somebody there accepts.

    The level stays, and so do the clocks. Returns the new leg's id. Raises `NotYetError`
    ("center_help_refused") where a school asks, and a guardian has said no outside danger.
    """
    leg = referral_steps.owned(unit, referral_id, reason)
    _require_no_refusal(unit, leg)
    _require_open_other(unit, leg, center_id)
    if not referral_steps.is_fresh(unit, leg, version, S.REDIRECTED, ActorKind.OWNER):
        return _next_leg(unit, leg, center_id)
    receiver = Receiver(ReceiverKind.SUPPORT_CENTER, center_id, "redirected")
    step = Step(ActorKind.OWNER, "redirected", note=reason)
    new_id = hand_on(unit, leg, S.REDIRECTED, step, receiver)
    referral_steps.tell_senders(unit, leg)
    return new_id


def decline(unit: Unit, referral_id: UUID, version: int, reason: str) -> UUID:
    """Say that it is not for this receiver: the next one is asked at once, and the sender told.

    Those above hear of it too. This receiver stays answerable until somebody accepts. Raises
    `NotYetError` ("other_center") where there is nobody else to ask: then it stays; so it does at
    a school where a guardian has said no to the centre outside danger ("center_help_refused").
    """
    if not reason.strip():
        raise referral_steps.NoteMissingError("a few words are needed")
    leg = referral_steps.at_receiver(unit, referral_id)
    _require_no_refusal(unit, leg)
    kind = ActorKind.RECEIVER
    if not referral_steps.is_fresh(unit, leg, version, S.DECLINED_BY_RECEIVER, kind):
        return _next_leg(unit, leg, None)
    receiver = next_center(unit, leg.school_id, Level(leg.level), leg.student_id, _asked(unit, leg))
    if receiver is None:
        raise NotYetError("other_center")
    receiver = Receiver(receiver.kind, receiver.support_center_id, "declined", receiver.is_unmanned)
    new_id = hand_on(
        unit, leg, S.DECLINED_BY_RECEIVER, Step(kind, "declined", note=reason), receiver
    )
    referral_steps.tell_senders(unit, leg)
    notices.tell_those_above(unit, new_id, referral_legs.place_of(leg))
    return new_id


def move_along(unit: Unit, leg: Referral, receiver: Receiver) -> UUID | None:
    """Hand a leg on by rule: a child has moved, or a conflict of interest was named.

    None where the new receiver has an open leg about the child, which it is then joined with.
    """
    step = Step(ActorKind.SYSTEM, receiver.reason)
    there = _open_leg_at(unit, leg, receiver)
    if there is not None:
        _merge(unit, leg, there, Step(ActorKind.SYSTEM, receiver.reason))
        return None
    return hand_on(unit, leg, S.REDIRECTED, step, receiver)


def merge(unit: Unit, referral_id: UUID, version: int, into_id: UUID, reason: str) -> None:
    """Join a leg with another open one of the same child, which takes the stricter clocks."""
    leg = referral_steps.owned(unit, referral_id, reason)
    kind = ActorKind.OWNER
    if not referral_steps.is_fresh(unit, leg, version, S.MERGED, kind, Outcome.MERGED):
        return
    target = unit.session.scalars(
        select(Referral).where(
            Referral.id == into_id, Referral.case_id == leg.case_id, Referral.id != leg.id
        )
    ).one_or_none()
    if target is None or target.closed_at is not None or S(target.state) in HANDED_ON:
        raise ConflictError("no open referral to join")
    _merge(unit, leg, target, Step(kind, "merged", note=reason))
    referral_steps.tell_senders(unit, leg)


def _merge(unit: Unit, leg: Referral, target: Referral, step: Step) -> None:
    """The stricter clocks and the higher level go over first, as a signal's would."""
    clocks = deadlines.running(unit, leg.id)
    due = Due(leg.seen_due_at, leg.acknowledge_due_at, leg.contact_due_at)
    joined = Step(ActorKind.SYSTEM, "signal_added", level=Level(leg.level), due=due)
    referral_legs.add_event(unit, target, S(target.state), joined)
    deadlines.join(unit, clocks, target)
    merged = Step(
        step.actor,
        step.reason,
        note=step.note,
        outcome=Outcome.MERGED,
        merged_into_id=target.id,
    )
    referral_steps.take(unit, leg, S.MERGED, merged, "referral.merge")
    place = referral_legs.place_of(target)
    level = Level(target.level)
    notices.tell_receiver(unit, target.id, place, "signal_added", str(target.version), level=level)


def hand_on(
    unit: Unit, leg: Referral, to_state: ReferralState, step: Step, receiver: Receiver
) -> UUID:
    """End a leg's turn and begin the next one with the same level and the same clocks.

    Raises `AlreadyThereError` when the receiver has an open leg about the child.
    """
    clocks = deadlines.running(unit, leg.id)
    new = Begin(
        case_id=leg.case_id,
        student_id=leg.student_id,
        school_id=leg.school_id,
        level=Level(leg.level),
        receiver=receiver,
        due=Due(leg.seen_due_at, leg.acknowledge_due_at, leg.contact_due_at),
        origin=leg.origin,
        protocol=(leg.protocol_id, leg.protocol_version),
        sender_account_id=unit.actor.account_id,
        parent_id=leg.id,
    )
    # A refusal of the second row must take the first one back, whatever the caller then does.
    with unit.session.begin_nested():
        referral_steps.take(unit, leg, to_state, step, f"referral.{to_state.value}")
        begun = referral_legs.begin(unit, new, None)
        if begun is None:
            raise AlreadyThereError("this PSC has an open referral about the child")
        deadlines.carry(unit, clocks, new.id)
        deadlines.restart_acceptance(unit, begun)
    return new.id


def _asked(unit: Unit, leg: Referral) -> list[UUID]:
    """The PSCs that have had this case already."""
    with within_scope(unit.session, Scope.system()):
        return [
            center
            for center in unit.session.scalars(
                select(Referral.support_center_id).where(Referral.case_id == leg.case_id)
            )
            if center is not None
        ]


def _require_open_other(unit: Unit, leg: Referral, center_id: UUID) -> None:
    is_open = unit.session.scalars(
        select(SupportCenter.is_open).where(SupportCenter.id == center_id)
    ).one_or_none()
    if not is_open or center_id == leg.support_center_id:
        raise CenterRefusedError("not another open PSC")


def _require_no_refusal(unit: Unit, leg: Referral) -> None:
    if legal_grounds.keeps_from_center(unit, leg):
        raise NotYetError("center_help_refused")


def _next_leg(unit: Unit, leg: Referral, center_id: UUID | None) -> UUID:
    """The leg that an equal step has already made."""
    found = select(Referral.id).where(Referral.parent_id == leg.id)
    if center_id is not None:
        found = found.where(Referral.support_center_id == center_id)
    new_id = unit.session.scalars(found).one_or_none()
    if new_id is None:
        raise ConflictError("redirected elsewhere", referral_steps.last_person(unit, leg))
    return new_id


def _open_leg_at(unit: Unit, leg: Referral, receiver: Receiver) -> Referral | None:
    return unit.session.scalars(
        select(Referral).where(
            Referral.case_id == leg.case_id,
            Referral.id != leg.id,
            Referral.closed_at.is_(None),
            Referral.state.not_in([state.value for state in HANDED_ON]),
            Referral.receiver == receiver.kind.value,
            Referral.support_center_id.is_not_distinct_from(receiver.support_center_id),
        )
    ).one_or_none()
