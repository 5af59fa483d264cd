"""What the owner does after accepting: triage, talk, assessment, plan, support, review, outcome."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import func, insert, select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import ConflictError, DomainError
from tirek.domain.ladder import ClockKind, Post
from tirek.domain.levels import Level
from tirek.domain.referral import (
    ATTEMPTS_IN_VAIN,
    PROPOSABLE,
    ActorKind,
    ApprovalKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    ReferralState,
    SectionState,
)
from tirek.services import audit, deadlines, notices, posts, referral_legs, referral_steps
from tirek.services.referral_legs import Step
from tirek.services.referral_steps import NotYetError, SecondPersonError
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Approval,
    AssessmentNote,
    ContactAttempt,
    OutcomeNote,
    Plan,
    Referral,
    ReferralEvent,
)

S, OWNER, SECOND = ReferralState, ActorKind.OWNER, ActorKind.SECOND
REVIEW_ENDS = time(18, 0)


class OutcomeRefusedError(DomainError):
    """Nobody may propose this outcome here."""


class DateRefusedError(DomainError):
    """A plan has a next day, and it lies ahead."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach somebody."""

    channel: ContactChannel
    person: ContactPerson
    reached: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanWords:
    """What is to be done, and when it is looked at again; the note says why a child says no."""

    next_on: date
    child_agrees: bool
    note: str


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """With what a referral ends; the note says why there is no repeat, or why nobody was heard."""

    outcome: Outcome
    child_heard: bool
    repeat_on: date | None
    note: str


def triage(unit: Unit, referral_id: UUID, version: int, level: Level, reason: str) -> None:
    """Judge the urgency in one's own words; a lower one than the machine's takes a second reader.

    The machine's level and its clocks stay as they are. Raises `NotYetError` ("second_reader").
    """
    leg = referral_steps.owned(unit, referral_id, reason)
    if not referral_steps.is_fresh(unit, leg, version, S.TRIAGED, OWNER):
        return
    approval_id = None
    if level.rank < Level(leg.level).rank:
        approval_id = _approved_downgrade(unit, leg, level)
        if approval_id is None:
            raise NotYetError("second_reader")
    step = Step(OWNER, "triaged", note=reason, triage_level=level, approval_id=approval_id)
    referral_steps.take(unit, leg, S.TRIAGED, step, "referral.triage")


def _approved_downgrade(unit: Unit, leg: Referral, level: Level) -> UUID | None:
    return unit.session.scalars(
        select(Approval.id)
        .where(
            Approval.referral_id == leg.id,
            Approval.kind == ApprovalKind.DOWNGRADE.value,
            Approval.is_approved.is_(True),
            Approval.level == level.value,
        )
        .order_by(Approval.decided_at.desc())
        .limit(1)
    ).one_or_none()


def record_attempt(
    unit: Unit, referral_id: UUID, version: int, attempt: Attempt, seen: int | None = None
) -> None:
    """Write down a try that did not reach the child, or that reached somebody else.

    `seen` is how many tries were written down when this one was begun: a form that is sent twice
    must not count as two tries.
    """
    leg = referral_steps.owned(unit, referral_id, attempt.note or "-")
    if leg.version != version:
        referral_steps.is_fresh(unit, leg, version, S.CONTACTED, OWNER)
    if seen is not None and seen != _count(unit, ContactAttempt, leg):
        if _last_try(unit, leg) == (unit.actor.account_id, attempt.channel, attempt.person):
            return
        raise ConflictError("another try was written down", referral_steps.last_person(unit, leg))
    _add_attempt(unit, leg, attempt)
    audit.record(
        unit,
        "referral.attempt",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )


