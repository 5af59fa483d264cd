"""The steps that a receiver's people take with a referral: one verb, one event, one audit row."""

from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_unless

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.people import PSC_ROLES, Actor, Role
from tirek.domain.protocols import Addressee
from tirek.domain.referral import (
    ActorKind,
    Outcome,
    ReceiverKind,
    ReferralState,
    is_allowed,
)
from tirek.services import audit, notices
from tirek.services.routing import Receiver
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Case,
    Notice,
    Referral,
    ReferralEvent,
    SupportCenter,
)

NOTE_PLACE = ("referral_events", "note_sealed")


class NotOwnerError(ConflictError):
    """The step is its owner's (`winner`), or that of a supervisor of the same PSC."""


class NoteMissingError(DomainError):
    """A few written words are needed: they are what the next person will have to go by."""


class OutcomeRefusedError(DomainError):
    """Nobody may close with this outcome: it is the rules' own, or needs a second person."""


class CenterRefusedError(DomainError):
    """A referral goes to another PSC that is open."""


class AlreadyThereError(ConflictError):
    """That PSC has an open referral about this child already."""


def works_at(actor: Actor, leg: Referral) -> bool:
    """Whether this person is one of the receiver's people."""
    if leg.receiver == ReceiverKind.SUPPORT_CENTER:
        return actor.role in PSC_ROLES and actor.support_center_id == leg.support_center_id
    return actor.role is Role.PSYCHOLOGIST and actor.school_id == leg.school_id


def may_work_on(unit: Unit, leg: Referral) -> bool:
    """Whether this person may take the owner's steps: owner, supervisor, or heir of a left post."""
    actor = unit.actor
    if actor.account_id == leg.owner_id or actor.role is Role.PSC_SUPERVISOR:
        return True
    active = unit.session.scalars(
        select(Account.is_active).where(Account.id == leg.owner_id)
    ).one_or_none()
    return not active


def closing_outcomes(actor: Actor, leg: Referral) -> tuple[Outcome, ...]:
    """What this person may close with; an entry made in error takes a second person to say so."""
    is_second_person = actor.account_id != leg.owner_id
    return tuple(
        outcome
        for outcome in Outcome
        if outcome is not Outcome.HANDED_OVER
        and (outcome is not Outcome.ENTERED_IN_ERROR or is_second_person)
    )


def mark_seen(unit: Unit, referral_id: UUID) -> None:
    """Write down that one of the receiver's people has opened it; only the first time counts."""
    state = select(Referral.state).where(Referral.id == referral_id)
    # Most openings are not the first: they take no lock.
    if unit.session.scalars(state).one_or_none() != ReferralState.ROUTED:
        return
    leg = _locked(unit, referral_id)
    if leg.state == ReferralState.ROUTED and works_at(unit.actor, leg):
        _add_event(unit, leg, ReferralState.SEEN, "opened")


def acknowledge(unit: Unit, referral_id: UUID, version: int) -> None:
    """Accept by name: from now on this person answers for the child, and the sender is told.

    Raises `ConflictError` naming whoever was first.
    """
    leg = _at_receiver(unit, referral_id)
    if _is_fresh(unit, leg, version, ReferralState.ACKNOWLEDGED):
        _add_event(unit, leg, ReferralState.ACKNOWLEDGED, "accepted")
        audit.record(unit, "referral.acknowledge", "referral", leg.id, **_child(leg))
        _tell_senders(unit, leg, version)


