"""What a person may do with a referral now, and what is still missing for the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tirek.domain.levels import Level
from tirek.domain.referral import (
    ATTEMPTS_IN_VAIN,
    CALM,
    OWNED,
    ActorKind,
    ApprovalKind,
    ReferralState,
)
from tirek.services import legal_grounds, referral_care, referral_endings, referral_steps
from tirek.services.second_opinions import Proposal
from tirek.services.unit import Unit
from tirek.storage.models import Referral

S, OWNER, SECOND, RECEIVER = (
    ReferralState,
    ActorKind.OWNER,
    ActorKind.SECOND,
    ActorKind.RECEIVER,
)


class StepName(StrEnum):
    """A step as its page is called."""

    ACKNOWLEDGE = "acknowledge"
    TRIAGE = "triage"
    ANSWER = "answer"
    CONTACT = "contact"
    ATTEMPT = "attempt"
    UNREACHABLE = "unreachable"
    ASSESS = "assess"
    PLAN = "plan"
    SUPPORT = "support"
    REVIEW = "review"
    GO_ON = "go-on"
    OUTCOME = "outcome"
    CLOSE = "close"
    SEND_BACK = "send-back"
    RECHECK = "recheck"
    ASK = "ask"
    REFUSAL = "refusal"
    REDIRECT = "redirect"
    DECLINE = "decline"
    ERROR = "error"


class Lack(StrEnum):
    """What is missing before a step that the state allows."""

    ATTEMPTS = "attempts"
    SECOND_PERSON = "second_person"
    CENTER_HELP_REFUSED = "center_help_refused"


@dataclass(frozen=True, slots=True)
class Choice:
    """One step; with `lacks` it is named and explained, but cannot be taken."""

    step: StepName
    lacks: Lack | None = None


# Which step leads on from a state; the others stand beside it.
MAIN = {
    S.ACKNOWLEDGED: StepName.TRIAGE,
    S.TRIAGED: StepName.CONTACT,
    S.UNREACHABLE: StepName.CONTACT,
    S.NEEDS_INFO: StepName.ANSWER,
    S.CONTACTED: StepName.ASSESS,
    S.ASSESSED: StepName.PLAN,
    S.PLANNED: StepName.SUPPORT,
    S.IN_SUPPORT: StepName.REVIEW,
    S.REVIEW: StepName.GO_ON,
    S.OUTCOME_SET: StepName.CLOSE,
    S.FAMILY_REFUSED: StepName.RECHECK,
}
# Steps that are nothing but an event to another state.
_PLAIN = {
    StepName.TRIAGE: S.TRIAGED,
    StepName.ASK: S.NEEDS_INFO,
    StepName.CONTACT: S.CONTACTED,
    StepName.PLAN: S.PLANNED,
    StepName.REVIEW: S.REVIEW,
    StepName.OUTCOME: S.OUTCOME_SET,
    StepName.REFUSAL: S.FAMILY_REFUSED,
    StepName.REDIRECT: S.REDIRECTED,
}


def main_step(leg: Referral) -> StepName:
    """The step that leads on; after a calm talk nobody has to write an assessment."""
    state = S(leg.state)
    if state is S.CONTACTED and Level(leg.level) in CALM:
        return StepName.OUTCOME
    return MAIN.get(state, StepName.ACKNOWLEDGE)


def choices(unit: Unit, leg: Referral, waiting: tuple[Proposal, ...]) -> tuple[Choice, ...]:
    """The steps of this person, the one that leads on first; `waiting` is what is proposed."""
    found = [*_as_receiver(unit, leg), *_as_owner(unit, leg), *_as_second(unit, leg)]
    if _may_propose_error(unit, leg, waiting):
        found.append(Choice(StepName.ERROR))
    if not referral_steps.works_at(unit.actor, leg):
        # A second reader from outside takes the second reader's steps only.
        found = list(_as_second(unit, leg))
    first, order = main_step(leg), list(StepName)
    return tuple(sorted(found, key=lambda one: (one.step is not first, order.index(one.step))))


def _as_receiver(unit: Unit, leg: Referral) -> Iterator[Choice]:
    if referral_steps.may_step(leg, S.ACKNOWLEDGED, RECEIVER):
        yield Choice(StepName.ACKNOWLEDGE)
    if referral_steps.may_step(leg, S.DECLINED_BY_RECEIVER, RECEIVER):
        yield Choice(StepName.DECLINE, _no_to_center(unit, leg))


def _as_owner(unit: Unit, leg: Referral) -> Iterator[Choice]:
    state = S(leg.state)
    if state not in OWNED or not referral_steps.may_work_on(unit, leg):
        return
    yield from (
        Choice(step, _no_to_center(unit, leg) if step is StepName.REDIRECT else None)
        for step, to_state in _PLAIN.items()
        if referral_steps.may_step(leg, to_state, OWNER)
    )
    if state is S.NEEDS_INFO:
        yield Choice(StepName.ANSWER)
    if state is S.PLANNED:
        yield Choice(StepName.SUPPORT)
    if state is S.REVIEW:
        yield Choice(StepName.GO_ON)
    if state in {S.CONTACTED, S.ASSESSED}:
        yield Choice(StepName.ASSESS)
    if state not in {S.OUTCOME_SET, S.FAMILY_REFUSED}:
        yield Choice(StepName.ATTEMPT)
    if referral_steps.may_step(leg, S.UNREACHABLE, OWNER):
        enough = referral_care.attempts_in_vain(unit, leg) >= ATTEMPTS_IN_VAIN
        yield Choice(StepName.UNREACHABLE, None if enough else Lack.ATTEMPTS)


def _no_to_center(unit: Unit, leg: Referral) -> Lack | None:
    """A guardian's no keeps a child at its school, outside danger."""
    return Lack.CENTER_HELP_REFUSED if legal_grounds.keeps_from_center(unit, leg) else None


def _as_second(unit: Unit, leg: Referral) -> Iterator[Choice]:
    """What another person than the one who proposed may do."""
    state = S(leg.state)
    is_second = referral_endings.is_second(unit, leg)
    lacks = None if is_second else Lack.SECOND_PERSON
    if state is S.OUTCOME_SET:
        may_alone = referral_steps.may_step(leg, S.CLOSED, OWNER)
        owns = referral_steps.works_at(unit.actor, leg) and referral_steps.may_work_on(unit, leg)
        yield Choice(StepName.CLOSE, None if may_alone and owns else lacks)
        if is_second:
            yield Choice(StepName.SEND_BACK)
    if state is S.FAMILY_REFUSED:
        yield Choice(StepName.RECHECK, lacks)
        if is_second and referral_steps.may_step(leg, S.OUTCOME_SET, SECOND):
            yield Choice(StepName.OUTCOME)


def _may_propose_error(unit: Unit, leg: Referral, waiting: tuple[Proposal, ...]) -> bool:
    kind = ApprovalKind.ENTERED_IN_ERROR
    is_proposed = any(one.kind is kind and one.is_approved is None for one in waiting)
    return (
        referral_steps.may_step(leg, S.ENTERED_IN_ERROR, SECOND)
        and referral_steps.works_at(unit.actor, leg)
        and not is_proposed
    )
