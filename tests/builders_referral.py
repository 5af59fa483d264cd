"""Answers that raise flags, and people who work on what follows from them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.world import Adult, Pupil, World, an_origin
from tirek.domain.instruments import Answer
from tirek.domain.levels import Level
from tirek.domain.people import Actor
from tirek.domain.referral import (
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    SectionState,
)
from tirek.domain.scope import Scope
from tirek.services import referral_care, referral_endings, referral_steps, runs
from tirek.services.administrations import complete, open_by_code, record_responses
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_endings import OutcomeWords
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Referral
from tirek.storage.session import open_session

# A critical answer (level immediate, PSC), and totals of medium level (school psychologist).
SELF_HARM = {"q9": "1"}
ALL_ONE = {f"q{number}": "1" for number in range(1, 10)} | {"q1": "3", "q2": "3"}
SOME_WORRY = {f"q{number}": "2" for number in range(1, 8)}
NO_WORRY = {f"q{number}": "0" for number in range(1, 8)}


@contextmanager
def acting(engine: Engine, world: World, actor: Adult | Actor) -> Iterator[Unit]:
    """One request of somebody: own connection, own scope, committed when nothing was raised."""
    who = actor.actor if isinstance(actor, Adult) else actor
    with open_session(engine, who.scope) as session:
        yield world.unit(who, session)
        session.commit()


def an_administration(
    engine: Engine, world: World, pupil: Pupil | None = None, instrument: str = "phq-a"
) -> AdministrationKey:
    """What a pupil's code opens."""
    who = pupil or world.school.pupil
    with open_session(engine, Scope.none()) as session:
        unit = world.unit(session=session)
        key = open_by_code(unit, who.codes[instrument], an_origin(), "kk").key
        session.commit()
    return key


def a_pupil_answers(
    engine: Engine,
    world: World,
    given: Mapping[str, str],
    *,
    pupil: Pupil | None = None,
    instrument: str = "phq-a",
    to_the_end: bool = False,
) -> AdministrationKey:
    """Open by code, answer, and perhaps complete, each in a transaction of its own."""
    who = pupil or world.school.pupil
    key = an_administration(engine, world, who, instrument)
    with acting(engine, world, who.actor) as unit:
        read = {item: Answer.read(code) for item, code in given.items()}
        record_responses(unit, runs.load(unit, key), read)
    if to_the_end:
        with acting(engine, world, who.actor) as unit:
            complete(unit, runs.load(unit, key))
    return key


def legs(system: Session, pupil: Pupil) -> list[Referral]:
    """All referrals of a pupil as they stand now, the oldest first."""
    system.rollback()
    found = system.scalars(
        select(Referral)
        .where(Referral.student_id == pupil.id)
        .order_by(Referral.created_at)
        .execution_options(populate_existing=True)
    )
    return list(found)


def the_leg(system: Session, pupil: Pupil) -> Referral:
    """The one referral of a pupil."""
    (leg,) = legs(system, pupil)
    return leg


def accept(engine: Engine, world: World, adult: Adult, leg: Referral) -> None:
    """Open and accept a referral, as its page does."""
    with acting(engine, world, adult) as unit:
        referral_steps.mark_seen(unit, leg.id)
        version = version_of(unit, leg.id)
        referral_steps.acknowledge(unit, leg.id, version)


def version_of(unit: Unit, referral_id: UUID) -> int:
    return unit.session.scalars(select(Referral.version).where(Referral.id == referral_id)).one()


# The way of a referral that somebody has accepted, to its end.
WAY = ("triaged", "contacted", "assessed", "planned", "in_support", "review", "outcome_set")


def talk(unit: Unit, referral_id: UUID) -> None:
    """The child was met."""
    attempt = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note="We met.")
    referral_care.record_contact(unit, referral_id, version_of(unit, referral_id), attempt)


def work_until(engine: Engine, world: World, adult: Adult, leg: Referral, state: str) -> None:
    """Take an accepted referral on, step by step, as its owner's pages do, up to a state."""
    for step in WAY[: WAY.index(state) + 1]:
        with acting(engine, world, adult) as unit:
            _take(unit, leg, step)


def _take(unit: Unit, leg: Referral, step: str) -> None:
    version = version_of(unit, leg.id)
    next_on = unit.now().date() + timedelta(days=14)
    if step == "triaged":
        referral_care.triage(unit, leg.id, version, Level(leg.level), "As it was said.")
    elif step == "contacted":
        talk(unit, leg.id)
    elif step == "assessed":
        for section in AssessmentSection:
            referral_care.sign_section(unit, leg.id, section, SectionState.SIGNED, "Looked at.")
        referral_care.finish_assessment(unit, leg.id, version, "All parts are there.")
    elif step == "planned":
        referral_care.make_plan(
            unit, leg.id, version, PlanWords(next_on, child_agrees=True, note="Meet weekly.")
        )
    elif step == "in_support":
        referral_care.begin_support(unit, leg.id, version, "The first meeting.")
    elif step == "review":
        referral_care.begin_review(unit, leg.id, version, "It goes better.")
    else:
        words = OutcomeWords(
            Outcome.SUPPORTED, child_heard=True, repeat_on=next_on, note="Sleeps and laughs again."
        )
        referral_endings.set_outcome(unit, leg.id, version, words)


def end(engine: Engine, world: World, leg: Referral, owner: Adult, second: Adult) -> None:
    """Take an accepted referral to its end: a second person agrees with the outcome."""
    work_until(engine, world, owner, leg, "outcome_set")
    with acting(engine, world, second) as unit:
        referral_endings.close(unit, leg.id, version_of(unit, leg.id), "I agree.")
