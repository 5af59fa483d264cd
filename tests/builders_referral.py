"""Answers that raise flags, and people who work on what follows from them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.world import Adult, Pupil, World, an_origin
from tirek.domain.instruments import Answer
from tirek.domain.people import Actor
from tirek.domain.scope import Scope
from tirek.services import referral_steps, runs
from tirek.services.administrations import complete, open_by_code, record_responses
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