def record_contact(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Write down that the child was talked with, which stops the last clock."""
    leg = _owned(unit, referral_id, note)
    if _is_fresh(unit, leg, version, ReferralState.CONTACTED):
        _add_event(unit, leg, ReferralState.CONTACTED, "talked", note=note)
        audit.record(unit, "referral.contact", "referral", leg.id, **_child(leg))


def redirect(unit: Unit, referral_id: UUID, version: int, center_id: UUID, reason: str) -> UUID:
    """Send it on to another PSC; this receiver stays the owner until somebody there accepts.

    The level stays, and so do the clocks. Returns the new leg's id.
    """
    leg = _owned(unit, referral_id, reason)
    _require_open_other(unit, leg, center_id)
    if not _is_fresh(unit, leg, version, ReferralState.REDIRECTED):
        return _next_leg(unit, leg, center_id)
    # A refusal of the second row must take the first one back, whatever the caller then does.
    with unit.session.begin_nested():
        _add_event(unit, leg, ReferralState.REDIRECTED, "redirected", note=reason)
        new_id = _add_leg(unit, leg, center_id)
    receiver = Receiver(ReceiverKind.SUPPORT_CENTER, center_id, "redirected")
    notices.tell_receiver(unit, new_id, receiver, leg.school_id, "referral_waits")
    audit.record(unit, "referral.redirect", "referral", leg.id, **_child(leg))
    _tell_senders(unit, leg, version)
    return new_id


def close(unit: Unit, referral_id: UUID, version: int, outcome: Outcome, note: str) -> None:
    """Finish with an outcome and a note; the case closes with its last open referral."""
    leg = _owned(unit, referral_id, note)
    if not _is_fresh(unit, leg, version, ReferralState.CLOSED, outcome):
        return
    if outcome not in closing_outcomes(unit.actor, leg):
        raise OutcomeRefusedError(f"cannot close as {outcome}")
    _add_event(unit, leg, ReferralState.CLOSED, "finished", note=note, outcome=outcome)
    audit.record(unit, "referral.close", "referral", leg.id, **_child(leg))
    _tell_senders(unit, leg, version)


def may_confirm(actor: Actor, notice: Notice, *, has_center: bool) -> bool:
    """Whether this person may say that a notice was given.

    The school's own is the school's to confirm; what goes to authorities is the PSC's, and the
    school's where no PSC has the case.
    """
    at_school = actor.school_id == notice.school_id
    if notice.addressee == Addressee.SCHOOL or not has_center:
        return at_school and actor.role in {Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE}
    return actor.role in PSC_ROLES


def confirm_notice(unit: Unit, notice_id: UUID) -> UUID:
    """Say under one's own name that a notice was given; returns its case, and counts once."""
    notice = unit.session.scalars(
        select(Notice).where(Notice.id == notice_id).with_for_update()
    ).one_or_none()
    if notice is None:
        raise NotFoundError("notice", notice_id)
    if not may_confirm(unit.actor, notice, has_center=case_has_center(unit, notice.case_id)):
        raise NotFoundError("notice", notice_id)
    confirmed = unit.session.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.confirmed_at.is_(None))
        .values(confirmed_at=func.now(), confirmed_by=unit.actor.account_id)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    if confirmed.one_or_none() is not None:
        audit.record(
            unit,
            "notice.confirm",
            "notice",
            notice_id,
            student_id=notice.student_id,
            school_id=notice.school_id,
        )
    return notice.case_id


def case_has_center(unit: Unit, case_id: UUID) -> bool:
    """Whether any PSC has this case, so that authorities hear of it from there."""
    legs = select(Referral.id).where(
        Referral.case_id == case_id, Referral.receiver == ReceiverKind.SUPPORT_CENTER.value
    )
    return unit.session.scalars(legs.limit(1)).one_or_none() is not None


def _locked(unit: Unit, referral_id: UUID) -> Referral:
    """The leg as it stands now, with its case locked.

    Steps and new signals of one child lock the case first, so they follow one another instead of
    waiting for each other's rows.
    """
    case_id = unit.session.scalars(
        select(Referral.case_id).where(Referral.id == referral_id)
    ).one_or_none()
    if case_id is None:
        raise NotFoundError("referral", referral_id)
    unit.session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
    return unit.session.scalars(
        select(Referral).where(Referral.id == referral_id).execution_options(populate_existing=True)
    ).one()


def _at_receiver(unit: Unit, referral_id: UUID) -> Referral:
    leg = _locked(unit, referral_id)
    if not works_at(unit.actor, leg):
        raise NotFoundError("referral", referral_id)
    return leg


def _owned(unit: Unit, referral_id: UUID, note: str) -> Referral:
    if not note.strip():
        raise NoteMissingError("a few words are needed")
    leg = _at_receiver(unit, referral_id)
    if leg.owner_id is not None and not may_work_on(unit, leg):
        raise NotOwnerError("somebody else owns it", _last_person(unit, leg))
    return leg


def _is_fresh(
    unit: Unit,
    leg: Referral,
    version: int,
    to_state: ReferralState,
    outcome: Outcome | None = None,
) -> bool:
    """Whether the step can be taken; False when this person has already taken exactly it.

    Raises `ConflictError` when the page it was taken on is older than the referral, or the step is
    not listed.
    """
    if leg.version == version and is_allowed(
        ReferralState(leg.state), to_state, ActorKind.RECEIVER
    ):
        return True
    done = unit.session.execute(
        select(ReferralEvent.account_id, ReferralEvent.to_state, ReferralEvent.outcome).where(
            ReferralEvent.referral_id == leg.id, ReferralEvent.seq == version + 1
        )
    ).one_or_none()
    if done is not None and tuple(done) == (unit.actor.account_id, to_state, outcome):
        return False
    raise ConflictError("the referral has moved on", _last_person(unit, leg))


