"""How a referral ends: an outcome, a second person, a family that does not want help."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from tirek.domain.errors import DomainError
from tirek.domain.ladder import ClockKind, Post
from tirek.domain.levels import Level
from tirek.domain.referral import PROPOSABLE, ActorKind, Outcome, ReferralState
from tirek.services import (
    deadlines,
    notices,
    posts,
    referral_care,
    referral_legs,
    referral_steps,
)
from tirek.services.referral_legs import Step
from tirek.services.referral_steps import SecondPersonError
from tirek.services.unit import Unit
from tirek.storage.models import Account, OutcomeNote, Referral, ReferralEvent

S, OWNER, SECOND = ReferralState, ActorKind.OWNER, ActorKind.SECOND


class OutcomeRefusedError(DomainError):
    """Nobody may propose this outcome here."""


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """With what a referral ends; the note says why there is no repeat, or why nobody was heard."""

    outcome: Outcome
    child_heard: bool
    repeat_on: date | None
    note: str


def set_outcome(unit: Unit, referral_id: UUID, version: int, words: OutcomeWords) -> None:
    """Propose how it ends; immediate and high then wait for a second person.

    After a refusal of the family this is itself the second person's step.
    """
    is_recheck = _state(unit, referral_id) == S.FAMILY_REFUSED
    kind = SECOND if is_recheck else OWNER
    leg = (
        _second(unit, referral_id, words.note)
        if is_recheck
        else referral_steps.owned(unit, referral_id, words.note)
    )
    if not referral_steps.is_fresh(unit, leg, version, S.OUTCOME_SET, kind, words.outcome):
        return
    if words.outcome not in outcomes_of(leg):
        raise OutcomeRefusedError(f"cannot end as {words.outcome}")
    seq = leg.version + 1
    place = ("outcome_notes", "note_sealed", str(leg.id), str(seq))
    unit.session.execute(
        insert(OutcomeNote).values(
            **referral_care.own(unit, leg),
            seq=seq,
            outcome=words.outcome.value,
            child_heard=words.child_heard,
            repeat_on=words.repeat_on,
            note_sealed=referral_care.seal(unit, leg, words.note, *place),
        )
    )
    step = Step(kind, "outcome_proposed", note=words.note, outcome=words.outcome)
    referral_steps.take(unit, leg, S.OUTCOME_SET, step, "referral.outcome")
    referral_care.start_second_look(unit, leg)
    _tell_second(unit, leg)


def outcomes_of(leg: Referral) -> tuple[Outcome, ...]:
    """What may be proposed as a leg stands: a refusal only after the family has refused."""
    if leg.state == S.FAMILY_REFUSED:
        return (Outcome.FAMILY_REFUSED,)
    return tuple(one for one in PROPOSABLE if one is not Outcome.FAMILY_REFUSED)


def close(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Agree with the proposed outcome: the case closes with its last open referral.

    At immediate and high this takes another person than the one who proposed it.
    """
    leg, kind = _closer(unit, referral_id, note)
    outcome = Outcome(leg.outcome) if leg.outcome else None
    if not referral_steps.is_fresh(unit, leg, version, S.CLOSED, kind, outcome):
        return
    step = Step(kind, "finished", note=note, outcome=outcome)
    referral_steps.take(unit, leg, S.CLOSED, step, "referral.close")
    referral_steps.tell_senders(unit, leg)


def _closer(unit: Unit, referral_id: UUID, note: str) -> tuple[Referral, ActorKind]:
    leg = referral_legs.locked(unit, referral_id)
    if referral_steps.may_step(leg, S.CLOSED, OWNER) and referral_steps.may_work_on(unit, leg):
        return referral_steps.owned(unit, referral_id, note), OWNER
    return _second(unit, referral_id, note), SECOND


def send_back(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Disagree with the proposed outcome: the review goes on."""
    leg = _second(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.REVIEW, SECOND):
        return
    step = Step(SECOND, "outcome_not_agreed", note=note)
    referral_steps.take(unit, leg, S.REVIEW, step, "referral.send_back")
    referral_care.start_second_look(unit, leg)
    if leg.owner_id is not None:
        notices.tell_accounts(unit, leg.id, [leg.owner_id], "signal_added", str(leg.version))


def record_refusal(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """The family does not want help: a second person looks at the danger anew."""
    leg = referral_steps.owned(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.FAMILY_REFUSED, OWNER):
        return
    step = Step(OWNER, "family_refused", note=note)
    referral_steps.take(unit, leg, S.FAMILY_REFUSED, step, "referral.refusal")
    referral_care.start_second_look(unit, leg)
    _tell_second(unit, leg)


def recheck(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """The danger is there in spite of the refusal: the child is talked with again."""
    leg = _second(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.ACKNOWLEDGED, SECOND):
        return
    due = unit.catalog.protocol.rule(Level(leg.level)).due(unit.now())
    step = Step(SECOND, "danger_remains", note=note, due=due)
    referral_steps.take(unit, leg, S.ACKNOWLEDGED, step, "referral.recheck")
    deadlines.start_clock(unit, leg, ClockKind.CONTACT, due.contact, leg.version)


def is_second(unit: Unit, leg: Referral) -> bool:
    """Whether this person may read what another has proposed, as the database will ask it too."""
    proposer = _proposer(unit, leg)
    actor = unit.actor
    if proposer is None or proposer.id == actor.account_id:
        return False
    if not is_reader(unit, leg):
        return False
    supervises = {actor.role, proposer.role} & {"psc_supervisor"}
    return leg.receiver == "school" or bool(supervises)


def is_reader(unit: Unit, leg: Referral) -> bool:
    """Whether this person is one of the receiver's people, or a second reader at its school."""
    actor = unit.actor
    at_school = actor.school_id == leg.school_id and actor.role == "social_pedagogue"
    return referral_steps.works_at(actor, leg) or (leg.receiver == "school" and at_school)


def _proposer(unit: Unit, leg: Referral) -> Account | None:
    return unit.session.scalars(
        select(Account)
        .join(ReferralEvent, ReferralEvent.account_id == Account.id)
        .where(
            ReferralEvent.referral_id == leg.id,
            ReferralEvent.to_state == leg.state,
            ReferralEvent.from_state != ReferralEvent.to_state,
        )
        .order_by(ReferralEvent.seq.desc())
        .limit(1)
    ).one_or_none()


def _second(unit: Unit, referral_id: UUID, note: str) -> Referral:
    if not note.strip():
        raise referral_steps.NoteMissingError("a few words are needed")
    leg = referral_legs.locked(unit, referral_id)
    if not is_reader(unit, leg):
        leg = referral_steps.at_receiver(unit, referral_id)
    if leg.state in {S.OUTCOME_SET, S.FAMILY_REFUSED} and not is_second(unit, leg):
        raise SecondPersonError("a second person is needed")
    return leg


def _state(unit: Unit, referral_id: UUID) -> str | None:
    return unit.session.scalars(
        select(Referral.state).where(Referral.id == referral_id)
    ).one_or_none()


def _tell_second(unit: Unit, leg: Referral) -> None:
    post = Post.PSC_HEAD if leg.receiver == "support_center" else Post.SCHOOL_PSYCHOLOGIST
    told = posts.holders(unit, post, referral_legs.place_of(leg))
    told = [one for one in told if one != unit.actor.account_id]
    notices.tell_accounts(unit, leg.id, told, "signal_added", f"second:{leg.version}")
