"""Every scope against every table of parents: two parents of one child, their school, others."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.builders_families import a_full_account, a_letter, a_second_guardian
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.parents import HelpKind
from tirek.domain.scope import Scope
from tirek.storage.models import Cohort, CohortQuestion, HelpRequest, ParentMeeting
from tirek.storage.session import open_session

NOBODYS, OWN, BOTH = 0, 1, 2
# What a parent alone sees: nobody of the school, of a support centre, nor the other parent.
PARENTS_ALONE = (
    "lesson_progress",
    "lesson_history",
    "bookmarks",
    "certificates",
    "own_children",
    "reminder_wishes",
    "self_reports",
    "self_answers",
    "self_scores",
)
OF_THE_HOUSE = ("cohorts", "cohort_members", "bookings", "waiting_parents")
# A time is offered to everybody; who has it is nobody's business.
OFFERED = ("consultation_hosts", "slots")
SEEN: dict[str, dict[str, int]] = {
    "guardian": dict.fromkeys((*PARENTS_ALONE, *OF_THE_HOUSE, "help_requests"), OWN)
    | {"consultation_hosts": OWN, "slots": BOTH},
    "school": dict.fromkeys((*OF_THE_HOUSE, "invitations", "cohort_questions"), BOTH)
    | {"consultation_hosts": OWN, "slots": BOTH, "parent_meetings": OWN},
    "support_center": {"help_requests": BOTH},
    "student": {},
    "none": {},
    "other school": {},
    "other centre": {},
    "other parent": {"consultation_hosts": OWN, "slots": BOTH},
}
TABLES = (
    *PARENTS_ALONE,
    *OF_THE_HOUSE,
    *OFFERED,
    "invitations",
    "help_requests",
    "cohort_questions",
    "parent_meetings",
)


@pytest.fixture
def world(engine: Engine, system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=1, coded=0)
    parents = [built.school.guardian, a_second_guardian(built)]
    for parent in parents:
        a_full_account(built, parent, "words", "+77015551234")
        system.add(
            HelpRequest(
                account_id=parent.account.id,
                support_center_id=built.home.id,
                kind=HelpKind.CALL_ME.value,
                language="kk",
                due_at=datetime.now(UTC),
            )
        )
    for cohort in system.query(Cohort):
        system.add(CohortQuestion(cohort_id=cohort.id, words="?", asked_on=date(2026, 9, 1)))
    system.add(
        ParentMeeting(
            school_id=built.school.id,
            strand="A",
            held_on=date(2026, 9, 1),
            attended=5,
            created_by=built.school.psychologist.account.id,
        )
    )
    system.commit()
    for _ in parents:
        a_letter(built, engine)
    return built


def scope_of(world: World, name: str) -> Scope:
    return {
        "guardian": Scope.guardian(world.school.guardian.account.id),
        "school": Scope.school(world.school.id),
        "support_center": Scope.support_center(world.home.id),
        "student": Scope.student(world.school.pupil.id),
        "none": Scope.none(),
        "other school": Scope.school(world.schools[1].id),
        "other centre": Scope.support_center(world.neighbour.id),
        "other parent": Scope.guardian(world.schools[1].guardian.account.id),
    }[name]


def counted(session: Session) -> dict[str, int]:
    found = {
        table: session.scalars(text(f"SELECT count(*) FROM {table}")).one()  # noqa: S608
        for table in TABLES
    }
    return {table: number for table, number in found.items() if number}


@pytest.mark.parametrize("name", SEEN)
def test_each_scope_sees_what_is_its_own(world: World, engine: Engine, name: str) -> None:
    with open_session(engine, scope_of(world, name)) as session:
        assert counted(session) == SEEN[name]


def test_the_system_sees_all_of_it(world: World, system: Session) -> None:
    assert set(counted(system)) == set(TABLES)


@pytest.mark.parametrize("table", [*PARENTS_ALONE, *OF_THE_HOUSE])
def test_a_stranger_changes_and_deletes_nothing(
    world: World, engine: Engine, system: Session, table: str
) -> None:
    rights = text("SELECT has_table_privilege('tirek_app', :table, 'DELETE')")
    before = counted(system)
    may_delete = system.scalars(rights, {"table": table}).one()
    with open_session(engine, Scope.guardian(uuid4())) as session:
        if may_delete:
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        session.commit()
    system.rollback()
    assert counted(system) == before
