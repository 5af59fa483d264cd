"""A referral's life: states, who may move it where, receivers and outcomes.

The database holds the same table (`referral_transitions`) and refuses everything else.
The full machine of the reference comes with the issue on lost referrals; the words are its.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    REDIRECTED = "redirected"
    CLOSED = "closed"


class ActorKind(StrEnum):
    """Who may move a referral: the rules themselves, or a person at its receiver."""

    SYSTEM = "system"
    RECEIVER = "receiver"


class Outcome(StrEnum):
    """With what a referral closes."""

    SUPPORTED = "supported"
    SUPPORT_CONTINUES_AT_SCHOOL = "support_continues_at_school"
    NO_NEED_FOUND = "no_need_found"
    FAMILY_REFUSED = "family_refused"
    HANDED_OVER = "handed_over"
    ENTERED_IN_ERROR = "entered_in_error"


class NextStep(StrEnum):
    """What the receiver's people have to do next about an open referral."""

    OPEN = "open"
    ACCEPT = "accept"
    CONTACT = "contact"
    SUPPORT = "support"
    WAIT = "wait"


NEXT_STEPS = MappingProxyType(
    {
        ReferralState.CREATED: NextStep.OPEN,
        ReferralState.ROUTED: NextStep.OPEN,
        ReferralState.SEEN: NextStep.ACCEPT,
        ReferralState.ACKNOWLEDGED: NextStep.CONTACT,
        ReferralState.CONTACTED: NextStep.SUPPORT,
        ReferralState.REDIRECTED: NextStep.WAIT,
        ReferralState.CLOSED: None,
    }
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step."""

    from_state: ReferralState
    to_state: ReferralState
    actor: ActorKind


S = ReferralState
TRANSITIONS: frozenset[Transition] = frozenset(
    {
        Transition(S.CREATED, S.ROUTED, ActorKind.SYSTEM),
        Transition(S.ROUTED, S.SEEN, ActorKind.RECEIVER),
        Transition(S.ROUTED, S.ACKNOWLEDGED, ActorKind.RECEIVER),
        Transition(S.SEEN, S.ACKNOWLEDGED, ActorKind.RECEIVER),
        Transition(S.ACKNOWLEDGED, S.CONTACTED, ActorKind.RECEIVER),
        Transition(S.ACKNOWLEDGED, S.REDIRECTED, ActorKind.RECEIVER),
        Transition(S.ACKNOWLEDGED, S.CLOSED, ActorKind.RECEIVER),
        Transition(S.CONTACTED, S.REDIRECTED, ActorKind.RECEIVER),
        Transition(S.CONTACTED, S.CLOSED, ActorKind.RECEIVER),
        # A new signal: the child must be talked with again.
        Transition(S.CONTACTED, S.ACKNOWLEDGED, ActorKind.SYSTEM),
        # The first receiver stays owner until the second has acknowledged.
        Transition(S.REDIRECTED, S.CLOSED, ActorKind.SYSTEM),
    }
)


def is_allowed(from_state: ReferralState, to_state: ReferralState, actor: ActorKind) -> bool:
    """Say whether the table lists this step."""
    return Transition(from_state, to_state, actor) in TRANSITIONS
