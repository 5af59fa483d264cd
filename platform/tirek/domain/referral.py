"""A referral's life: states, who may move it where, and what it ends with.

The machine of the reference (referrals-security §2.2), as one table. The database holds a copy of
it (`referral_transitions`) and refuses everything else; none of these states is reached by time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tirek.domain.levels import Level


class SignalKind(StrEnum):
    """Where a signal came from."""

    QUESTIONNAIRE = "questionnaire"
    STAFF_CONCERN = "staff_concern"


class ReceiverKind(StrEnum):
    """To whom a leg goes: the territory's PSC or the school's psychologist."""

    SUPPORT_CENTER = "support_center"
    SCHOOL = "school"


class ReferralState(StrEnum):
    """None of these is reached by time alone."""

    CREATED = "created"
    ROUTED = "routed"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    TRIAGED = "triaged"
    CONTACTED = "contacted"
    ASSESSED = "assessed"
    PLANNED = "planned"
    IN_SUPPORT = "in_support"
    REVIEW = "review"
    OUTCOME_SET = "outcome_set"
    CLOSED = "closed"
    REDIRECTED = "redirected"
    NEEDS_INFO = "needs_info"
    UNREACHABLE = "unreachable"
    DECLINED_BY_RECEIVER = "declined_by_receiver"
    FAMILY_REFUSED = "family_refused"
    MERGED = "merged"
    ENTERED_IN_ERROR = "entered_in_error"
    REOPENED = "reopened"


class ActorKind(StrEnum):
    """Who may move a referral.

    `receiver`: any active person at the receiver. `owner`: the one who accepted it, a supervisor
    of the same PSC, or a colleague when the owner has left. `second`: another person than the one
    who proposed the step. `sender`: the school that the child goes to.
    """

    SYSTEM = "system"
    RECEIVER = "receiver"
    OWNER = "owner"
    SECOND = "second"
    SENDER = "sender"


class Outcome(StrEnum):
    """With what a referral closes."""

    SUPPORTED = "supported"
    SUPPORT_CONTINUES_AT_SCHOOL = "support_continues_at_school"
    NO_NEED_FOUND = "no_need_found"
    FAMILY_REFUSED = "family_refused"
    HANDED_OVER = "handed_over"
    MERGED = "merged"
    ENTERED_IN_ERROR = "entered_in_error"


# What a person may propose; the others follow from a step of its own.
PROPOSABLE = (
    Outcome.SUPPORTED,
    Outcome.SUPPORT_CONTINUES_AT_SCHOOL,
    Outcome.NO_NEED_FOUND,
    Outcome.FAMILY_REFUSED,
)


class NextStep(StrEnum):
    """What the receiver's people have to do next about an open referral."""

    OPEN = "open"
    ACCEPT = "accept"
    TRIAGE = "triage"
    CONTACT = "contact"
    ASSESS = "assess"
    PLAN = "plan"
    SUPPORT = "support"
    REVIEW = "review"
    APPROVE = "approve"
    RECHECK = "recheck"
    ANSWER = "answer"
    WAIT = "wait"


class ApprovalKind(StrEnum):
    """Steps that take two people: one proposes, another decides."""

    DOWNGRADE = "downgrade"
    ENTERED_IN_ERROR = "entered_in_error"


class ContactChannel(StrEnum):
    """How somebody was tried to be reached."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    MESSAGE = "message"
    HOME_VISIT = "home_visit"


class ContactPerson(StrEnum):
    """Who was tried to be reached."""

    CHILD = "child"
    GUARDIAN = "guardian"
    SCHOOL = "school"


class AssessmentSection(StrEnum):
    """The parts of an assessment: each is signed, or waived with a reason."""

    SAFETY = "safety"
    CHILD_WORDS = "child_words"
    HOME = "home"
    SCHOOL = "school"
    HEALTH = "health"


class SectionState(StrEnum):
    """How a part of the assessment stands."""

    SIGNED = "signed"
    WAIVED = "waived"


class ConflictKind(StrEnum):
    """Who is named as possibly harming the child, and so must never receive."""

    GUARDIAN = "guardian"
    SCHOOL_STAFF = "school_staff"
    PSC_STAFF = "psc_staff"


S = ReferralState
TERMINAL = frozenset({S.CLOSED, S.MERGED, S.ENTERED_IN_ERROR})
# Nobody has accepted yet: the receiver's post answers.
UNOWNED = frozenset({S.CREATED, S.ROUTED, S.DELIVERED, S.SEEN, S.REOPENED})
# Another leg carries the child's clocks until somebody there accepts.
HANDED_ON = frozenset({S.REDIRECTED, S.DECLINED_BY_RECEIVER})
OWNED = frozenset(S) - UNOWNED - HANDED_ON - TERMINAL
# Work that follows a talk with the child; a new signal calls for another one.
AFTER_CONTACT = frozenset(
    {S.CONTACTED, S.ASSESSED, S.PLANNED, S.IN_SUPPORT, S.REVIEW, S.OUTCOME_SET, S.FAMILY_REFUSED}
)
# How many attempts in vain make a child unreachable, which calls the ladder (reference §2.2).
ATTEMPTS_IN_VAIN = 3
# Within so many days a new signal opens the closed case again (reference §2.2).
REOPEN_DAYS = 90

NEXT_STEPS = MappingProxyType(
    {
        S.CREATED: NextStep.OPEN,
        S.ROUTED: NextStep.OPEN,
        S.DELIVERED: NextStep.OPEN,
        S.REOPENED: NextStep.OPEN,
        S.SEEN: NextStep.ACCEPT,
        S.ACKNOWLEDGED: NextStep.TRIAGE,
        S.TRIAGED: NextStep.CONTACT,
        S.UNREACHABLE: NextStep.CONTACT,
        S.NEEDS_INFO: NextStep.ANSWER,
        S.CONTACTED: NextStep.ASSESS,
        S.ASSESSED: NextStep.PLAN,
        S.PLANNED: NextStep.SUPPORT,
        S.IN_SUPPORT: NextStep.REVIEW,
        S.REVIEW: NextStep.REVIEW,
        S.OUTCOME_SET: NextStep.APPROVE,
        S.FAMILY_REFUSED: NextStep.RECHECK,
        S.REDIRECTED: NextStep.WAIT,
        S.DECLINED_BY_RECEIVER: NextStep.WAIT,
        S.CLOSED: None,
        S.MERGED: None,
        S.ENTERED_IN_ERROR: None,
    }
)

URGENT = frozenset({Level.IMMEDIATE, Level.HIGH})
CALM = frozenset({Level.MEDIUM, Level.LOW})
EVERY_LEVEL = URGENT | CALM


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step, for one level of the referral."""

    from_state: ReferralState
    to_state: ReferralState
    actor: ActorKind
    level: Level


