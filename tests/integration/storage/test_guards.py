"""Rules that the database keeps against anybody, tried with plain SQL as the application's role."""

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import NO_WORRY, SELF_HARM, a_pupil_answers, accept, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.levels import Level
from tirek.domain.referral import (
    EVERY_LEVEL,
    TERMINAL,
    TRANSITIONS,
    UNOWNED,
    ActorKind,
    ReferralState,
    Transition,
    is_allowed,
)
from tirek.domain.scope import Scope
from tirek.storage.models import Referral, ReferralTransition
from tirek.storage.session import open_session

APPEND_ONLY = (
    "audit_entries",
    "signals",
    "flags",
    "consents",
    "referral_events",
    "scores",
    "conflicts",
    "contact_attempts",
    "assessment_notes",
    "plans",
    "outcome_notes",
    "legal_decisions",
    "breaches",
)
DENIED, APPEND_ONLY_STATE, MOVED_ON, NOT_HERE, UNFINISHED = (
    "42501", "TK001", "TK002", "TK003", "TK004",
)  # fmt: skip
NOT_LISTED = "no such transition"
EVENT = (
    "INSERT INTO referral_events (referral_id, student_id, school_id, seq, from_state, to_state,"
    " actor_kind, account_id, reason_code, outcome, note_sealed, triage_level, rule_version)"
    " VALUES (:leg, :student, :school, :seq, :old, :new, :kind, :account, 'by hand', :outcome,"
    " :note, :triage, '1.0.0')"
)
# With what an event in each of these states has to end.
ENDS = {
    "outcome_set": "supported",
    "closed": "supported",
    "merged": "merged",
    "entered_in_error": "entered_in_error",
}
LEG = (
    "INSERT INTO referrals (id, case_id, student_id, school_id, level, receiver,"
    " support_center_id, state, version, origin, route_reason, protocol_id, protocol_version,"
    " parent_id, seen_due_at, acknowledge_due_at, contact_due_at)"
    " SELECT :id, case_id, student_id, school_id, COALESCE(:level, level), receiver, :center,"
    " COALESCE(:state, 'created'), 0, origin, 'redirected', protocol_id, protocol_version,"
    " id, seen_due_at + CAST(:seen AS interval), acknowledge_due_at + CAST(:ack AS interval),"
    " contact_due_at + CAST(:contact AS interval) FROM referrals WHERE id = :leg"
)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=2, coded=2)
    system.commit()
    return built


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """A referral that the home PSC's specialist has accepted; every table holds something."""
    a_pupil_answers(engine, world, SELF_HARM)
    a_pupil_answers(engine, world, NO_WORRY, instrument="gad-7", to_the_end=True)
    waiting = the_leg(system, world.school.pupil)
    accept(engine, world, world.home.specialist, waiting)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def sql(engine: Engine, world: World, leg: Referral) -> Iterator[Connection]:
    """The application's own connection, seeing every row: only rights and triggers stand here."""
    del world, leg
    with open_session(engine, Scope.system()) as session:
        yield session.connection()
        session.rollback()


