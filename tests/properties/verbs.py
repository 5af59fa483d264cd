"""What people do with a referral, and a second opinion on who may do it when.

`permits` says it anew from the reference (§2.2), without asking the services that are tested.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.properties.ground import Play
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.levels import Level
from tirek.domain.referral import (
    ActorKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    ReferralState,
    SectionState,
    is_allowed,
)
from tirek.services import handovers, referral_care, referral_endings, referral_steps
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit

S, A = ReferralState, ActorKind
NOTE = "What was seen and said."
CALLED = Attempt(ContactChannel.PHONE, ContactPerson.GUARDIAN, reached=False, note=NOTE)
TALKED = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=NOTE)


@dataclass(frozen=True)
class Leg:
    """A referral as it stands, and what its own rules ask about."""

    row: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.row[name]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


LEGS = text(
    "SELECT r.*, (SELECT e.account_id FROM referral_events e WHERE e.referral_id = r.id"
    "   AND e.to_state = r.state AND e.from_state <> e.to_state ORDER BY e.seq DESC LIMIT 1)"
    "   AS proposer,"
    " (SELECT count(*) FROM contact_attempts c WHERE c.referral_id = r.id AND NOT c.reached"
    "   AND c.version >= COALESCE((SELECT max(seq) FROM referral_events e WHERE"
    "   e.referral_id = r.id AND e.to_state = 'acknowledged' AND e.from_state <> e.to_state), 0))"
    "   AS tries,"
    " (SELECT count(DISTINCT section) FROM assessment_notes n WHERE n.referral_id = r.id)"
    "   AS sections,"
    " ARRAY(SELECT level FROM approvals p WHERE p.referral_id = r.id AND p.is_approved"
    "   AND p.kind = 'downgrade') AS agreed,"
    " ARRAY(SELECT o.support_center_id FROM referrals o WHERE o.case_id = r.case_id"
    "   AND o.closed_at IS NULL) AS open_at"
    " FROM referrals r ORDER BY r.created_at, r.id"
)


def legs(play: Play) -> list[Leg]:
    with play.owner.connect() as connection:
        return [Leg(dict(row)) for row in connection.execute(LEGS).mappings()]


@dataclass(frozen=True)
class Person:
    """An account as it stands, and for which children it is out."""

    id: UUID
    role: str
    school_id: UUID | None
    support_center_id: UUID | None
    is_active: bool
    out_of: frozenset[UUID]


PEOPLE = text(
    "SELECT a.id, a.role, a.school_id, a.support_center_id, a.is_active, ARRAY("
    " SELECT k.student_id FROM conflicts k WHERE k.account_id = a.id"
    " OR k.at_school_id = a.school_id OR k.support_center_id = a.support_center_id)"
    " AS out_of FROM accounts a"
)


def people(play: Play) -> dict[UUID, Person]:
    """Everybody as they stand."""
    with play.owner.connect() as connection:
        rows = connection.execute(PEOPLE).all()
    return {row.id: Person(*row[:-1], frozenset(row.out_of)) for row in rows}


def is_at(one: Person, leg: Leg) -> bool:
    if leg.receiver == "support_center":
        return bool(one.support_center_id == leg.support_center_id)
    return bool(one.school_id == leg.school_id)


def works_at(one: Person, leg: Leg) -> bool:
    if leg.receiver == "support_center":
        return (
            one.role in {"psc_specialist", "psc_supervisor"}
            and one.support_center_id == leg.support_center_id
        )
    return one.role == "psychologist" and one.school_id == leg.school_id


def standing(known: dict[UUID, Person], leg: Leg, one: Person) -> set[ActorKind]:
    """In which ways somebody may act on a referral as it stands."""
    if not one.is_active or leg.student_id in one.out_of:
        return set()
    found = set()
    is_of_school = one.school_id is not None and one.school_id == leg.school_id
    if is_of_school and one.role in {"psychologist", "social_pedagogue"}:
        found.add(A.SENDER)
    is_there = works_at(one, leg)
    may_own = (
        one.id == leg.owner_id
        or one.role == "psc_supervisor"
        or leg.owner_id not in known
        or not known[leg.owner_id].is_active
        # The child has moved: the post at the new school is theirs who hold it.
        or not is_at(known[leg.owner_id], leg)
    )
    if is_there and (leg.owner_id is None or may_own):
        found.add(A.RECEIVER)
    if is_there and leg.owner_id is not None and may_own:
        found.add(A.OWNER)
    reads = is_there or (
        leg.receiver == "school" and is_of_school and one.role == "social_pedagogue"
    )
    if reads and leg.proposer not in {None, one.id}:
        supervises = one.role == "psc_supervisor" or known[leg.proposer].role == "psc_supervisor"
        if leg.receiver == "school" or supervises:
            found.add(A.SECOND)
    return found


@dataclass(frozen=True)
class Choice:
    """What a step leaves open: a level, an outcome, a PSC."""

    level: Level
    outcome: Outcome
    center: UUID
    note: str = NOTE


@dataclass(frozen=True)
class Verb:
    """One step: the state it leads to, as whom, what must be there, and the call itself."""

    to: ReferralState
    kinds: frozenset[ActorKind]
    call: Callable[[Unit, Leg, int, Choice], object]
    ready: Callable[[Play, Leg, Choice], bool] = lambda _play, _leg, _choice: True
    needs_words: bool = True
    # What the owner writes down before.
    before: Callable[[Unit, Leg], None] | None = None


def able(play: Play, known: dict[UUID, Person], verb: Verb, leg: Leg, choice: Choice) -> set[UUID]:
    """Whose step this must be when they ask for it on the latest version."""
    if verb.needs_words and not choice.note.strip():
        return set()
    kinds = {
        kind for kind in verb.kinds if is_allowed(S(leg.state), verb.to, kind, Level(leg.level))
    }
    if not kinds or not verb.ready(play, leg, choice):
        return set()
    return {one.id for one in known.values() if standing(known, leg, one) & kinds}


def _words(unit: Unit, choice: Choice) -> PlanWords:
    day = unit.now().astimezone(KAZAKHSTAN).date() + timedelta(days=14)
    return PlanWords(day, child_agrees=True, note=choice.note)


def _outcome(choice: Choice) -> OutcomeWords:
    return OutcomeWords(choice.outcome, child_heard=True, repeat_on=None, note=choice.note)


def _may_triage(_play: Play, leg: Leg, choice: Choice) -> bool:
    return choice.level.rank >= Level(leg.level).rank or choice.level.value in leg.agreed


def _may_end_so(_play: Play, leg: Leg, choice: Choice) -> bool:
    return (choice.outcome is Outcome.FAMILY_REFUSED) == (leg.state == S.FAMILY_REFUSED)


def _may_go_to(play: Play, leg: Leg, choice: Choice) -> bool:
    if choice.center in (leg.support_center_id, *leg.open_at):
        return False
    with play.owner.connect() as connection:
        return bool(
            connection.scalar(
                text(
                    "SELECT is_open AND NOT EXISTS (SELECT FROM conflicts k WHERE"
                    " k.student_id = :student AND k.support_center_id = c.id)"
                    " FROM support_centers c WHERE id = :center"
                ),
                {"center": choice.center, "student": leg.student_id},
            )
        )


def _try_in_vain(unit: Unit, leg: Leg) -> None:
    for _ in range(3):
        referral_care.record_attempt(unit, leg.id, leg.version, CALLED)


def _sign_all(unit: Unit, leg: Leg) -> None:
    for section in AssessmentSection:
        referral_care.sign_section(unit, leg.id, section, SectionState.SIGNED, NOTE)


def _of(*kinds: ActorKind) -> frozenset[ActorKind]:
    return frozenset(kinds)


steps, care, endings = referral_steps, referral_care, referral_endings
VERBS: Mapping[str, Verb] = {
    "acknowledge": Verb(
        S.ACKNOWLEDGED,
        _of(A.RECEIVER),
        lambda u, leg, v, _c: steps.acknowledge(u, leg.id, v),
        needs_words=False,
    ),
    "triage": Verb(
        S.TRIAGED,
        _of(A.OWNER),
        lambda u, leg, v, c: care.triage(u, leg.id, v, c.level, c.note),
        _may_triage,
    ),
    "ask": Verb(
        S.NEEDS_INFO, _of(A.OWNER), lambda u, leg, v, c: steps.ask_sender(u, leg.id, v, c.note)
    ),
    "answer": Verb(
        S.ACKNOWLEDGED,
        _of(A.OWNER, A.SENDER),
        lambda u, leg, v, c: steps.answer(u, leg.id, v, c.note),
    ),
    "unreachable": Verb(
        S.UNREACHABLE,
        _of(A.OWNER),
        lambda u, leg, v, c: care.mark_unreachable(u, leg.id, v, c.note),
        lambda _p, leg, _c: leg.tries >= 3,
        before=_try_in_vain,
    ),
    "contact": Verb(
        S.CONTACTED,
        _of(A.OWNER),
        lambda u, leg, v, _c: care.record_contact(u, leg.id, v, TALKED),
        needs_words=False,
    ),
    "assess": Verb(
        S.ASSESSED,
        _of(A.OWNER),
        lambda u, leg, v, c: care.finish_assessment(u, leg.id, v, c.note),
        lambda _p, leg, _c: leg.sections == len(AssessmentSection),
        before=_sign_all,
    ),
    "plan": Verb(
        S.PLANNED, _of(A.OWNER), lambda u, leg, v, c: care.make_plan(u, leg.id, v, _words(u, c))
    ),
    "support": Verb(
        S.IN_SUPPORT,
        _of(A.OWNER),
        lambda u, leg, v, c: care.begin_support(u, leg.id, v, c.note),
        lambda _p, leg, _c: leg.state == S.PLANNED,
    ),
    "review": Verb(
        S.REVIEW,
        _of(A.OWNER),
        lambda u, leg, v, c: care.begin_review(u, leg.id, v, c.note),
    ),
    "go on": Verb(
        S.IN_SUPPORT,
        _of(A.OWNER),
        lambda u, leg, v, c: care.go_on(u, leg.id, v, _words(u, c)),
    ),
    "outcome": Verb(
        S.OUTCOME_SET,
        _of(A.OWNER, A.SECOND),
        lambda u, leg, v, c: endings.set_outcome(u, leg.id, v, _outcome(c)),
        _may_end_so,
    ),
    "close": Verb(
        S.CLOSED,
        _of(A.OWNER, A.SECOND),
        lambda u, leg, v, c: endings.close(u, leg.id, v, c.note),
    ),
    "send back": Verb(
        S.REVIEW, _of(A.SECOND), lambda u, leg, v, c: endings.send_back(u, leg.id, v, c.note)
    ),
    "refusal": Verb(
        S.FAMILY_REFUSED,
        _of(A.OWNER),
        lambda u, leg, v, c: endings.record_refusal(u, leg.id, v, c.note),
    ),
    "recheck": Verb(
        S.ACKNOWLEDGED, _of(A.SECOND), lambda u, leg, v, c: endings.recheck(u, leg.id, v, c.note)
    ),
    "redirect": Verb(
        S.REDIRECTED,
        _of(A.OWNER),
        lambda u, leg, v, c: handovers.redirect(u, leg.id, v, c.center, c.note),
        _may_go_to,
    ),
}
