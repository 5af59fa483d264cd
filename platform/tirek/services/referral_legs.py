"""One leg of a case: its events, its beginning and its handing on; nothing here asks who may."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.errors import NotFoundError
from tirek.domain.ladder import Alarm
from tirek.domain.levels import Level
from tirek.domain.protocols import Due
from tirek.domain.referral import ActorKind, Outcome, ReceiverKind, ReferralState
from tirek.services import deadlines, notices
from tirek.services.posts import Place
from tirek.services.routing import Receiver
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Case, Referral, ReferralEvent

NOTE_PLACE = ("referral_events", "note_sealed")
# Every step of everybody runs these: they are built once.
_CASE_OF = select(Referral.case_id).where(Referral.id == bindparam("leg"))
_LOCK_CASE = select(Case.id).where(Case.id == bindparam("case")).with_for_update()
_LEG = (
    select(Referral)
    .where(Referral.id == bindparam("leg"))
    .execution_options(populate_existing=True)
)
_EVENT = insert(ReferralEvent)


@dataclass(frozen=True, slots=True)
class Step:
    """What an event says beside the states: who, why, and what belongs to some steps only."""

    actor: ActorKind
    reason: str
    note: str | None = None
    outcome: Outcome | None = None
    approval_id: UUID | None = None
    merged_into_id: UUID | None = None
    triage_level: Level | None = None
    level: Level | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """What a new leg begins with."""

    case_id: UUID
    student_id: UUID
    school_id: UUID
    level: Level
    receiver: Receiver
    due: Due
    origin: str
    protocol: tuple[str, str]
    sender_account_id: UUID | None = None
    parent_id: UUID | None = None
    id: UUID = field(default_factory=uuid4)


def locked(unit: Unit, referral_id: UUID) -> Referral:
    """The leg as it stands now, with its case locked.

    Steps and new signals of one child lock the case first, so they follow one another instead of
    waiting for each other's rows.
    """
    case_id = unit.session.scalars(_CASE_OF, {"leg": referral_id}).one_or_none()
    if case_id is None:
        raise NotFoundError("referral", referral_id)
    unit.session.execute(_LOCK_CASE, {"case": case_id})
    return unit.session.scalars(_LEG, {"leg": referral_id}).one()


def place_of(leg: Referral) -> Place:
    """Where a leg belongs, for the question who is to be called."""
    return Place(
        leg.student_id,
        leg.school_id,
        ReceiverKind(leg.receiver),
        leg.support_center_id,
        leg.owner_id,
    )


def add_event(unit: Unit, leg: Referral, to_state: ReferralState, step: Step) -> None:
    """Move a leg; the database refuses what its tables do not list."""
    seq = leg.version + 1
    is_system = step.actor is ActorKind.SYSTEM
    due = step.due
    row = {
        "referral_id": leg.id,
        "student_id": leg.student_id,
        "school_id": leg.school_id,
        "seq": seq,
        "from_state": leg.state,
        "to_state": to_state.value,
        "actor_kind": step.actor.value,
        "account_id": None if is_system else unit.actor.account_id,
        "reason_code": step.reason,
        "outcome": step.outcome.value if step.outcome else None,
        "note_sealed": _seal(unit, leg, seq, step.note) if step.note else None,
        "approval_id": step.approval_id,
        "merged_into_id": step.merged_into_id,
        "triage_level": step.triage_level.value if step.triage_level else None,
        "level": step.level.value if step.level else None,
        "seen_due_at": due.seen if due else None,
        "acknowledge_due_at": due.acknowledged if due else None,
        "contact_due_at": due.contact if due else None,
        "rule_version": unit.catalog.protocol.version,
    }
    unit.session.execute(_EVENT, row)
    # What the event made of it.
    unit.session.scalars(_LEG, {"leg": leg.id}).one()


def begin(unit: Unit, new: Begin, alarms: tuple[Alarm, ...] | None) -> Referral | None:
    """Open a leg and route it, with its alarms; None when an open one is there already.

    Without `alarms` the caller moves those of the leg before.
    """
    added = unit.session.execute(
        insert(Referral)
        .values(
            id=new.id,
            case_id=new.case_id,
            student_id=new.student_id,
            school_id=new.school_id,
            level=new.level.value,
            receiver=new.receiver.kind.value,
            support_center_id=new.receiver.support_center_id,
            state=ReferralState.CREATED.value,
            version=0,
            origin=new.origin,
            route_reason=new.receiver.reason,
            protocol_id=new.protocol[0],
            protocol_version=new.protocol[1],
            sender_account_id=new.sender_account_id,
            parent_id=new.parent_id,
            seen_due_at=new.due.seen,
            acknowledge_due_at=new.due.acknowledged,
            contact_due_at=new.due.contact,
        )
        .on_conflict_do_nothing()
        .returning(Referral.id)
    )
    if added.one_or_none() is None:
        return None
    leg = unit.session.scalars(select(Referral).where(Referral.id == new.id)).one()
    if alarms is not None:
        child = deadlines.Child(new.student_id, new.school_id)
        deadlines.start(unit, child, alarms, referral_id=new.id)
    add_event(unit, leg, ReferralState.ROUTED, Step(ActorKind.SYSTEM, new.receiver.reason))
    notices.tell_receiver(unit, new.id, place_of(leg), "referral_waits", level=new.level)
    if new.receiver.is_unmanned:
        notices.tell_those_above(unit, new.id, place_of(leg))
    return leg


def _seal(unit: Unit, leg: Referral, seq: int, note: str) -> bytes:
    key = data_key(unit, leg.student_id)
    return key.seal(note.strip(), *NOTE_PLACE, str(leg.id), str(seq))
