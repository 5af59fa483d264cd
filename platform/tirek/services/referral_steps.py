"""The first steps of a receiver's people with a referral: open, accept, decline, ask the sender.

One verb, one event, one audit row. What comes after acceptance stands in `referral_care`,
`handovers` and `second_opinions`, which share the guards below.
"""

from uuid import UUID

from sqlalchemy import select

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES, Actor, Role
from tirek.domain.referral import (
    ActorKind,
    Outcome,
    ReceiverKind,
    ReferralState,
    is_allowed,
)
from tirek.services import audit, conflicts, notices, posts, referral_legs
from tirek.services.posts import Place
from tirek.services.referral_legs import Step
from tirek.services.unit import Unit
from tirek.storage.models import Account, Referral, ReferralEvent

S = ReferralState


class NotOwnerError(ConflictError):
    """The step is its owner's (`winner`), or that of a supervisor of the same PSC."""


class NoteMissingError(DomainError):
    """A few written words are needed: they are what the next person will have to go by."""


class SecondPersonError(DomainError):
    """Nobody reads their own proposal a second time; at a PSC the supervisor does."""


class NotYetError(DomainError):
    """Something has to be written down before this step: `missing` says what."""

    def __init__(self, missing: str) -> None:
        """`missing` is a code that a page can explain."""
        super().__init__(f"not yet: {missing}")
        self.missing = missing


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
    is_there = (
        Account.support_center_id == leg.support_center_id
        if leg.receiver == ReceiverKind.SUPPORT_CENTER
        else Account.school_id == leg.school_id
    )
    owner = select(Account.id).where(Account.id == leg.owner_id, Account.is_active, is_there)
    return unit.session.scalars(owner).one_or_none() is None


def may_step(leg: Referral, to_state: ReferralState, actor: ActorKind) -> bool:
    """Whether the table lists this step for a leg as it stands."""
    return is_allowed(S(leg.state), to_state, actor, Level(leg.level))


def mark_seen(unit: Unit, referral_id: UUID) -> None:
    """Write down that one of the receiver's people has opened it; only the first time counts."""
    state = select(Referral.state).where(Referral.id == referral_id)
    waiting = {S.ROUTED, S.DELIVERED, S.REOPENED}
    # Most openings are not the first: they take no lock.
    if unit.session.scalars(state).one_or_none() not in waiting:
        return
    leg = referral_legs.locked(unit, referral_id)
    if leg.state in waiting and works_at(unit.actor, leg) and not _is_out(unit, leg):
        referral_legs.add_event(unit, leg, S.SEEN, Step(ActorKind.RECEIVER, "opened"))


def mark_delivered(unit: Unit, referral_ids: list[UUID]) -> None:
    """Write down that one of the receiver's people has fetched a list with these on it."""
    for referral_id in referral_ids:
        leg = referral_legs.locked(unit, referral_id)
        if leg.state == S.ROUTED and works_at(unit.actor, leg) and not _is_out(unit, leg):
            referral_legs.add_event(unit, leg, S.DELIVERED, Step(ActorKind.RECEIVER, "fetched"))


def acknowledge(unit: Unit, referral_id: UUID, version: int) -> None:
    """Accept by name: from now on this person answers for the child, and the sender is told.

    Raises `ConflictError` naming whoever was first.
    """
    leg = at_receiver(unit, referral_id)
    if not is_fresh(unit, leg, version, S.ACKNOWLEDGED, ActorKind.RECEIVER):
        return
    take(unit, leg, S.ACKNOWLEDGED, Step(ActorKind.RECEIVER, "accepted"), "referral.acknowledge")
    tell_senders(unit, leg)


def ask_sender(unit: Unit, referral_id: UUID, version: int, question: str) -> None:
    """Ask the child's school something; the clocks go on."""
    leg = owned(unit, referral_id, question)
    if not is_fresh(unit, leg, version, S.NEEDS_INFO, ActorKind.OWNER):
        return
    step = Step(ActorKind.OWNER, "asked", note=question)
    take(unit, leg, S.NEEDS_INFO, step, "referral.ask")
    tell_senders(unit, leg)