def refused(connection: Connection, statement: str, **given: Any) -> str:
    """The SQLSTATE with which the database refuses a statement, up to the end of a transaction."""
    found = refused_now(connection, statement, **given)
    return (
        found if found != "accepted" else refused_now(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    )


def refused_now(connection: Connection, statement: str, **given: Any) -> str:
    """The SQLSTATE with which the database refuses a statement, deferred checks left out."""
    try:
        connection.execute(text(statement), given)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", None))
    return "accepted"


def an_event(leg: Referral, new: str, **changed: Any) -> dict[str, Any]:
    facts = {
        "leg": leg.id,
        "student": leg.student_id,
        "school": leg.school_id,
        "seq": leg.version + 1,
        "old": leg.state,
        "new": new,
        "kind": "owner",
        "account": leg.owner_id,
        "outcome": ENDS.get(new),
        "note": b"sealed",
        "triage": leg.level if new == "triaged" else None,
    }
    return facts | changed


def a_next_leg(leg: Referral, center: UUID, **changed: Any) -> dict[str, Any]:
    calm = {"level": None, "state": None, "seen": "0", "ack": "0", "contact": "0"}
    return {"id": uuid4(), "leg": leg.id, "center": center} | calm | changed


# States


def test_the_databases_transitions_are_the_domains(system: Session) -> None:
    listed = {
        Transition(
            ReferralState(row.from_state),
            ReferralState(row.to_state),
            ActorKind(row.actor_kind),
            Level(row.level),
        )
        for row in system.scalars(select(ReferralTransition))
    }
    assert listed == TRANSITIONS


def test_the_databases_levels_have_the_domains_order(system: Session) -> None:
    ranks = {
        level: system.scalar(text("SELECT level_rank(:level)"), {"level": level.value})
        for level in Level
    }
    assert sorted(ranks, key=lambda level: -ranks[level]) == sorted(
        Level, key=lambda level: -level.rank
    )


@pytest.mark.parametrize(
    "column", ["state", "owner_id", "version", "level", "closed_at", "outcome", "seen_due_at"]
)
def test_no_column_of_a_referral_is_the_applications_to_write(
    sql: Connection, leg: Referral, column: str
) -> None:
    statement = f"UPDATE referrals SET {column} = {column} WHERE id = :id"  # noqa: S608
    assert refused(sql, statement, id=leg.id) == DENIED


@pytest.mark.parametrize("table", ["referrals", "cases", "notices", "administrations", "students"])
def test_nothing_about_a_child_is_the_applications_to_delete(sql: Connection, table: str) -> None:
    assert refused(sql, f"DELETE FROM {table}") == DENIED  # noqa: S608


@pytest.mark.parametrize("level", sorted(EVERY_LEVEL))
def test_only_listed_events_are_taken(
    owner: Engine, engine: Engine, leg: Referral, level: Level
) -> None:
    """Every step from a state by every kind of actor: what is not in the table is refused as such.

    What is in it may still ask for a plan, a second person and so on.
    """
    for old in ReferralState:
        _put_into(owner, leg, old, level)
        with open_session(engine, Scope.system()) as session:
            for new, kind in product(ReferralState, ActorKind):
                if new is old:
                    continue
                account = None if kind is ActorKind.SYSTEM else leg.owner_id
                event = an_event(leg, new, old=old, kind=kind.value, account=account)
                said = _said(session.connection(), event)
                session.rollback()
                is_listed = is_allowed(old, new, kind, level)
                assert (NOT_LISTED not in said) == is_listed, (old, new, kind, said)


def _said(connection: Connection, event: dict[str, Any]) -> str:
    try:
        connection.execute(text(EVENT), event)
    except DBAPIError as error:
        return str(error.orig)
    return "accepted"


def _put_into(owner: Engine, leg: Referral, state: ReferralState, level: Level) -> None:
    """Stand a leg in a state by hand, which only the tables' owner can."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE referrals SET state = :state, owner_id = :who, level = :level,"
                " closed_at = CASE WHEN :ended THEN now() END, outcome = :outcome,"
                " merged_into_id = CASE WHEN :state = 'merged' THEN id END WHERE id = :id"
            ),
            {
                "state": state.value,
                "level": level.value,
                "id": leg.id,
                "ended": state in TERMINAL,
                "outcome": ENDS.get(state),
                "who": None if state in UNOWNED else leg.owner_id,
            },
        )


def test_an_event_on_an_older_version_is_refused(sql: Connection, leg: Referral) -> None:
    stale = an_event(leg, "triaged", seq=leg.version)
    # The number of the step is taken; the trigger would have said the same a moment later.
    assert refused(sql, EVENT, **stale) == "23505"


def test_an_event_ahead_of_its_time_is_refused(sql: Connection, leg: Referral) -> None:
    assert refused(sql, EVENT, **an_event(leg, "triaged", seq=leg.version + 2)) == MOVED_ON


def test_an_event_about_another_child_is_refused(
    sql: Connection, leg: Referral, world: World
) -> None:
    other = an_event(leg, "triaged", student=world.school.pupils[1].id)
    assert refused(sql, EVENT, **other) == NOT_HERE


@pytest.mark.parametrize("who", ["foreign", "school", "colleague"])
def test_an_event_by_somebody_who_has_no_say_is_refused(
    sql: Connection, leg: Referral, world: World, who: str
) -> None:
    account = {
        "foreign": world.neighbour.specialist,
        "school": world.school.psychologist,
        "colleague": world.neighbour.supervisor,
    }[who].account.id
    assert refused(sql, EVENT, **an_event(leg, "triaged", account=account)) == NOT_HERE


def test_an_event_by_a_switched_off_account_is_refused(
    sql: Connection, leg: Referral, world: World
) -> None:
    sql.execute(text("UPDATE accounts SET is_active = false WHERE id = :id"), {"id": leg.owner_id})
    assert refused(sql, EVENT, **an_event(leg, "triaged")) == NOT_HERE
    del world


@pytest.mark.parametrize("new", ["triaged", "redirected", "needs_info"])
def test_a_persons_step_without_written_words_is_refused(
    sql: Connection, leg: Referral, new: str
) -> None:
    assert refused(sql, EVENT, **an_event(leg, new, note=None)) == "23514"


@pytest.mark.parametrize("level", sorted(EVERY_LEVEL))
def test_proposing_an_end_without_saying_which_is_refused(
    sql: Connection, owner: Engine, leg: Referral, level: Level
) -> None:
    _put_into(owner, leg, ReferralState.REVIEW, level)
    event = an_event(leg, "outcome_set", old="review", outcome=None)
    # The trigger asks for the outcome's own row before the event's check is heard.
    assert refused(sql, EVENT, **event) in {"23514", MOVED_ON}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("triaged", "contacted"),
        ("triaged", "unreachable"),
        ("contacted", "assessed"),
        ("assessed", "planned"),
        ("review", "in_support"),
        ("review", "outcome_set"),
    ],
)
def test_a_step_without_what_must_be_written_down_is_refused(
    sql: Connection, owner: Engine, leg: Referral, old: str, new: str
) -> None:
    _put_into(owner, leg, ReferralState(old), Level.IMMEDIATE)
    assert refused(sql, EVENT, **an_event(leg, new, old=old)) == MOVED_ON


def test_a_lower_judgement_without_a_second_reader_is_refused(
    sql: Connection, leg: Referral
) -> None:
    assert refused(sql, EVENT, **an_event(leg, "triaged", triage="low")) == MOVED_ON


@pytest.mark.parametrize("new", ["closed", "review"])
def test_nobody_reads_their_own_proposal_a_second_time(
    sql: Connection, owner: Engine, leg: Referral, new: str
) -> None:
    _put_into(owner, leg, ReferralState.OUTCOME_SET, Level.IMMEDIATE)
    step = an_event(leg, new, old="outcome_set", kind="second")
    assert refused(sql, EVENT, **step) == NOT_HERE


def test_an_entry_made_in_error_takes_what_two_people_agreed_on(
    sql: Connection, world: World, leg: Referral
) -> None:
    supervisor = world.home.supervisor.account.id
    step = an_event(leg, "entered_in_error", kind="second", account=supervisor)
    assert refused(sql, EVENT, **step) == MOVED_ON


# Clocks


@pytest.mark.parametrize(
    "change",
    [
        "due_at = due_at + interval '1 second'",
        "fired_at = now(), due_at = due_at + interval '1 day'",
    ],
)
def test_a_clock_is_never_put_off(sql: Connection, leg: Referral, change: str) -> None:
    del leg
    assert refused(sql, f"UPDATE deadlines SET {change}") == MOVED_ON  # noqa: S608


@pytest.mark.parametrize("column", ["met_at", "ended_at", "rung", "posts", "is_breach"])
def test_what_a_clock_stands_for_is_not_the_applications_to_write(
    sql: Connection, leg: Referral, column: str
) -> None:
    del leg
    assert refused(sql, f"UPDATE deadlines SET {column} = {column}") == DENIED  # noqa: S608


def test_an_alarm_bears_the_databases_time_and_rings_once(
    sql: Connection, owner: Engine, leg: Referral
) -> None:
    del owner
    sql.execute(
        text("UPDATE deadlines SET due_at = now() - interval '1 hour' WHERE met_at IS NULL")
    )
    ring = (
        "UPDATE deadlines SET fired_at = '2040-01-01' WHERE referral_id = :id AND met_at IS NULL"
        " AND clock = 'contact' AND rung = 0"
    )
    sql.execute(text(ring), {"id": leg.id})
    rang = "SELECT fired_at = now() FROM deadlines WHERE fired_at IS NOT NULL"
    assert sql.execute(text(rang)).scalars().all() == [True]
    assert refused(sql, ring, id=leg.id) == MOVED_ON


def test_a_last_rung_that_rings_without_a_record_cannot_be_committed(
    sql: Connection, leg: Referral
) -> None:
    del leg
    ring = (
        "UPDATE deadlines SET due_at = now() - interval '1 hour', fired_at = now()"
        " WHERE is_breach AND met_at IS NULL"
    )
    assert refused(sql, ring) == UNFINISHED


def test_a_record_without_an_alarm_that_rang_is_refused(sql: Connection, leg: Referral) -> None:
    del leg
    made_up = (
        "INSERT INTO breaches (id, deadline_id, student_id, school_id, level, clock, due_at)"
        " SELECT gen_random_uuid(), id, student_id, school_id, 'high', clock, due_at"
        " FROM deadlines WHERE is_breach LIMIT 1"
    )
    assert refused(sql, made_up) == MOVED_ON


def test_an_open_referral_without_a_clock_cannot_be_committed(
    sql: Connection, owner: Engine, leg: Referral
) -> None:
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE deadlines DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE deadlines SET ended_at = now()"))
        connection.execute(text("ALTER TABLE deadlines ENABLE TRIGGER USER"))
    assert refused(sql, EVENT, **an_event(leg, "triaged")) == UNFINISHED


# Redirects


def test_a_redirect_to_nobody_cannot_be_committed(sql: Connection, leg: Referral) -> None:
    assert refused(sql, EVENT, **an_event(leg, "redirected")) == UNFINISHED


@pytest.mark.parametrize(
    "change",
    [
        {"level": "high"},
        {"seen": "1 minute"},
        {"ack": "1 minute"},
        {"contact": "1 minute"},
        {"state": "acknowledged"},
        {"state": "closed"},
    ],
)
def test_a_next_leg_lowers_nothing_resets_nothing_and_begins_at_the_beginning(
    sql: Connection, leg: Referral, world: World, change: dict[str, str]
) -> None:
    sql.execute(text(EVENT), an_event(leg, "redirected"))
    assert refused(sql, LEG, **a_next_leg(leg, world.neighbour.id, **change)) == MOVED_ON


def test_a_next_leg_needs_a_redirected_one(sql: Connection, leg: Referral, world: World) -> None:
    assert refused(sql, LEG, **a_next_leg(leg, world.neighbour.id)) == MOVED_ON


def test_a_calm_next_leg_is_taken_and_a_second_at_the_same_psc_is_not(
    sql: Connection, leg: Referral, world: World
) -> None:
    sql.execute(text(EVENT), an_event(leg, "redirected"))
    sql.execute(text(LEG), a_next_leg(leg, world.neighbour.id))
    assert refused(sql, LEG, **a_next_leg(leg, world.neighbour.id)) == "23505"


# Append-only


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_take_no_change_from_the_application(
    sql: Connection, table: str
) -> None:
    column = "school_id"
    for statement in (
        f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"TRUNCATE {table} CASCADE",
    ):
        with sql.begin_nested() as savepoint:
            assert refused(sql, statement) == DENIED
            savepoint.rollback()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_take_no_change_from_their_owner_either(
    owner: Engine, leg: Referral, table: str
) -> None:
    del leg
    with owner.connect() as connection:
        is_empty = not connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        for statement in (
            f"TRUNCATE {table} CASCADE",
            f"UPDATE {table} SET school_id = school_id",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
        ):
            connection.rollback()
            assert refused(connection, statement) == APPEND_ONLY_STATE, statement
            if is_empty:
                # A row's guard needs a row; that it is there, the catalogue of triggers tells.
                guard = "SELECT count(*) FROM pg_trigger WHERE tgname = :name AND tgenabled = 'O'"
                name = f"{table}_append_only"
                connection.rollback()
                assert connection.scalar(text(guard), {"name": name}) == 1
                break


def test_a_published_part_is_immutable_and_only_a_releases_status_changes(
    owner: Engine, engine: Engine, leg: Referral
) -> None:
    del leg
    with engine.connect() as connection:
        assert refused(connection, "UPDATE instrument_parts SET version = '9'") == DENIED
    with owner.connect() as connection:
        assert refused(connection, "UPDATE instrument_parts SET version = '9'") == "TK001"
        connection.rollback()
        assert refused(connection, "DELETE FROM instrument_parts") == APPEND_ONLY_STATE
        connection.rollback()
        assert refused(connection, "UPDATE instrument_releases SET label = '9'") == "TK001"
        connection.rollback()
        retired = "UPDATE instrument_releases SET status = 'retired'"
        assert refused(connection, retired) == "TK002"
        connection.rollback()
        told = f"{retired}, retired_at = now(), retired_reason = 'A better one.'"
        assert refused(connection, told) == "accepted"


def test_no_release_begins_approved_or_retired_without_a_word(owner: Engine, leg: Referral) -> None:
    del leg
    since, why = {"retired_at": "2026-11-01"}, {"retired_reason": "A better one."}
    tries: list[tuple[dict[str, str], str]] = [
        ({"status": "approved"}, "TK002"),
        ({"status": "retired"}, "TK002"),
        ({"status": "retired", **since}, "TK002"),
        ({"status": "pilot", **why}, "TK002"),
        ({"status": "retired", **since, **why}, "accepted"),
        ({"status": "pilot"}, "accepted"),
    ]
    insertion = (
        "INSERT INTO instrument_releases SELECT (jsonb_populate_record(r, CAST(:row AS jsonb))).*"
        " FROM instrument_releases r LIMIT 1"
    )
    for more, verdict in tries:
        row = {"id": str(uuid4()), "label": "0.9.0", "hash": "0" * 64, **more}
        with owner.connect() as connection:
            assert refused(connection, insertion, row=json.dumps(row)) == verdict, more


# Flags, cases, answers, notices


def test_a_flag_without_a_referral_cannot_be_committed(sql: Connection, world: World) -> None:
    statement = (
        "INSERT INTO flags (id, school_year, administration_id, student_id, school_id, code,"
        " level, raised_at_step, interpretation_hash) SELECT gen_random_uuid(), school_year, id,"
        " student_id, school_id, 'more', :level, 'answer', 'x' FROM administrations LIMIT 1"
    )
    for level in ("high", "review"):
        with sql.begin_nested() as savepoint:
            assert refused(sql, statement, level=level) == UNFINISHED
            savepoint.rollback()
    del world


def test_a_second_open_case_of_a_child_is_refused(sql: Connection, leg: Referral) -> None:
    statement = (
        "INSERT INTO cases (id, student_id, school_id, level)"
        " VALUES (gen_random_uuid(), :student, :school, 'low')"
    )
    assert refused(sql, statement, student=leg.student_id, school=leg.school_id) == "23505"


def test_a_case_is_never_lowered(sql: Connection, leg: Referral) -> None:
    statement = "UPDATE cases SET level = 'low' WHERE id = :id"
    assert refused(sql, statement, id=leg.case_id) == MOVED_ON


def test_a_case_is_not_the_applications_to_close(sql: Connection, leg: Referral) -> None:
    statement = "UPDATE cases SET closed_at = now() WHERE id = :id"
    assert refused(sql, statement, id=leg.case_id) == DENIED


def test_an_ended_administration_takes_no_answer_and_never_opens_again(sql: Connection) -> None:
    sql.execute(
        text(
            "UPDATE administrations SET state = 'completed', ended_at = now() WHERE state = 'open'"
        )
    )
    for statement in (
        "UPDATE responses SET changes = 1",
        "UPDATE administrations SET state = 'open', ended_at = NULL",
        "UPDATE administrations SET ended_at = now() + interval '1 day'",
    ):
        with sql.begin_nested() as savepoint:
            assert refused(sql, statement) == MOVED_ON
            savepoint.rollback()


def test_a_notice_is_confirmed_once(sql: Connection, world: World) -> None:
    statement = "UPDATE notices SET confirmed_at = now(), confirmed_by = :who"
    sql.execute(text(statement), {"who": world.home.specialist.account.id})
    assert refused(sql, statement, who=world.home.supervisor.account.id) == MOVED_ON


def test_only_known_sqlstates_are_raised() -> None:
    """What the guards raise is what web/errors.py has pages for."""
    from tirek.storage import migrate  # noqa: PLC0415
    from tirek.web.errors import CONFLICT_STATES, MISSING_STATES  # noqa: PLC0415

    guards = "".join(
        path.read_text(encoding="utf-8") for path in (migrate.SCRIPTS / "versions").glob("0*.py")
    )
    known = CONFLICT_STATES | MISSING_STATES | {"TK004"}
    assert set(re.findall(r"ERRCODE = '(\w+)'", guards)) == known
