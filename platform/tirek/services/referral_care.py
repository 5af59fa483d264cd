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
    ActorKind,
    ApprovalKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    ReferralState,
    SectionState,
)
from tirek.services import audit, deadlines, notices, posts, referral_legs, referral_steps
from tirek.services.referral_legs import Step
from tirek.services.referral_steps import NotYetError
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import (
    Approval,
    AssessmentNote,
    ContactAttempt,
    Plan,
    Referral,
    ReferralEvent,
)

S, OWNER, SECOND = ReferralState, ActorKind.OWNER, ActorKind.SECOND
REVIEW_ENDS = time(18, 0)


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
    if seen is not None and seen != count(unit, ContactAttempt, leg):
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
    number = count(unit, ContactAttempt, leg)
    place = ("contact_attempts", "note_sealed", str(leg.id), str(number))
    unit.session.execute(
        insert(ContactAttempt).values(
            **own(unit, leg),
            channel=attempt.channel.value,
            person=attempt.person.value,
            reached=attempt.reached,
            note_sealed=seal(unit, leg, attempt.note, *place) if attempt.note.strip() else None,
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
    number = count(unit, AssessmentNote, leg)
    place = ("assessment_notes", "note_sealed", str(leg.id), str(number))
    unit.session.execute(
        insert(AssessmentNote).values(
            **own(unit, leg),
            section=section.value,
            state=state.value,
            note_sealed=seal(unit, leg, note, *place),
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
    start_second_look(unit, leg)


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
            **own(unit, leg),
            seq=seq,
            next_on=words.next_on,
            child_agrees=words.child_agrees,
            note_sealed=seal(unit, leg, words.note, *place),
        )
    )
    step = Step(OWNER, reason, note=words.note)
    referral_steps.take(unit, leg, to_state, step, "referral.plan")
    due = datetime.combine(words.next_on, REVIEW_ENDS, KAZAKHSTAN)
    deadlines.start_clock(unit, leg, ClockKind.REVIEW, due, leg.version)


def start_second_look(unit: Unit, leg: Referral) -> None:
    """What waits for a person has a clock: as long as a plan may take."""
    protocol = unit.catalog.protocol
    due = protocol.rule(Level(leg.level)).plan.after(unit.now(), protocol.calendar)
    deadlines.start_clock(unit, leg, ClockKind.REVIEW, due, leg.version)


def own(unit: Unit, leg: Referral) -> dict[str, UUID | None]:
    """What every row about a leg bears: the leg, the child, the school, and who wrote it."""
    return {
        "referral_id": leg.id,
        "student_id": leg.student_id,
        "school_id": leg.school_id,
        "account_id": unit.actor.account_id,
    }


def count(unit: Unit, table: type[ContactAttempt] | type[AssessmentNote], leg: Referral) -> int:
    """How many rows a leg has, which names the next one's sealed cell; its case is locked."""
    return unit.session.scalars(
        select(func.count()).select_from(table).where(table.referral_id == leg.id)
    ).one()


def seal(unit: Unit, leg: Referral, note: str, *place: str) -> bytes:
    """A note sealed with the child's key for one cell."""
    return data_key(unit, leg.student_id).seal(note.strip(), *place)