def _steps(
    froms: frozenset[S] | set[S],
    to: S,
    actor: ActorKind,
    levels: frozenset[Level] | set[Level] = EVERY_LEVEL,
) -> Iterator[Transition]:
    return (Transition(one, to, actor, level) for one in froms for level in levels)


SYSTEM, RECEIVER, OWNER = ActorKind.SYSTEM, ActorKind.RECEIVER, ActorKind.OWNER
SECOND, SENDER = ActorKind.SECOND, ActorKind.SENDER
WAITING = frozenset({S.ROUTED, S.DELIVERED, S.SEEN, S.REOPENED})
MOVABLE = OWNED - {S.OUTCOME_SET, S.FAMILY_REFUSED}

TRANSITIONS: frozenset[Transition] = frozenset(
    {
        *_steps({S.CREATED}, S.ROUTED, SYSTEM),
        # A receipt of a channel, or the first look at the inbox.
        *_steps({S.ROUTED}, S.DELIVERED, SYSTEM),
        *_steps({S.ROUTED}, S.DELIVERED, RECEIVER),
        *_steps({S.ROUTED, S.DELIVERED, S.REOPENED}, S.SEEN, RECEIVER),
        *_steps(WAITING, S.ACKNOWLEDGED, RECEIVER),
        # "Not ours": the next receiver is asked at once, with the same clocks.
        *_steps(WAITING, S.DECLINED_BY_RECEIVER, RECEIVER),
        *_steps({S.ACKNOWLEDGED}, S.TRIAGED, OWNER),
        *_steps({S.ACKNOWLEDGED, S.TRIAGED}, S.NEEDS_INFO, OWNER),
        *_steps({S.NEEDS_INFO}, S.ACKNOWLEDGED, OWNER),
        *_steps({S.NEEDS_INFO}, S.ACKNOWLEDGED, SENDER),
        *_steps({S.TRIAGED, S.UNREACHABLE}, S.CONTACTED, OWNER),
        *_steps({S.TRIAGED}, S.UNREACHABLE, OWNER),
        *_steps({S.CONTACTED}, S.ASSESSED, OWNER),
        *_steps({S.ASSESSED}, S.PLANNED, OWNER),
        *_steps({S.PLANNED, S.REVIEW}, S.IN_SUPPORT, OWNER),
        *_steps({S.IN_SUPPORT}, S.REVIEW, OWNER),
        *_steps({S.ASSESSED, S.REVIEW}, S.OUTCOME_SET, OWNER),
        # A school psychologist with a thousand pupils writes no plan after a calm talk.
        *_steps({S.CONTACTED}, S.OUTCOME_SET, OWNER, CALM),
        *_steps({S.OUTCOME_SET}, S.CLOSED, SECOND),
        *_steps({S.OUTCOME_SET}, S.CLOSED, OWNER, CALM),
        # The second reader does not agree.
        *_steps({S.OUTCOME_SET}, S.REVIEW, SECOND),
        *_steps(
            {S.CONTACTED, S.ASSESSED, S.PLANNED, S.IN_SUPPORT, S.REVIEW}, S.FAMILY_REFUSED, OWNER
        ),
        # A refusal never ends an immediate case; otherwise a second person looks at the risk anew.
        *_steps({S.FAMILY_REFUSED}, S.ACKNOWLEDGED, SECOND),
        *_steps({S.FAMILY_REFUSED}, S.OUTCOME_SET, SECOND, EVERY_LEVEL - {Level.IMMEDIATE}),
        *_steps(MOVABLE, S.REDIRECTED, OWNER),
        # The child moves, or the receiver turns out to have a conflict of interest.
        *_steps(OWNED | WAITING, S.REDIRECTED, SYSTEM),
        # The first receiver stays answerable until the next one has accepted.
        *_steps(HANDED_ON, S.CLOSED, SYSTEM),
        *_steps(OWNED, S.MERGED, OWNER),
        *_steps(OWNED | WAITING | HANDED_ON, S.MERGED, SYSTEM),
        *_steps(OWNED | WAITING, S.ENTERED_IN_ERROR, SECOND),
        # A new signal: the child must be talked with again.
        *_steps(AFTER_CONTACT, S.ACKNOWLEDGED, SYSTEM),
        *_steps({S.CLOSED}, S.REOPENED, SYSTEM),
    }
)


def is_allowed(
    from_state: ReferralState, to_state: ReferralState, actor: ActorKind, level: Level
) -> bool:
    """Say whether the table lists this step."""
    return Transition(from_state, to_state, actor, level) in TRANSITIONS
