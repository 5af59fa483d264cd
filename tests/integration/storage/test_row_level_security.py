"""Every scope against every table of children: the own row is there, the foreign one is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import (
    NO_WORRY,
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    accept,
    acting,
    work_until,
)
from tests.integration.storage.test_parent_rows import TABLES as TABLES_OF_PARENTS
from tests.world import Center, SchoolWorld, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.instruments import Answer
from tirek.domain.referral import ConflictKind
from tirek.domain.scope import Scope
from tirek.services import harm, runs, second_opinions
from tirek.services.administrations import complete, open_or_resume, record_responses
from tirek.services.harm import Named
from tirek.storage.models import Assignment, Referral
from tirek.storage.session import app_engine, enter_scope, open_session

# Each table of children with the column that says whose row it is.
TABLES = {
    "students": "id",
    "student_keys": "student_id",
    "guardianships": "student_id",
    "consents": "student_id",
    "access_codes": "student_id",
    "administrations": "student_id",
    "responses": "(SELECT a.student_id FROM administrations a WHERE a.id = administration_id)",
    "scores": "student_id",
    "flags": "student_id",
    "review_tasks": "student_id",
    "cases": "student_id",
    "signals": "student_id",
    "referrals": "student_id",
    "referral_events": "student_id",
    "notices": "student_id",
    "legal_decisions": "student_id",
    "deadlines": "student_id",
    "contact_attempts": "student_id",
    "assessment_notes": "student_id",
    "plans": "student_id",
    "outcome_notes": "student_id",
    "approvals": "student_id",
    "breaches": "student_id",
    "conflicts": "student_id",
    "screening_outcomes": "student_id",
    "adaptive_steps": "student_id",
    # Of a school; its one pupil stands for it.
    "school_events": "(SELECT s.id FROM students s WHERE s.school_id = school_events.school_id)",
    "answer_uploads": "(SELECT s.id FROM students s WHERE s.school_id = answer_uploads.school_id)",
}
# What a scope does not see even of its own child.
HIDDEN = {
    "student": {"guardianships", "screening_outcomes", "school_events", "answer_uploads"},
    "guardian": {
        "access_codes",
        "cases",
        "signals",
        "referrals",
        "referral_events",
        "notices",
        "legal_decisions",
        "deadlines",
        "contact_attempts",
        "assessment_notes",
        "plans",
        "outcome_notes",
        "approvals",
        "breaches",
        "conflicts",
        "screening_outcomes",
        "school_events",
        "answer_uploads",
    },
    "support_center": {"guardianships", "access_codes", "school_events", "answer_uploads"},
    "school": set(),
}

# What is written down about how well questionnaires measure, and what must be known before one.
MEASURED = (
    (
        "INSERT INTO screening_outcomes (id, school_year, administration_id, student_id, school_id,"
        " verdict, saw_score, recorded_by) SELECT gen_random_uuid(), school_year, id, student_id,"
        " school_id, 'confirmed', true, :account FROM administrations"
        " WHERE student_id = :student AND instrument_id = 'gad-7'"
    ),
    (
        "INSERT INTO adaptive_steps (school_year, administration_id, step, student_id, school_id,"
        " item_id, why, sealed, parameters_hash) SELECT school_year, id, 1, student_id, school_id,"
        " 'q1', 'first', '\\x00', 'h' FROM administrations"
        " WHERE student_id = :student AND instrument_id = 'psc-17-p'"
    ),
    (
        "INSERT INTO school_events (id, school_id, happened_on, words_sealed, recorded_by)"
        " SELECT gen_random_uuid(), school_id, current_date, '\\x00', :account FROM students"
        " WHERE id = :student"
    ),
    (
        "INSERT INTO answer_uploads (id, school_id, assignment_id, uploaded_by, language, rows,"
        " flagged, urgent, content_sealed) SELECT gen_random_uuid(), a.school_id, a.assignment_id,"
        " :account, 'kk', 1, 0, 0, '\\x00' FROM administrations a"
        " WHERE a.student_id = :student AND a.instrument_id = 'gad-7'"
    ),
)


@dataclass(frozen=True)
class TwoChildren:
    """Two children of different schools and PSCs, about both of whom every table holds a row."""

    world: World
    own: UUID
    foreign: UUID
    scopes: dict[str, Scope]


@pytest.fixture
def children(engine: Engine, owner: Engine, system: Session, keys: Keys) -> TwoChildren:
    world = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=1)
    system.commit()
    _move_to_neighbour(owner, world, world.schools[1])
    for school, center in zip(world.schools, (world.home, world.neighbour), strict=True):
        _fill_every_table(engine, world, school)
        _help(engine, owner, world, school, center)
    home = world.school
    return TwoChildren(
        world,
        home.pupil.id,
        world.schools[1].pupil.id,
        {
            "student": Scope.student(home.pupil.id),
            "guardian": Scope.guardian(home.guardian.account.id),
            "school": Scope.school(home.id),
            "support_center": Scope.support_center(world.home.id),
        },
    )


def _move_to_neighbour(owner: Engine, world: World, school: SchoolWorld) -> None:
    """Let the neighbour's PSC answer for a school; the application has no right to."""
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE schools SET district_id = :district WHERE id = :id"),
            {"district": world.neighbour.district.id, "id": school.id},
        )


