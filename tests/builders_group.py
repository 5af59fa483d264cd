"""Groups of parents for tests."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.world import Adult, World, an_adult
from tirek.domain.people import Actor, Role
from tirek.services import cohort_members, cohorts
from tirek.services.cohorts import NewCohort
from tirek.services.unit import Unit
from tirek.storage.models import Cohort, Guardianship
from tirek.storage.session import open_session

COURSE = "calm-parent"


def seeing(world: World, engine: Engine, actor: Actor) -> tuple[Session, Unit]:
    """A session that sees what this person sees, and a unit in it."""
    session = open_session(engine, actor.scope)
    return session, world.unit(actor, session)


def a_group(
    world: World,
    leader: Adult | None = None,
    *,
    classroom_id: UUID | None = None,
    starts: int = 0,
    days: int = 35,
    course: str = COURSE,
) -> Cohort:
    """A group that begins so many days from today; committed."""
    adult = leader or world.school.psychologist
    unit = world.unit(adult.actor)
    first = cohorts.today(unit) + timedelta(days=starts)
    wanted = NewCohort(uuid4(), course, classroom_id, first, first + timedelta(days=days - 1))
    if wanted.ends_on < cohorts.today(unit) or starts < 0:
        return _past_group(world, adult, wanted)
    cohorts.start(unit, wanted)
    world.session.commit()
    return world.session.get_one(Cohort, wanted.id)


def _past_group(world: World, adult: Adult, wanted: NewCohort) -> Cohort:
    account = adult.account
    made = Cohort(
        id=wanted.id,
        course_id=wanted.course_id,
        school_id=account.school_id,
        support_center_id=account.support_center_id,
        classroom_id=wanted.classroom_id,
        facilitator_id=account.id,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        join_code=f"{uuid4().int}"[:9].translate(str.maketrans("013", "246")),
    )
    world.session.add(made)
    world.session.commit()
    return made


def a_parent(world: World, *, classmate: bool = False) -> Adult:
    """A parent; with `classmate` of the second pupil of the first school's class."""
    adult = an_adult(world.unit(), Role.GUARDIAN)
    if classmate:
        world.session.add(
            Guardianship(
                account_id=adult.account.id,
                student_id=world.school.pupils[1].id,
                verified_by=world.school.psychologist.account.id,
            )
        )
    world.session.commit()
    return adult


def joins(world: World, parent: Adult, group: Cohort, name: str = "Ая") -> None:
    """The parent comes in by the code; committed."""
    unit = world.unit(parent.actor)
    cohort_members.join(unit, cohort_members.find(unit, group.join_code, "192.0.2.1"), name)
    world.session.commit()


def day(group: Cohort, number: int) -> date:
    return group.starts_on + timedelta(days=number)
