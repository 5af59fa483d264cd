"""Move rows that were made just now into the past: for demo data only, and only as the owner.

The rules that keep rows as they are stand in triggers, which the owner of the tables may switch
off within one transaction; nothing is moved when any of it fails. The audit trail is never moved:
it says when the rows were really made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Move:
    """What the transaction at `stamp` wrote about a pupil belongs to `moment`."""

    student_id: UUID
    stamp: datetime
    moment: datetime
    # How long it took to fill in, where it was a questionnaire.
    took: timedelta


# Every time that a transaction writes about a pupil by the database's clock.
TIMES = (
    ("administrations", "opened_at"),
    ("administrations", "started_at"),
    ("administrations", "ended_at"),
    ("scores", "computed_at"),
    ("flags", "created_at"),
    ("review_tasks", "created_at"),
    ("review_tasks", "done_at"),
    ("cases", "opened_at"),
    ("cases", "closed_at"),
    ("signals", "occurred_at"),
    ("legal_decisions", "created_at"),
    ("referrals", "created_at"),
    ("referrals", "delivered_at"),
    ("referrals", "seen_at"),
    ("referrals", "acknowledged_at"),
    ("referrals", "contacted_at"),
    ("referrals", "closed_at"),
    ("referral_events", "created_at"),
    ("contact_attempts", "created_at"),
    ("assessment_notes", "created_at"),
    ("plans", "created_at"),
    ("outcome_notes", "created_at"),
    ("approvals", "proposed_at"),
    ("approvals", "decided_at"),
    ("conflicts", "created_at"),
    ("deadlines", "created_at"),
    ("deadlines", "met_at"),
    ("deadlines", "ended_at"),
    ("notices", "created_at"),
    ("notices", "confirmed_at"),
    ("consents", "created_at"),
)
_DAYS = (
    "(CAST(m.stamp AT TIME ZONE 'Asia/Almaty' AS date)"
    " - CAST(m.moment AT TIME ZONE 'Asia/Almaty' AS date))"
)
# Days that people agreed on lie as far ahead of their moment as they lay of today; moved first,
# while the rows are still found by their stamp.
DAYS = (
    f"""
    UPDATE plans p SET next_on = next_on - {_DAYS} FROM demo_moves m
    WHERE m.student_id = p.student_id AND m.stamp = p.created_at
    """,  # noqa: S608 - ours
    f"""
    UPDATE outcome_notes n SET repeat_on = repeat_on - {_DAYS} FROM demo_moves m
    WHERE m.student_id = n.student_id AND m.stamp = n.created_at
    """,  # noqa: S608 - ours
)
# What is also written without the pupil's id, or stands between two times.
FURTHER = (
    """
    UPDATE responses r SET answered_at = a.ended_at FROM administrations a
    JOIN demo_moves m ON m.student_id = a.student_id AND m.moment = a.ended_at
    WHERE r.school_year = a.school_year AND r.administration_id = a.id
    """,
    """
    UPDATE administrations a SET opened_at = opened_at - m.took, started_at = started_at - m.took
    FROM demo_moves m WHERE m.student_id = a.student_id AND m.moment = a.opened_at
    """,
    """
    UPDATE outbox o SET created_at = m.moment, due_at = m.moment + (o.due_at - o.created_at)
    FROM referrals r, demo_moves m
    WHERE r.id = o.referral_id AND m.student_id = r.student_id AND m.stamp = o.created_at
    """,
    """
    UPDATE outbox o SET created_at = m.moment, due_at = m.moment + (o.due_at - o.created_at)
    FROM notices n, demo_moves m
    WHERE n.id = o.notice_id AND m.student_id = n.student_id AND m.stamp = o.created_at
    """,
    "UPDATE assignments SET created_at = opens_at - interval '2 days' WHERE created_at > opens_at",
)
# An end is the moment of the last step; of a case, that of its last referral.
ENDS = (
    """
    UPDATE referrals r SET closed_at = (
        SELECT max(e.created_at) FROM referral_events e WHERE e.referral_id = r.id)
    WHERE r.closed_at IS NOT NULL
    """,
    """
    UPDATE cases c SET closed_at = (
        SELECT max(r.closed_at) FROM referrals r WHERE r.case_id = c.id)
    WHERE c.closed_at IS NOT NULL
    """,
)
_LATER = """
    UPDATE {0} t SET closed_at = t.closed_at + CAST(:later AS interval) FROM students s
    WHERE s.id = t.student_id AND s.classroom_id = :classroom AND t.closed_at IS NOT NULL
