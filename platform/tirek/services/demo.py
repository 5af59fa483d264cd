"""Invented schools, children and people, with two rounds of results behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session

from tirek.services import (
    demo_about,
    demo_duty,
    demo_families,
    demo_groups,
    demo_outcomes,
    demo_reading,
    demo_talks,
)
from tirek.services.demo_dates import move_into_the_past, ring
from tirek.services.demo_desk import Desk
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
from tirek.services.demo_size import GROUPS, Workshop
from tirek.services.demo_staff import MAIL, DemoStaff, Login, build_staff
from tirek.services.demo_steps import LATELY, LONG_AGO, Steps
from tirek.storage.models import Account, School


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
    demo_duty.appoint(workshop, places, staff)
    people = build_people(workshop, places, staff)
    _live_through(workshop, owner, places, staff, people)
    codes = open_questionnaires(workshop, places, staff, people)
    families = tuple(open_families(places, people))
    demo_families.fill(workshop, families)
    demo_about.fill(workshop, staff, families)
    demo_reading.fill(workshop, families)
    demo_talks.fill(workshop, staff, families)
    demo_groups.fill(workshop, staff, families)
    demo_outcomes.fill(workshop)
    return Demo(tuple(codes), families, staff.logins)


def _live_through(
    workshop: Workshop, owner: Engine, places: DemoPlaces, staff: DemoStaff, people: DemoPeople
) -> None:
    """Two rounds with what people did about them, and this morning.

    After each of them everything is moved to its moment, so that the next one finds it as old as
    it then was.
    """
    diary = Diary()
    rounds = Rounds(workshop, staff, people, diary)
    first, second = places.earlier

    def long_ago(schools: Sequence[DemoPlace]) -> None:
        rounds.hold(first, schools)
        steps = Steps(Desk(workshop, staff, diary, schools))
        steps.answer(LONG_AGO, "first")
        steps.finish(LONG_AGO, "first")

    def lately(schools: Sequence[DemoPlace]) -> None:
        rounds.hold(second, schools)
        steps = Steps(Desk(workshop, staff, diary, schools))
        steps.answer(LATELY, "second")
        rounds.hold_further(second, schools)
        rounds.hold_gated(second, schools)
        steps.answer(LATELY, "further")
        steps.finish(LATELY, "further")

    def today(schools: Sequence[DemoPlace]) -> None:
        answer_today(workshop, places.today, schools, rounds)

    # No child's life touches another school, so that a few schools can live theirs at a time.
    groups = [places.schools[start::GROUPS] for start in range(GROUPS)]
    workshop.each(long_ago, groups)
    move_into_the_past(owner, workshop, diary, rounds.until_now(second, places.schools))
    workshop.each(lately, groups)
    move_into_the_past(owner, workshop, diary)
    demo_duty.go_on_duty(workshop, places, staff)
    workshop.each(today, groups)
    move_into_the_past(owner, workshop, diary)
    ring(owner, workshop)