def _fill_every_table(engine: Engine, world: World, school: SchoolWorld) -> None:
    pupil = school.pupil
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    a_pupil_answers(engine, world, SOME_WORRY, pupil=pupil, instrument="gad-7", to_the_end=True)
    a_pupil_answers(engine, world, {"q1": "1"}, pupil=pupil, instrument="who-5", to_the_end=True)
    with acting(engine, world, school.guardian) as unit:
        assignment = unit.session.get_one(Assignment, school.assignments["psc-17-p"].id)
        key = open_or_resume(unit, assignment, pupil.id, "kk", unit.now())
        # Four blanks: not computable, which a guardian's own page may know of.
        given = {f"q{number}": Answer.read("2") for number in range(1, 14)}
        record_responses(unit, runs.load(unit, key), given)
        complete(unit, runs.load(unit, key))


def _help(engine: Engine, owner: Engine, world: World, school: SchoolWorld, center: Center) -> None:
    """What a PSC's people write about a child on the way to an outcome, and a breach."""
    world.session.rollback()
    leg = world.session.scalars(
        select(Referral).where(
            Referral.student_id == school.pupil.id, Referral.support_center_id == center.id
        )
    ).one()
    accept(engine, world, center.specialist, leg)
    work_until(engine, world, center.specialist, leg, "outcome_set")
    with acting(engine, world, center.specialist) as unit:
        second_opinions.propose_error(unit, leg.id, "Perhaps a mistake.")
    with acting(engine, world, center.specialist) as unit:
        harm.name_conflict(unit, school.pupil.id, Named(ConflictKind.GUARDIAN, "At home."))
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE breaches DISABLE TRIGGER USER"))
        connection.execute(
            text(
                "INSERT INTO breaches (id, deadline_id, student_id, school_id, level, clock,"
                " due_at) SELECT gen_random_uuid(), id, student_id, school_id, 'high', clock,"
                " due_at FROM deadlines WHERE is_breach AND student_id = :student LIMIT 1"
            ),
            {"student": school.pupil.id},
        )
        connection.execute(text("ALTER TABLE breaches ENABLE TRIGGER USER"))
        for statement in MEASURED:
            connection.execute(
                text(statement),
                {"student": school.pupil.id, "account": center.specialist.account.id},
            )


def seen(connection: Connection, table: str) -> set[UUID]:
    """Whose rows of a table this connection sees."""
    query = f"SELECT {TABLES[table]} FROM {table}"  # noqa: S608 - names of our own
    return set(connection.scalars(text(query)))


def test_the_matrix_names_every_table_that_is_guarded(owner: Engine) -> None:
    with owner.connect() as connection:
        guarded = set(
            connection.scalars(
                text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')")
            )
        )
        about_children = set(
            connection.scalars(
                text(
                    "SELECT DISTINCT table_name FROM information_schema.columns"
                    " WHERE table_schema = 'public' AND column_name = 'student_id'"
                )
            )
        )
    assert guarded == set(TABLES) | set(TABLES_OF_PARENTS)
    partitions = {name for name in about_children if "_y2" in name}
    # The audit says who looked at whom, in ids only; staff pages of a child's referral show it.
    assert about_children - partitions - {"audit_entries"} <= guarded


def test_a_partition_cannot_be_read_past_its_parent(engine: Engine, children: TwoChildren) -> None:
    year = children.world.campaign.school_year
    with open_session(engine, Scope.none()) as session:
        for table in ("administrations", "responses"):
            allowed = session.scalar(
                text("SELECT has_table_privilege(current_user, :name, 'SELECT')"),
                {"name": f"{table}_y{year}"},
            )
            assert allowed is False


@pytest.mark.parametrize("scope", sorted(HIDDEN))
def test_own_rows_are_there_and_foreign_ones_are_not(
    engine: Engine, children: TwoChildren, scope: str
) -> None:
    with open_session(engine, children.scopes[scope]) as session:
        found = {table: seen(session.connection(), table) for table in TABLES}
    for table, ids in found.items():
        expected = set() if table in HIDDEN[scope] else {children.own}
        assert ids == expected, f"{scope} sees {ids} of {table}"


@pytest.mark.parametrize(
    "scope",
    [
        Scope.none(),
        Scope.school(uuid4()),
        Scope.support_center(uuid4()),
        Scope.student(uuid4()),
        Scope.guardian(uuid4()),
    ],
    ids=lambda scope: scope.kind.value,
)
def test_nobody_and_strangers_see_no_row_at_all(
    engine: Engine, children: TwoChildren, scope: Scope
) -> None:
    del children
    with open_session(engine, scope) as session:
        for table in TABLES:
            assert seen(session.connection(), table) == set(), table