def answer(unit: Unit, referral_id: UUID, version: int, words: str) -> None:
    """Answer the receiver's question, as its owner or as the child's school."""
    _require_words(words)
    leg = referral_legs.locked(unit, referral_id)
    is_owner = works_at(unit.actor, leg) and may_work_on(unit, leg)
    if not is_owner and not _is_school_of(unit.actor, leg):
        raise NotFoundError("referral", referral_id)
    kind = ActorKind.OWNER if is_owner else ActorKind.SENDER
    if not is_fresh(unit, leg, version, S.ACKNOWLEDGED, kind):
        return
    take(unit, leg, S.ACKNOWLEDGED, Step(kind, "answered", note=words), "referral.answer")
    if leg.owner_id is not None:
        told = [leg.owner_id]
        notices.tell_accounts(unit, leg.id, told, "signal_added", str(leg.version))


def _is_school_of(actor: Actor, leg: Referral) -> bool:
    return actor.school_id == leg.school_id and actor.role in {
        Role.PSYCHOLOGIST,
        Role.SOCIAL_PEDAGOGUE,
    }


def at_receiver(unit: Unit, referral_id: UUID) -> Referral:
    """A leg, locked, of which this person is one of the receiver's people."""
    leg = referral_legs.locked(unit, referral_id)
    if not works_at(unit.actor, leg) or _is_out(unit, leg):
        raise NotFoundError("referral", referral_id)
    return leg


def owned(unit: Unit, referral_id: UUID, note: str) -> Referral:
    """A leg, locked, on which this person may take the owner's steps, with a note in words."""
    _require_words(note)
    leg = at_receiver(unit, referral_id)
    if leg.owner_id is not None and not may_work_on(unit, leg):
        raise NotOwnerError("somebody else owns it", last_person(unit, leg))
    return leg


def _require_words(note: str) -> None:
    if not note.strip():
        raise NoteMissingError("a few words are needed")


def _is_out(unit: Unit, leg: Referral) -> bool:
    """Whether this person is named as possibly harming the child; places are kept out by scope."""
    return unit.actor.account_id in conflicts.of(unit, leg.student_id).accounts


def is_fresh(
    unit: Unit,
    leg: Referral,
    version: int,
    to_state: ReferralState,
    actor: ActorKind,
    outcome: Outcome | None = None,
) -> bool:
    """Whether the step can be taken; False when this person has already taken exactly it.

    Raises `ConflictError` when the page it was taken on is older than the referral, or the step is
    not listed.
    """
    if leg.version == version and may_step(leg, to_state, actor):
        return True
    done = unit.session.execute(
        select(ReferralEvent.account_id, ReferralEvent.to_state, ReferralEvent.outcome).where(
            ReferralEvent.referral_id == leg.id, ReferralEvent.seq == version + 1
        )
    ).one_or_none()
    if done is not None and tuple(done) == (unit.actor.account_id, to_state, outcome):
        return False
    raise ConflictError("the referral has moved on", last_person(unit, leg))


def take(unit: Unit, leg: Referral, to_state: ReferralState, step: Step, action: str) -> None:
    """Take a step and leave its audit row."""
    referral_legs.add_event(unit, leg, to_state, step)
    audit.record(
        unit, action, "referral", leg.id, student_id=leg.student_id, school_id=leg.school_id
    )


def last_person(unit: Unit, leg: Referral) -> str | None:
    """Who took the last step that a person took, apart from only looking."""
    return unit.session.scalars(
        select(Account.display_name)
        .join(ReferralEvent, ReferralEvent.account_id == Account.id)
        .where(
            ReferralEvent.referral_id == leg.id,
            ReferralEvent.to_state.not_in([S.SEEN.value, S.DELIVERED.value]),
        )
        .order_by(ReferralEvent.seq.desc())
        .limit(1)
    ).one_or_none()


def tell_senders(unit: Unit, leg: Referral) -> None:
    """Queue "there is news" for those who sent it: the school, and whoever sent it by hand."""
    told: list[UUID] = []
    if leg.receiver == ReceiverKind.SUPPORT_CENTER:
        school = Place(leg.student_id, leg.school_id, ReceiverKind.SCHOOL)
        told += posts.holders(unit, Post.DUTY, school)
    if leg.sender_account_id and leg.sender_account_id != unit.actor.account_id:
        told.append(leg.sender_account_id)
    notices.tell_accounts(unit, leg.id, told, "referral_news", str(leg.version))
