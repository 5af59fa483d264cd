"""What the application's own role cannot do, whatever code it runs: each with its SQLSTATE."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.faults.planted.stories import a_signal, accept, the_sweep
from tests.properties.ground import Ground, Play
from tirek.domain.scope import Scope
from tirek.storage.session import open_session

DENIED, APPEND_ONLY, MOVED_ON, NOT_HERE, UNFINISHED, TAKEN, WRONG = (
    "42501", "TK001", "TK002", "TK003", "TK004", "23505", "23514",
)  # fmt: skip
EVENT = (
    "INSERT INTO referral_events (referral_id, student_id, school_id, seq, from_state, to_state,"
    " actor_kind, account_id, reason_code, outcome, note_sealed, rule_version)"
    " SELECT id, student_id, school_id, version + {ahead}, state, '{to}', '{kind}',"
    " {account}, 'by hand', {outcome}, 'x'::bytea, '1' FROM referrals r WHERE state = '{state}'"
)
LEG = (
    "INSERT INTO referrals (id, case_id, student_id, school_id, level, receiver,"
    " support_center_id, state, version, origin, route_reason, protocol_id, protocol_version,"
    " seen_due_at, acknowledge_due_at, contact_due_at)"
    " SELECT gen_random_uuid(), case_id, student_id, school_id, level, receiver,"
    " (SELECT id FROM support_centers c WHERE c.id <> r.support_center_id LIMIT 1), '{state}', 0,"
    " origin, 'by hand', protocol_id, protocol_version, seen_due_at, acknowledge_due_at,"
    " contact_due_at FROM referrals r WHERE state = 'acknowledged'"
)


def an_event(
    to: str, state: str = "acknowledged", *, kind: str = "owner", ahead: int = 1,
    account: str = "owner_id", outcome: str = "NULL",
) -> str:  # fmt: skip
    return EVENT.format(
        to=to, state=state, kind=kind, ahead=ahead, account=account, outcome=outcome
    )


ATTEMPTS = {
    "a state is written": ("UPDATE referrals SET state = 'closed'", DENIED),
    "a level is lowered": ("UPDATE referrals SET level = 'low'", DENIED),
    "an owner is exchanged": ("UPDATE referrals SET owner_id = NULL", DENIED),
    "a referral is deleted": ("DELETE FROM referrals", DENIED),
    "an event is deleted": ("DELETE FROM referral_events", DENIED),
    "an event is changed": ("UPDATE referral_events SET reason_code = 'other'", DENIED),
    "all events are dropped": ("TRUNCATE referral_events CASCADE", DENIED),
    "a leg begins as something else": (LEG.format(state="acknowledged"), MOVED_ON),
    "a leg begins as ended": (LEG.format(state="in_support"), MOVED_ON),
    "a step is skipped": (an_event("triaged", ahead=2), MOVED_ON),
    "a step is taken on an older version": (an_event("triaged", ahead=0), TAKEN),
    "a step that is not listed": (an_event("in_support"), MOVED_ON),
    "a step without what it asks for": (an_event("triaged"), MOVED_ON),
    "time alone ends it": (
        an_event("closed", kind="system", account="NULL", outcome="'no_need_found'"), MOVED_ON,
    ),
    "nobody takes a step": (an_event("needs_info", account="NULL"), WRONG),
    "a stranger takes a step": (
        an_event("needs_info", account="(SELECT id FROM accounts a WHERE a.role = 'psc_specialist'"
                 " AND a.support_center_id <> r.support_center_id LIMIT 1)"), NOT_HERE,
    ),
    "it is sent on to nobody": (an_event("redirected"), UNFINISHED),
    "a deadline is put off": (
        "UPDATE deadlines SET due_at = due_at + interval '1 minute'", MOVED_ON,
    ),
    "a deadline is deleted": ("DELETE FROM deadlines", DENIED),
    "a deadline is called met": ("UPDATE deadlines SET met_at = now()", DENIED),
    "a clock is silenced": (
        "UPDATE deadlines SET fired_at = NULL WHERE fired_at IS NOT NULL", MOVED_ON,
    ),
    "a last rung rings without its record": (
        ("UPDATE deadlines SET due_at = now(), fired_at = now() WHERE is_breach"
        " AND fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"), UNFINISHED,
    ),
    "a breach is deleted": ("DELETE FROM breaches", DENIED),
    "a breach is rewritten": ("UPDATE breaches SET level = 'low'", DENIED),
    "a breach without its alarm": (
        ("INSERT INTO breaches (id, deadline_id, student_id, school_id, level, clock, due_at)"
        " SELECT gen_random_uuid(), id, student_id, school_id, 'low', clock, due_at FROM deadlines"
        " WHERE fired_at IS NULL LIMIT 1"), MOVED_ON,
    ),
    "a notice is changed": ("UPDATE notices SET sha256 = 'x'", DENIED),
    "a notice is deleted": ("DELETE FROM notices", DENIED),
    "a case is closed": ("UPDATE cases SET closed_at = now()", DENIED),
    "a case is lowered": ("UPDATE cases SET level = 'low'", MOVED_ON),
    "a second case is opened": (
        ("INSERT INTO cases (id, student_id, school_id, level)"
        " SELECT gen_random_uuid(), student_id, school_id, level FROM cases"), TAKEN,
    ),
    "a signal is deleted": ("DELETE FROM signals", DENIED),
    "a conflict is taken back": ("DELETE FROM conflicts", DENIED),
    "a message is deleted": ("DELETE FROM outbox", DENIED),
    "a message is redirected": ("UPDATE outbox SET account_id = NULL", DENIED),
    "the list of steps is changed": (
        "INSERT INTO referral_transitions VALUES ('routed', 'closed', 'system', 'low')", DENIED,
    ),
    "the rules are switched off": ("ALTER TABLE referrals DISABLE TRIGGER USER", DENIED),
    "the rules are passed over": ("SET session_replication_role = replica", DENIED),
}  # fmt: skip


@pytest.fixture(scope="module")
def day(ground: Ground) -> Iterator[Play]:
    """One referral that somebody has accepted, and one whose whole ladder was climbed in vain."""
    with ground.copy() as play:
        a_signal(play, child=1)
        play.let_pass(timedelta(minutes=61))
        the_sweep(play)
        accept(play, a_signal(play), play.ground.people["specialist"])
        yield play


def refused(connection: Connection, statement: str, given: dict[str, Any] | None = None) -> str:
    """The SQLSTATE, up to the end of the transaction; "accepted" where there is none."""
    try:
        done = connection.execute(text(statement), given or {})
        assert done.rowcount != 0, "the statement touched nothing"
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", None))
    return "accepted"


@pytest.mark.parametrize("what", ATTEMPTS)
def test_what_the_application_cannot_do(day: Play, what: str) -> None:
    statement, state = ATTEMPTS[what]
    with open_session(day.engine, Scope.system()) as session:
        found = refused(session.connection(), statement)
        session.rollback()
    assert found == state


def test_the_same_attempts_left_nothing(day: Play) -> None:
    assert not day.violations()