def test_the_system_sees_both(engine: Engine, children: TwoChildren) -> None:
    with open_session(engine, Scope.system()) as session:
        for table in TABLES:
            assert seen(session.connection(), table) >= {children.own, children.foreign}, table


def test_a_plain_connection_without_any_scope_sees_nothing(
    engine: Engine, children: TwoChildren
) -> None:
    del children
    with engine.connect() as connection:
        for table in TABLES:
            assert seen(connection, table) == set(), table


def test_a_guardian_reads_only_what_the_guardian_answered(
    engine: Engine, children: TwoChildren
) -> None:
    with open_session(engine, children.scopes["guardian"]) as session:
        asked = set(session.scalars(text("SELECT instrument_id FROM administrations")))
        flags = session.scalars(text("SELECT count(*) FROM flags WHERE code = 'selfHarm'")).one()
    assert asked == {"psc-17-p"}
    assert flags == 0


def test_a_guardian_who_is_one_no_more_sees_the_child_no_more(
    engine: Engine, system: Session, children: TwoChildren
) -> None:
    system.rollback()
    system.execute(text("UPDATE guardianships SET revoked_at = now()"))
    system.commit()
    with open_session(engine, children.scopes["guardian"]) as session:
        assert seen(session.connection(), "students") == set()


@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_a_scope_does_not_outlive_its_transaction_on_a_pooled_connection(
    database_url: str, children: TwoChildren, ending: str
) -> None:
    engine = app_engine(database_url, pool_size=1)
    with open_session(engine, children.scopes["school"]) as session:
        assert seen(session.connection(), "students") == {children.own}
        getattr(session, ending)()
    with engine.connect() as connection:
        assert seen(connection, "students") == set()
        kind = connection.scalar(text("SELECT scope_kind()"))
        assert kind == "none"
    engine.dispose()


def test_a_session_keeps_its_scope_over_commits(engine: Engine, children: TwoChildren) -> None:
    with open_session(engine, children.scopes["school"]) as session:
        for _transaction in range(2):
            assert seen(session.connection(), "students") == {children.own}
            session.commit()


def test_entering_a_scope_leaves_the_former_one(engine: Engine, children: TwoChildren) -> None:
    with open_session(engine, Scope.system()) as session:
        enter_scope(session, children.scopes["student"])
        assert seen(session.connection(), "students") == {children.own}
        session.commit()
        assert seen(session.connection(), "students") == {children.own}


@pytest.fixture
def center(engine: Engine, children: TwoChildren) -> Iterator[Connection]:
    """The home PSC's connection."""
    with open_session(engine, children.scopes["support_center"]) as session:
        yield session.connection()
        session.rollback()


def test_a_psc_cannot_write_itself_a_referral_about_a_foreign_child(
    center: Connection, system: Session, children: TwoChildren
) -> None:
    system.rollback()
    foreign = (
        system.execute(
            text("SELECT * FROM referrals WHERE student_id = :id AND receiver = 'support_center'"),
            {"id": children.foreign},
        )
        .mappings()
        .one()
    )
    own = (
        center.execute(text("SELECT * FROM referrals WHERE receiver = 'support_center'"))
        .mappings()
        .one()
    )
    for parent in (None, own["id"], foreign["id"]):
        given = {
            "id": uuid4(),
            "parent": parent,
            "center": children.world.home.id,
            "case": foreign["case_id"],
            "student": foreign["student_id"],
            "school": foreign["school_id"],
        }
        with center.begin_nested() as savepoint:
            with pytest.raises(Exception, match=r"row-level security|follows a redirected"):
                center.execute(text(_OWN_REFERRAL), given)
            savepoint.rollback()
    assert seen(center, "students") == {children.own}


_OWN_REFERRAL = (
    "INSERT INTO referrals (id, case_id, student_id, school_id, level, receiver,"
    " support_center_id, state, version, origin, route_reason, protocol_id, protocol_version,"
    " parent_id, seen_due_at, acknowledge_due_at, contact_due_at) VALUES"
    " (:id, :case, :student, :school, 'immediate', 'support_center', :center, 'created', 0,"
    " 'automatic', 'territory', 'screening', '1.0.0', :parent, now(), now(), now())"
)


def test_a_calm_child_is_nobodys_business_at_a_psc(
    engine: Engine, system: Session, keys: Keys
) -> None:
    """Same school, same district: without a referral the PSC does not know that the child is."""
    world = a_world(system, the_catalog(), a_vault(keys), pupils=2, coded=2)
    system.commit()
    calm, worried = world.school.pupils
    a_pupil_answers(engine, world, NO_WORRY, pupil=calm, instrument="gad-7", to_the_end=True)
    a_pupil_answers(engine, world, SELF_HARM, pupil=worried)
    with open_session(engine, Scope.support_center(world.home.id)) as session:
        assert seen(session.connection(), "students") == {worried.id}
        assert seen(session.connection(), "scores") == set()
