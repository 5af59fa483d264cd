"""Invented schools, children and people, with two rounds of results behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session

from tirek.services.demo_dates import move_into_the_past
from tirek.services.demo_moments import Diary
from tirek.services.demo_open import (
    OpenCode,
    answer_today,
    open_families,
    open_questionnaires,
)
from tirek.services.demo_places import DemoPlace, DemoPlaces, build_places
from tirek.services.demo_pupils import DemoPeople, Family, build_people
from tirek.services.demo_rounds import Rounds
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import MAIL, DemoStaff, Login, build_staff
from tirek.services.demo_steps import LATELY, LONG_AGO, Steps
from tirek.storage.models import Account, School

GROUPS = 8


@dataclass(frozen=True, slots=True)
class Demo:
    """What must be handed out now, because the database keeps only hashes of it."""

    codes: tuple[OpenCode, ...]
    families: tuple[Family, ...]
    staff: tuple[Login, ...]


def is_there(session: Session) -> bool:
    """Whether the database holds schools, of the demo or of anybody."""
    return bool(session.scalars(select(exists(select(School.id)))).one())


def holds_others(session: Session) -> bool:
    """Whether somebody has an account who is not of the demo: then nothing may be thrown away."""
    others = select(Account.id).where(Account.email.not_like(f"%@{MAIL}"))
    return bool(session.scalars(select(exists(others))).one())


def build(workshop: Workshop, owner: Engine) -> Demo:
    """Fill a database that holds no school; regions and releases may be there.

    `owner` is the engine of the tables' owner, who alone may move rows into the past.
    """
    places = build_places(workshop)
    staff = build_staff(workshop, places)
    people = build_people(workshop, places, staff)
    _live_through(workshop, owner, places, staff, people)
    codes = open_questionnaires(workshop, places, staff, people)
    return Demo(tuple(codes), tuple(open_families(places, people)), staff.logins)


def _live_through(
    workshop: Workshop, owner: Engine, places: DemoPlaces, staff: DemoStaff, people: DemoPeople
) -> None:
    """Two rounds with what people did about them, and this morning."""
    diary = Diary()
    rounds = Rounds(workshop, staff, people, diary)

    def live(schools: Sequence[DemoPlace]) -> None:
        steps = Steps(workshop, staff, diary, schools)
        first, second = places.earlier
        rounds.hold(first, schools)
        steps.answer(LONG_AGO, "first")
        steps.finish(LONG_AGO, "first")
        rounds.hold(second, schools)
        steps.answer(LATELY, "second")
        rounds.hold_further(second, schools)
        steps.answer(LATELY, "further")
        steps.finish(LATELY, "further")
        answer_today(workshop, places.today, schools, rounds)

    # No child's life touches another school, so that a few schools can live theirs at a time.
    workshop.each(live, [places.schools[start::GROUPS] for start in range(GROUPS)])
    with workshop.begin() as unit:
        protocol = unit.catalog.protocol
    move_into_the_past(owner, workshop, protocol, diary)