def _last_try(unit: Unit, leg: Referral) -> tuple[UUID, str, str] | None:
    row = unit.session.execute(
        select(ContactAttempt.account_id, ContactAttempt.channel, ContactAttempt.person)
        .where(ContactAttempt.referral_id == leg.id)
        .order_by(ContactAttempt.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.account_id, row.channel, row.person)


def _add_attempt(unit: Unit, leg: Referral, attempt: Attempt) -> None:
    number = _count(unit, ContactAttempt, leg)
    place = ("contact_attempts", "note_sealed", str(leg.id), str(number))
    unit.session.execute(
        insert(ContactAttempt).values(
            **_own(unit, leg),
            channel=attempt.channel.value,
            person=attempt.person.value,
            reached=attempt.reached,
            note_sealed=_seal(unit, leg, attempt.note, *place) if attempt.note.strip() else None,
            version=leg.version,
        )
    )


def record_contact(unit: Unit, referral_id: UUID, version: int, attempt: Attempt) -> None:
    """Write down that the child was talked with, which stops the clock; the assessment's starts."""
    leg = referral_steps.owned(unit, referral_id, attempt.note)
    if not referral_steps.is_fresh(unit, leg, version, S.CONTACTED, OWNER):
        return
    if not attempt.reached or attempt.person is not ContactPerson.CHILD:
        raise NotYetError("talk_with_child")
    _add_attempt(unit, leg, attempt)
    step = Step(OWNER, "talked", note=attempt.note)
    referral_steps.take(unit, leg, S.CONTACTED, step, "referral.contact")
    protocol = unit.catalog.protocol
    due = protocol.rule(Level(leg.level)).assessment.after(unit.now(), protocol.calendar)
    deadlines.start_clock(unit, leg, ClockKind.ASSESSMENT, due, leg.version)


def mark_unreachable(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Three tries in vain: those above are called; it never ends here.

    Raises `NotYetError` ("attempts").
    """
    leg = referral_steps.owned(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.UNREACHABLE, OWNER):
        return
    if attempts_in_vain(unit, leg) < ATTEMPTS_IN_VAIN:
        raise NotYetError("attempts")
    step = Step(OWNER, "not_reached", note=note)
    referral_steps.take(unit, leg, S.UNREACHABLE, step, "referral.unreachable")
    place = referral_legs.place_of(leg)
    above = (Post.PSC_HEAD, Post.SCHOOL_PSYCHOLOGIST, Post.REGIONAL_COORDINATOR)
    told = [one for post in above for one in posts.holders(unit, post, place)]
    notices.tell_accounts(unit, leg.id, told, "alarm", f"unreachable:{leg.version}")


def attempts_in_vain(unit: Unit, leg: Referral) -> int:
    """How many tries since the last acceptance reached nobody."""
    since = (
        select(func.coalesce(func.max(ReferralEvent.seq), 0))
        .where(
            ReferralEvent.referral_id == leg.id,
            ReferralEvent.to_state == S.ACKNOWLEDGED.value,
            ReferralEvent.from_state != ReferralEvent.to_state,
        )
        .scalar_subquery()
    )
    return unit.session.scalars(
        select(func.count()).where(
            ContactAttempt.referral_id == leg.id,
            ContactAttempt.reached.is_(False),
            ContactAttempt.version >= since,
        )
    ).one()


def sign_section(
    unit: Unit, referral_id: UUID, section: AssessmentSection, state: SectionState, note: str
) -> None:
    """Write one part of the assessment, or why it is left out; the latest word counts."""
    leg = referral_steps.owned(unit, referral_id, note)
    if leg.state not in {S.CONTACTED, S.ASSESSED}:
        raise NotYetError("talk_with_child")
    number = _count(unit, AssessmentNote, leg)
    place = ("assessment_notes", "note_sealed", str(leg.id), str(number))
    unit.session.execute(
        insert(AssessmentNote).values(
            **_own(unit, leg),
            section=section.value,
            state=state.value,
            note_sealed=_seal(unit, leg, note, *place),
        )
    )
    audit.record(
        unit,
        "referral.assess_section",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )


def finish_assessment(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Every part is signed or waived; raises `NotYetError` ("sections") otherwise."""
    leg = referral_steps.owned(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.ASSESSED, OWNER):
        return
    if missing_sections(unit, leg):
        raise NotYetError("sections")
    step = Step(OWNER, "assessed", note=note)
    referral_steps.take(unit, leg, S.ASSESSED, step, "referral.assess")
    protocol = unit.catalog.protocol
    due = protocol.rule(Level(leg.level)).plan.after(unit.now(), protocol.calendar)
    deadlines.start_clock(unit, leg, ClockKind.PLAN, due, leg.version)


def missing_sections(unit: Unit, leg: Referral) -> list[AssessmentSection]:
    """The parts of the assessment that nobody has written or waived yet."""
    there = set(
        unit.session.scalars(
            select(AssessmentNote.section).where(AssessmentNote.referral_id == leg.id)
        )
    )
    return [section for section in AssessmentSection if section not in there]


def make_plan(unit: Unit, referral_id: UUID, version: int, words: PlanWords) -> None:
    """Agree on what is to be done; there is always a next day."""
    leg = referral_steps.owned(unit, referral_id, words.note)
    if referral_steps.is_fresh(unit, leg, version, S.PLANNED, OWNER):
        _plan(unit, leg, S.PLANNED, "planned", words)


def begin_support(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """The plan is being carried out."""
    leg = referral_steps.owned(unit, referral_id, note)
    if leg.state == S.REVIEW:
        raise NotYetError("plan")
    if referral_steps.is_fresh(unit, leg, version, S.IN_SUPPORT, OWNER):
        step = Step(OWNER, "support_began", note=note)
        referral_steps.take(unit, leg, S.IN_SUPPORT, step, "referral.support")


def begin_review(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """Look at how it went."""
    leg = referral_steps.owned(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.REVIEW, OWNER):
        return
    step = Step(OWNER, "reviewed", note=note)
    referral_steps.take(unit, leg, S.REVIEW, step, "referral.review")
    _start_second_look(unit, leg)


def go_on(unit: Unit, referral_id: UUID, version: int, words: PlanWords) -> None:
    """After a review the support goes on, with a new plan and a new day."""
    leg = referral_steps.owned(unit, referral_id, words.note)
    if referral_steps.is_fresh(unit, leg, version, S.IN_SUPPORT, OWNER):
        _plan(unit, leg, S.IN_SUPPORT, "support_goes_on", words)


def _plan(
    unit: Unit, leg: Referral, to_state: ReferralState, reason: str, words: PlanWords
) -> None:
    if words.next_on <= unit.now().astimezone(KAZAKHSTAN).date():
        raise DateRefusedError("the next day lies ahead")
    seq = leg.version + 1
    place = ("plans", "note_sealed", str(leg.id), str(seq))
    unit.session.execute(
        insert(Plan).values(
            **_own(unit, leg),
            seq=seq,
            next_on=words.next_on,
            child_agrees=words.child_agrees,
            note_sealed=_seal(unit, leg, words.note, *place),
        )
    )
    step = Step(OWNER, reason, note=words.note)
    referral_steps.take(unit, leg, to_state, step, "referral.plan")
    due = datetime.combine(words.next_on, REVIEW_ENDS, KAZAKHSTAN)
    deadlines.start_clock(unit, leg, ClockKind.REVIEW, due, leg.version)


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
            **_own(unit, leg),
            seq=seq,
            outcome=words.outcome.value,
            child_heard=words.child_heard,
            repeat_on=words.repeat_on,
            note_sealed=_seal(unit, leg, words.note, *place),
        )
    )
    step = Step(kind, "outcome_proposed", note=words.note, outcome=words.outcome)
    referral_steps.take(unit, leg, S.OUTCOME_SET, step, "referral.outcome")
    _start_second_look(unit, leg)
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
    _start_second_look(unit, leg)
    if leg.owner_id is not None:
        notices.tell_accounts(unit, leg.id, [leg.owner_id], "signal_added", str(leg.version))


def record_refusal(unit: Unit, referral_id: UUID, version: int, note: str) -> None:
    """The family does not want help: a second person looks at the danger anew."""
    leg = referral_steps.owned(unit, referral_id, note)
    if not referral_steps.is_fresh(unit, leg, version, S.FAMILY_REFUSED, OWNER):
        return
    step = Step(OWNER, "family_refused", note=note)
    referral_steps.take(unit, leg, S.FAMILY_REFUSED, step, "referral.refusal")
    _start_second_look(unit, leg)
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


def _start_second_look(unit: Unit, leg: Referral) -> None:
    """What waits for a person has a clock: as long as a plan may take."""
    protocol = unit.catalog.protocol
    due = protocol.rule(Level(leg.level)).plan.after(unit.now(), protocol.calendar)
    deadlines.start_clock(unit, leg, ClockKind.REVIEW, due, leg.version)


def _tell_second(unit: Unit, leg: Referral) -> None:
    post = Post.PSC_HEAD if leg.receiver == "support_center" else Post.SCHOOL_PSYCHOLOGIST
    told = posts.holders(unit, post, referral_legs.place_of(leg))
    told = [one for one in told if one != unit.actor.account_id]
    notices.tell_accounts(unit, leg.id, told, "signal_added", f"second:{leg.version}")


def _own(unit: Unit, leg: Referral) -> dict[str, UUID | None]:
    return {
        "referral_id": leg.id,
        "student_id": leg.student_id,
        "school_id": leg.school_id,
        "account_id": unit.actor.account_id,
    }


def _count(unit: Unit, table: type[ContactAttempt] | type[AssessmentNote], leg: Referral) -> int:
    """How many rows a leg has, which names the next one's sealed cell; its case is locked."""
    return unit.session.scalars(
        select(func.count()).select_from(table).where(table.referral_id == leg.id)
    ).one()


def _seal(unit: Unit, leg: Referral, note: str, *place: str) -> bytes:
    return data_key(unit, leg.student_id).seal(note.strip(), *place)
