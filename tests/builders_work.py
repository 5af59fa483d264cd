"""People who work on a referral step by step, each step in a transaction of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from tests.builders_referral import acting, version_of
from tests.world import Adult, World
from tirek.domain.levels import Level
from tirek.domain.referral import (
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    SectionState,
)
from tirek.services import referral_care, referral_endings, referral_steps
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit

SAID = "We have talked; she has somebody at home."
# The states of the straight way, in order.
WAY = (
    "acknowledged", "triaged", "contacted", "assessed", "planned", "in_support", "review",
    "outcome_set",
)  # fmt: skip


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def lead_to(
    engine: Engine, world: World, adult: Adult, referral_id: UUID, state: str, said: str = SAID
) -> None:
    """Take a referral that nobody has accepted along the straight way to a state."""
    for one in WAY[: WAY.index(state) + 1]:
        lead_on(engine, world, adult, referral_id, one, said)


def lead_on(
    engine: Engine, world: World, adult: Adult, referral_id: UUID, state: str, said: str = SAID
) -> None:
    """Take the one step that leads to a state."""
    with acting(engine, world, adult) as unit:
        _STEPS[state](unit, referral_id, said)


def _accept(unit: Unit, leg: UUID, _said: str) -> None:
    referral_steps.mark_seen(unit, leg)
    referral_steps.acknowledge(unit, leg, version_of(unit, leg))


def _triage(unit: Unit, leg: UUID, said: str) -> None:
    referral_care.triage(unit, leg, version_of(unit, leg), Level.IMMEDIATE, said)


def _talk(unit: Unit, leg: UUID, said: str) -> None:
    talk = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=said)
    referral_care.record_contact(unit, leg, version_of(unit, leg), talk)


def _assess(unit: Unit, leg: UUID, said: str) -> None:
    for section in AssessmentSection:
        state = SectionState.WAIVED if section == "health" else SectionState.SIGNED
        referral_care.sign_section(unit, leg, section, state, said)
    referral_care.finish_assessment(unit, leg, version_of(unit, leg), said)


def _plan(unit: Unit, leg: UUID, said: str) -> None:
    words = PlanWords(in_days(10).date(), child_agrees=True, note=said)
    referral_care.make_plan(unit, leg, version_of(unit, leg), words)


def _support(unit: Unit, leg: UUID, said: str) -> None:
    referral_care.begin_support(unit, leg, version_of(unit, leg), said)


def _review(unit: Unit, leg: UUID, said: str) -> None:
    referral_care.begin_review(unit, leg, version_of(unit, leg), said)


def _end(unit: Unit, leg: UUID, said: str) -> None:
    words = OutcomeWords(
        Outcome.SUPPORTED, child_heard=True, repeat_on=in_days(90).date(), note=said
    )
    referral_endings.set_outcome(unit, leg, version_of(unit, leg), words)


_STEPS: dict[str, Callable[[Unit, UUID, str], None]] = {
    "acknowledged": _accept,
    "triaged": _triage,
    "contacted": _talk,
    "assessed": _assess,
    "planned": _plan,
    "in_support": _support,
    "review": _review,
    "outcome_set": _end,
}


def close(engine: Engine, world: World, adult: Adult, referral_id: UUID, said: str = SAID) -> None:
    """Agree with the proposed outcome."""
    with acting(engine, world, adult) as unit:
        referral_endings.close(unit, referral_id, version_of(unit, referral_id), said)


def try_in_vain(engine: Engine, world: World, adult: Adult, referral_id: UUID) -> None:
    """Ring the child's family and reach nobody."""
    with acting(engine, world, adult) as unit:
        made = Attempt(ContactChannel.PHONE, ContactPerson.GUARDIAN, reached=False)
        referral_care.record_attempt(unit, referral_id, version_of(unit, referral_id), made)
