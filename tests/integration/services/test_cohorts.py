"""Groups of parents: who sees what, who may come in, how far, and that nothing happens twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.builders_group import COURSE, a_group, a_parent, day, joins, seeing
from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.cohorts import CohortDatesError, Phase, Standing
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.people import Role
from tirek.services import cohort_members, cohorts, courses
from tirek.services.cohort_members import GroupOverError, ShownNameError, UnknownJoinCodeError
from tirek.services.cohorts import CohortQuery, NewCohort
from tirek.storage.models import AuditEntry, Classroom, Cohort, CohortMember, LessonProgress, School


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2, coded=0)
    system.commit()
    return made


def test_a_second_press_starts_no_second_group(world: World) -> None:
    unit = world.unit(world.school.psychologist.actor)
    first = cohorts.today(unit)
    wanted = NewCohort(uuid4(), COURSE, world.school.classroom.id, first, first + timedelta(34))
    assert cohorts.start(unit, wanted) == cohorts.start(unit, wanted) == wanted.id
    started = select(func.count()).where(AuditEntry.action == "cohort.start")
    assert world.session.scalars(started).one() == 1
    group = cohorts.get(unit, wanted.id)
    assert group.phase is Phase.RUNNING
    assert group.classroom == "8Ә"
    assert [step.opens_on for step in group.steps] == [first + timedelta(7 * n) for n in range(5)]


def test_what_cannot_be_started(world: World) -> None:
    unit = world.unit(world.school.psychologist.actor)
    first = cohorts.today(unit)
    last = first + timedelta(34)
    for wanted in (
        NewCohort(uuid4(), "no-such-course", None, first, last),
        NewCohort(uuid4(), COURSE, world.schools[1].classroom.id, first, last),
    ):
        with pytest.raises(NotFoundError):
            cohorts.start(unit, wanted)
    # A centre invites no class of another territory.
    far = School(
        district_id=world.neighbour.district.id, name_kk="Алыс", name_ru="Далёкая", public_code="F1"
    )
    world.session.add(far)
    world.session.flush()
    year = world.school.classroom.school_year
    room = Classroom(school_id=far.id, school_year=year, grade=5, letter="А")
    world.session.add(room)
    world.session.flush()
    centre = world.unit(world.home.specialist.actor)
    with pytest.raises(NotFoundError):
        cohorts.start(centre, NewCohort(uuid4(), COURSE, room.id, first, last))
    cohorts.start(centre, NewCohort(uuid4(), COURSE, world.school.classroom.id, first, last))
    with pytest.raises(CohortDatesError):
        cohorts.start(unit, NewCohort(uuid4(), COURSE, None, first, first + timedelta(3)))
    taken = a_group(world, world.schools[1].psychologist)
    with pytest.raises(NotFoundError):
        cohorts.start(unit, NewCohort(taken.id, COURSE, None, first, last))


def test_another_house_sees_nothing(world: World, engine: Engine) -> None:
    group = a_group(world)
    joins(world, a_parent(world), group)
    strangers = (
        world.schools[1].psychologist.actor,
        world.home.specialist.actor,
        a_parent(world).actor,
    )
    for actor in strangers:
        session, unit = seeing(world, engine, actor)
        with session:
            assert session.scalars(select(Cohort)).all() == []
            assert session.scalars(select(CohortMember)).all() == []
            assert cohorts.of_house(unit, CohortQuery()).rows == []
            rows = session.execute(select(func.count()).select_from(func.cohort_progress(group.id)))
            assert rows.scalar_one() == 0
            with pytest.raises(NotFoundError):
                cohorts.get(unit, group.id)


def test_the_facilitator_learns_how_far_and_nothing_else(world: World, engine: Engine) -> None:
    group = a_group(world, starts=-14)
    reader, idle = a_parent(world), a_parent(world)
    joins(world, reader, group, "  Ая   мен  Бота ")
    joins(world, idle, group, "Дос")
    for lesson in ("boiling-signs", "ten-second-stop"):
        courses.record_lesson_done(world.session, reader.account.id, COURSE, lesson)
    world.session.commit()
    session, unit = seeing(world, engine, world.school.psychologist.actor)
    with session:
        assert session.scalars(select(LessonProgress)).all() == []
        members = cohorts.progress(unit, cohorts.get(unit, group.id))
        told = {one.shown_name: (one.pace.standing, one.pace.done) for one in members}
        assert told == {
            "Ая мен Бота": (Standing.UNDER_WAY, 2),
            "Дос": (Standing.NOT_STARTED, 0),
        }
        session.commit()


def test_who_is_silent_is_quiet_since_a_day(world: World) -> None:
    group = a_group(world, starts=-20)
    parent = a_parent(world)
    joins(world, parent, group)
    courses.record_lesson_done(world.session, parent.account.id, COURSE, "boiling-signs")
    long_ago = func.now() - timedelta(days=12)
    world.session.execute(update(LessonProgress).values(seen_at=long_ago, done_at=long_ago))
    world.session.execute(update(CohortMember).values(left_at=None))
    unit = world.unit(world.school.psychologist.actor)
    found = cohorts.get(unit, group.id)
    (member,) = cohorts.progress(unit, found)
    # Joined today: what was read before is no silence in the group.
    assert member.pace.standing is Standing.UNDER_WAY
    assert member.last_on == found.today - timedelta(days=12)


def test_a_class_is_invited_and_nobody_else(world: World, engine: Engine) -> None:
    group = a_group(world, classroom_id=world.school.classroom.id, starts=3)
    other = world.schools[1].guardian
    for parent, sees in ((world.school.guardian, 1), (other, 0), (a_parent(world), 0)):
        session, unit = seeing(world, engine, parent.actor)
        with session:
            assert len(cohort_members.invitations(unit)) == sees, parent.account.email
    session, unit = seeing(world, engine, world.school.guardian.actor)
    with session:
        (invitation,) = cohort_members.invitations(unit)
        assert invitation.join_code == group.join_code
        door = cohort_members.find(unit, invitation.join_code, "192.0.2.1")
        assert door.facilitator == world.school.psychologist.account.display_name
        cohort_members.join(unit, door, "Ая")
        cohort_members.join(unit, door, "Бота")
        session.commit()
        assert cohort_members.invitations(unit) == []
        assert [one.shown_name for one in cohort_members.of_parent(unit)] == ["Бота"]


def test_a_parent_outside_the_class_comes_in_by_the_code(world: World, engine: Engine) -> None:
    group = a_group(world, world.home.specialist)
    session, unit = seeing(world, engine, a_parent(world).actor)
    with session:
        typed = f" {group.join_code[:3]} {group.join_code[3:6]}-{group.join_code[6:]} "
        door = cohort_members.find(unit, typed, "192.0.2.1")
        assert door.house is not None
        assert door.house.name_kk == world.home.center.name_kk
        with pytest.raises(ShownNameError):
            cohort_members.join(unit, door, "  ")
        with pytest.raises(ShownNameError):
            cohort_members.join(unit, door, "а" * 41)
        with pytest.raises(NotFoundError):
            cohort_members.get(unit, group.id)
        cohort_members.join(unit, door, "Ая")
        assert cohort_members.get(unit, group.id).phase is Phase.RUNNING
        cohort_members.leave(unit, group.id)
        cohort_members.leave(unit, group.id)
        session.commit()
        with pytest.raises(NotFoundError):
            cohort_members.get(unit, group.id)
        cohort_members.join(unit, door, "Ая")
        assert cohort_members.get(unit, group.id)
        with pytest.raises(NotFoundError):
            cohort_members.leave(unit, uuid4())


def test_nobody_comes_in_after_the_end(world: World) -> None:
    over, closed = a_group(world, starts=-40), a_group(world)
    staff = world.unit(world.school.psychologist.actor)
    cohorts.close(staff, cohorts.get(staff, closed.id))
    cohorts.close(staff, cohorts.get(staff, closed.id))
    unit = world.unit(a_parent(world).actor)
    door = cohort_members.find(unit, over.join_code, "192.0.2.1")
    with pytest.raises(GroupOverError):
        cohort_members.join(unit, door, "Ая")
    for code in (closed.join_code, "222222222", "short", ""):
        with pytest.raises(UnknownJoinCodeError):
            cohort_members.find(unit, code, "192.0.2.1")
    shown = {one.id: one.phase for one in cohorts.of_house(staff, CohortQuery("past")).rows}
    assert shown == {over.id: Phase.OVER, closed.id: Phase.CLOSED}


def test_days_move_and_a_colleague_takes_over_while_it_is_open(world: World) -> None:
    group = a_group(world)
    colleague = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    unit = world.unit(colleague.actor)
    found = cohorts.get(unit, group.id)
    cohorts.take_over(unit, found)
    cohorts.change_dates(unit, found, day(group, 0), day(group, 4))
    world.session.commit()
    now = cohorts.get(unit, group.id)
    assert now.facilitator == colleague.account.display_name
    assert [step.opens_on for step in now.steps] == [day(group, n) for n in range(5)]
    with pytest.raises(CohortDatesError):
        cohorts.change_dates(unit, now, day(group, 0), day(group, 3))
    cohorts.close(unit, now)
    for step in (
        lambda: cohorts.take_over(unit, now),
        lambda: cohorts.change_dates(unit, now, day(group, 0), day(group, 9)),
    ):
        with pytest.raises(ConflictError):
            step()


def test_the_list_counts_members_and_questions_that_wait(world: World, engine: Engine) -> None:
    group = a_group(world)
    a_group(world, course="safe-child", starts=5)
    left, stays = a_parent(world), a_parent(world)
    for parent in (left, stays):
        joins(world, parent, group)
    cohort_members.leave(world.unit(left.actor), group.id)
    world.session.commit()
    session, unit = seeing(world, engine, world.school.psychologist.actor)
    with session:
        rows = cohorts.of_house(unit, CohortQuery()).rows
        assert [(row.course_id, row.members) for row in rows] == [("safe-child", 0), (COURSE, 1)]
        (one,) = cohorts.of_house(unit, CohortQuery(course_id=COURSE)).rows
        assert one.id == group.id


def test_the_database_lets_no_school_put_its_group_into_another(
    world: World, engine: Engine
) -> None:
    group = a_group(world)
    session, _unit = seeing(world, engine, world.schools[1].psychologist.actor)
    with session:
        changed = session.execute(
            update(Cohort).where(Cohort.id == group.id).values(closed_at=func.now())
        )
        assert changed.rowcount == 0  # type: ignore[attr-defined]
        session.add(
            Cohort(
                course_id=COURSE,
                school_id=world.school.id,
                facilitator_id=world.schools[1].psychologist.account.id,
                starts_on=group.starts_on,
                ends_on=group.ends_on,
                join_code="999999999",
            )
        )
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.flush()