"""
# Clocks that had run out before somebody kept their promise: as they stood then, they rang.
_WIND = (
    """
    CREATE TEMPORARY TABLE demo_clocks ON COMMIT DROP AS SELECT id, due_at, met_at, ended_at
    FROM deadlines WHERE fired_at IS NULL AND due_at < now()
        AND COALESCE(LEAST(met_at, ended_at) > due_at, true)
    """,
    "UPDATE deadlines d SET met_at = NULL, ended_at = NULL FROM demo_clocks c WHERE c.id = d.id",
)
# A sweep comes round every few seconds.
_RANG = "interval '1 second' * (1 + mod(CAST(extract(epoch FROM c.due_at) AS bigint), 14))"
_UNWIND = (
    f"""
    UPDATE deadlines d SET due_at = c.due_at, met_at = c.met_at, ended_at = c.ended_at,
        fired_at = LEAST(greatest(c.due_at, d.created_at) + {_RANG}, c.met_at, c.ended_at)
    FROM demo_clocks c WHERE c.id = d.id
    """,  # noqa: S608 - ours
    """
    UPDATE breaches b SET recorded_at = d.fired_at, due_at = d.due_at FROM deadlines d
    WHERE d.id = b.deadline_id
    """,
    """
    UPDATE outbox o SET created_at = d.fired_at, due_at = d.fired_at
    FROM deadlines d JOIN demo_clocks c ON c.id = d.id WHERE d.id = o.deadline_id
    """,
    """
    UPDATE outbox o SET created_at = d.fired_at, due_at = d.fired_at
    FROM deadlines d JOIN demo_clocks c ON c.id = d.id
    WHERE d.rung = 0 AND d.notice_id = o.notice_id AND o.created_at = now()
    """,
)
# Nobody is told today about what was over before: it went out then, or was not needed any more.
_SETTLE = (
    """
    UPDATE outbox o SET done_at = o.due_at, dropped_at = o.due_at FROM referrals r
    WHERE r.id = o.referral_id AND o.condition = 'unseen' AND r.seen_at <= o.due_at
        AND o.done_at IS NULL AND o.due_at < :before
    """,
    """
    INSERT INTO deliveries (id, outbox_id, attempt, channel, account_id, reference, started_at,
        finished_at, result)
    SELECT gen_random_uuid(), o.id, 1, o.channel, o.account_id, gen_random_uuid(),
        o.due_at + interval '2 seconds', o.due_at + interval '3 seconds', 'accepted'
    FROM outbox o WHERE o.done_at IS NULL AND o.due_at < :before
    """,
    """
    UPDATE outbox SET attempts = 1, done_at = due_at + interval '3 seconds'
    WHERE done_at IS NULL AND due_at < :before
    """,
)
GUARDED = tuple(
    dict.fromkeys([table for table, _ in TIMES] + ["responses", "outbox", "deliveries", "breaches"])
)


def move(connection: Connection) -> None:
    """Move everything that was written down, while `switch_rules` has switched the rules off."""
    for statement in DAYS:
        connection.execute(text(statement))
    for table, column in TIMES:
        connection.execute(
            text(
                f"UPDATE {table} t SET {column} = m.moment FROM demo_moves m"  # noqa: S608 - ours
                f" WHERE m.student_id = t.student_id AND m.stamp = t.{column}"
            )
        )
    for statement in FURTHER:
        connection.execute(text(statement))


def move_windows(connection: Connection, windows: Mapping[UUID, tuple[datetime, datetime]]) -> None:
    """Let assignments have been open from when to when these say."""
    for assignment_id, (opens_at, closes_at) in windows.items():
        connection.execute(
            text("UPDATE assignments SET opens_at = :opens, closes_at = :closes WHERE id = :id"),
            {"opens": opens_at, "closes": closes_at, "id": assignment_id},
        )


def set_ends(connection: Connection) -> None:
    """Let every referral and case that has ended have ended with its last step."""
    for statement in ENDS:
        connection.execute(text(statement))


def end_later(connection: Connection, by_classroom: Mapping[UUID, timedelta]) -> None:
    """Until `set_ends`, let what has ended lie as far back from now as it will from what follows.

    Whether a case is opened again is counted from the database's own moment.
    """
    rows = [{"classroom": one, "later": later} for one, later in by_classroom.items()]
    for table in ("referrals", "cases"):
        connection.execute(text(_LATER.format(table)), rows)


def wind(connection: Connection) -> None:
    """Let every clock that has run out, or had before somebody came, stand as it stood then."""
    for statement in _WIND:
        connection.execute(text(statement))


def unwind(connection: Connection) -> None:
    """Let what rang since `wind` have rung at its hour, and give back what followed."""
    for statement in _UNWIND:
        connection.execute(text(statement))


def settle(connection: Connection, before: datetime) -> None:
    """Let every message that fell due before a moment have left then."""
    for statement in _SETTLE:
        connection.execute(text(statement), {"before": before})


def switch_rules(connection: Connection, *, on: bool) -> None:
    """Let the triggers of the moved tables act, or not; foreign keys and checks always hold."""
    word = "ENABLE" if on else "DISABLE"
    for table in GUARDED:
        connection.execute(text(f"ALTER TABLE {table} {word} TRIGGER USER"))


def write_down(connection: Connection, moves: Sequence[Move]) -> None:
    """Have the moves in the database, until the transaction ends."""
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE demo_moves (student_id uuid, stamp timestamptz,"
            " moment timestamptz, took interval, PRIMARY KEY (student_id, stamp)) ON COMMIT DROP"
        )
    )
    connection.execute(
        text(
            "INSERT INTO demo_moves SELECT * FROM"
            " unnest(CAST(:students AS uuid[]), CAST(:stamps AS timestamptz[]),"
            " CAST(:moments AS timestamptz[]), CAST(:took AS interval[]))"
        ),
        {
            "students": [one.student_id for one in moves],
            "stamps": [one.stamp for one in moves],
            "moments": [one.moment for one in moves],
            "took": [one.took for one in moves],
        },
    )
    connection.execute(text("ANALYZE demo_moves"))
