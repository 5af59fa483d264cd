"""Rules that the database keeps against anybody, tried with plain SQL as the application's role."""

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
from tirek.domain.referral import TRANSITIONS, ActorKind, ReferralState
from tirek.domain.scope import Scope
from tirek.storage.models import Referral, ReferralTransition
from tirek.storage.session import open_session

APPEND_ONLY = ("audit_entries", "signals", "flags", "consents", "referral_events", "scores")
DENIED, APPEND_ONLY_STATE, MOVED_ON, NOT_HERE, UNFINISHED = (
    "42501", "TK001", "TK002", "TK003", "TK004",
)  # fmt: skip
EVENT = (
    "INSERT INTO referral_events (referral_id, student_id, school_id, seq, from_state, to_state,"
    " actor_kind, account_id, reason_code, outcome, note_sealed, rule_version) VALUES"
    " (:leg, :student, :school, :seq, :old, :new, :kind, :account, 'by hand', :outcome, :note,"
    " '1.0.0')"
)
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
        "kind": "receiver",
        "account": leg.owner_id,
        "outcome": "supported" if new == "closed" else None,
        "note": b"sealed" if new in {"contacted", "redirected", "closed"} else None,
    }
    return facts | changed


def a_next_leg(leg: Referral, center: UUID, **changed: Any) -> dict[str, Any]:
    calm = {"level": None, "state": None, "seen": "0", "ack": "0", "contact": "0"}
    return {"id": uuid4(), "leg": leg.id, "center": center} | calm | changed


# States


def test_the_databases_transitions_are_the_domains(system: Session) -> None:
    listed = {
        (ReferralState(row.from_state), ReferralState(row.to_state), ActorKind(row.actor_kind))
        for row in system.scalars(select(ReferralTransition))
    }
    assert listed == {(one.from_state, one.to_state, one.actor) for one in TRANSITIONS}


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


@pytest.mark.parametrize("old", list(ReferralState))
def test_only_listed_events_are_taken(
    owner: Engine, engine: Engine, leg: Referral, world: World, old: str
) -> None:
    """Every step from a state, by both kinds of actor: what is not in the table is refused."""
    _put_into(owner, leg, old)
    taken = set()
    with open_session(engine, Scope.system()) as session:
        for new, kind in product(ReferralState, ActorKind):
            account = world.home.specialist.account.id if kind is ActorKind.RECEIVER else None
            event = an_event(leg, new, old=old, kind=kind.value, account=account)
            found = refused_now(session.connection(), EVENT, **event)
            session.rollback()
            assert found in {"accepted", MOVED_ON}, (new, kind, found)
            if found == "accepted":
                taken.add((old, new, kind))
    assert taken == {
        (one.from_state, one.to_state, one.actor) for one in TRANSITIONS if one.from_state == old
    }


def _put_into(owner: Engine, leg: Referral, state: str) -> None:
    """Stand a leg in a state by hand, which only the tables' owner can."""
    owned = state in {"acknowledged", "contacted", "redirected"}
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE referrals SET state = :state, owner_id = :who,"
                " closed_at = CASE WHEN :state = 'closed' THEN now() END,"
                " outcome = CASE WHEN :state = 'closed' THEN 'supported' END WHERE id = :id"
            ),
            {
                "state": state,
                "id": leg.id,
                "who": leg.owner_id if owned else None,
            },
        )


def test_an_event_on_an_older_version_is_refused(sql: Connection, leg: Referral) -> None:
    stale = an_event(leg, "closed", seq=leg.version)
    # The number of the step is taken; the trigger would have said the same a moment later.
    assert refused(sql, EVENT, **stale) == "23505"


def test_an_event_ahead_of_its_time_is_refused(sql: Connection, leg: Referral) -> None:
    assert refused(sql, EVENT, **an_event(leg, "closed", seq=leg.version + 2)) == MOVED_ON


def test_an_event_about_another_child_is_refused(
    sql: Connection, leg: Referral, world: World
) -> None:
    other = an_event(leg, "closed", student=world.school.pupils[1].id)
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
    assert refused(sql, EVENT, **an_event(leg, "closed", account=account)) == NOT_HERE


def test_an_event_by_a_switched_off_account_is_refused(
    sql: Connection, leg: Referral, world: World
) -> None:
    sql.execute(text("UPDATE accounts SET is_active = false WHERE id = :id"), {"id": leg.owner_id})
    assert refused(sql, EVENT, **an_event(leg, "closed")) == NOT_HERE
    del world


@pytest.mark.parametrize("new", ["contacted", "redirected", "closed"])
def test_a_persons_step_without_written_words_is_refused(
    sql: Connection, leg: Referral, new: str
) -> None:
    assert refused(sql, EVENT, **an_event(leg, new, note=None)) == "23514"


def test_closing_without_an_outcome_is_refused(sql: Connection, leg: Referral) -> None:
    # The trigger would write it into the referral before the event's own check is heard.
    assert refused(sql, EVENT, **an_event(leg, "closed", outcome=None)) == "23514"


@pytest.mark.parametrize("outcome", ["handed_over", "entered_in_error"])
def test_the_owner_alone_cannot_close_it_as_nothing(
    sql: Connection, leg: Referral, outcome: str
) -> None:
    assert refused(sql, EVENT, **an_event(leg, "closed", outcome=outcome)) == MOVED_ON


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
        for statement in (
            f"UPDATE {table} SET school_id = school_id",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
            f"TRUNCATE {table} CASCADE",
        ):
            connection.rollback()
            assert refused(connection, statement) == APPEND_ONLY_STATE, statement


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
        assert refused(connection, "UPDATE instrument_releases SET status = 'retired'") == (
            "accepted"
        )


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

    guards = next((migrate.SCRIPTS / "versions").glob("0003_*.py")).read_text(encoding="utf-8")
    assert set(re.findall(r"ERRCODE = '(\w+)'", guards)) == {"TK001", "TK002", "TK003", "TK004"}