def _last_person(unit: Unit, leg: Referral) -> str | None:
    """Who took the last step that a person took, apart from only looking."""
    return unit.session.scalars(
        select(Account.display_name)
        .join(ReferralEvent, ReferralEvent.account_id == Account.id)
        .where(
            ReferralEvent.referral_id == leg.id,
            ReferralEvent.to_state != ReferralState.SEEN.value,
        )
        .order_by(ReferralEvent.seq.desc())
        .limit(1)
    ).one_or_none()


def _add_event(
    unit: Unit,
    leg: Referral,
    to_state: ReferralState,
    reason: str,
    *,
    note: str | None = None,
    outcome: Outcome | None = None,
) -> None:
    seq = leg.version + 1
    unit.session.execute(
        insert(ReferralEvent).values(
            referral_id=leg.id,
            student_id=leg.student_id,
            school_id=leg.school_id,
            seq=seq,
            from_state=leg.state,
            to_state=to_state.value,
            actor_kind=ActorKind.RECEIVER.value,
            account_id=unit.actor.account_id,
            reason_code=reason,
            outcome=outcome.value if outcome else None,
            note_sealed=_seal(unit, leg, seq, note) if note else None,
            rule_version=unit.catalog.protocol.version,
        )
    )
    unit.session.refresh(leg)


def _seal(unit: Unit, leg: Referral, seq: int, note: str) -> bytes:
    key = data_key(unit, leg.student_id)
    return key.seal(note.strip(), *NOTE_PLACE, str(leg.id), str(seq))


def _require_open_other(unit: Unit, leg: Referral, center_id: UUID) -> None:
    is_open = unit.session.scalars(
        select(SupportCenter.is_open).where(SupportCenter.id == center_id)
    ).one_or_none()
    if not is_open or center_id == leg.support_center_id:
        raise CenterRefusedError("not another open PSC")


def _next_leg(unit: Unit, leg: Referral, center_id: UUID) -> UUID:
    """The leg that an equal redirect has already made."""
    found = unit.session.scalars(
        select(Referral.id).where(
            Referral.parent_id == leg.id, Referral.support_center_id == center_id
        )
    ).one_or_none()
    if found is None:
        raise ConflictError("redirected elsewhere", _last_person(unit, leg))
    return found


def _add_leg(unit: Unit, leg: Referral, center_id: UUID) -> UUID:
    new_id = uuid4()
    added = unit.session.execute(
        insert_unless(Referral)
        .values(
            id=new_id,
            case_id=leg.case_id,
            student_id=leg.student_id,
            school_id=leg.school_id,
            level=leg.level,
            receiver=ReceiverKind.SUPPORT_CENTER.value,
            support_center_id=center_id,
            state=ReferralState.CREATED.value,
            version=0,
            origin=leg.origin,
            route_reason="redirected",
            protocol_id=leg.protocol_id,
            protocol_version=leg.protocol_version,
            sender_account_id=unit.actor.account_id,
            parent_id=leg.id,
            seen_due_at=leg.seen_due_at,
            acknowledge_due_at=leg.acknowledge_due_at,
            contact_due_at=leg.contact_due_at,
        )
        .on_conflict_do_nothing()
        .returning(Referral.id)
    )
    if added.one_or_none() is None:
        raise AlreadyThereError("this PSC has an open referral about the child")
    unit.session.execute(
        insert(ReferralEvent).values(
            referral_id=new_id,
            student_id=leg.student_id,
            school_id=leg.school_id,
            seq=1,
            from_state=ReferralState.CREATED.value,
            to_state=ReferralState.ROUTED.value,
            actor_kind=ActorKind.SYSTEM.value,
            reason_code="redirected",
            rule_version=unit.catalog.protocol.version,
        )
    )
    return new_id


def _tell_senders(unit: Unit, leg: Referral, version: int) -> None:
    """Queue "there is news" for those who sent it: the school, and whoever sent it by hand."""
    occasion = str(version + 1)
    if leg.receiver == ReceiverKind.SUPPORT_CENTER:
        school = Receiver(ReceiverKind.SCHOOL, None, "sender")
        notices.tell_receiver(unit, leg.id, school, leg.school_id, "referral_news", occasion)
    if leg.sender_account_id and leg.sender_account_id != unit.actor.account_id:
        notices.tell_account(unit, leg.id, leg.sender_account_id, "referral_news", occasion)


def _child(leg: Referral) -> dict[str, UUID]:
    return {"student_id": leg.student_id, "school_id": leg.school_id}
