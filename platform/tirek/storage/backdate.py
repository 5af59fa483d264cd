"""Move rows that were made just now into the past: for demo data only, and only as the owner.

The rules that keep rows as they are stand in triggers, which the owner of the tables may switch
off within one transaction; nothing is moved when any of it fails. The audit trail is never moved:
it says when the rows were really made.
"""

from collections.abc import Sequence
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
    ("referrals", "created_at"),
    ("referrals", "seen_at"),
    ("referrals", "acknowledged_at"),
    ("referrals", "contacted_at"),
    ("referrals", "closed_at"),
    ("referral_events", "created_at"),
    ("notices", "created_at"),
    ("notices", "confirmed_at"),
    ("consents", "created_at"),
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
    UPDATE outbox o SET created_at = m.moment, due_at = m.moment FROM referrals r, demo_moves m
    WHERE r.id = o.referral_id AND m.student_id = r.student_id AND m.stamp = o.created_at
    """,
    """
    UPDATE outbox o SET created_at = m.moment, due_at = m.moment FROM notices n, demo_moves m
    WHERE n.id = o.notice_id AND m.student_id = n.student_id AND m.stamp = o.created_at
    """,
    # The last step of a case may be said to have been taken before another one.
    """
    UPDATE cases c SET closed_at = greatest(c.closed_at, (
        SELECT max(r.closed_at) FROM referrals r WHERE r.case_id = c.id))
    WHERE c.closed_at IS NOT NULL
    """,
    "UPDATE assignments SET created_at = opens_at - interval '2 days' WHERE created_at > opens_at",
)
# Nobody is told today about what was over long ago.
SETTLE = text("UPDATE outbox SET done_at = created_at WHERE done_at IS NULL AND created_at < :day")
GUARDED = tuple(dict.fromkeys([table for table, _ in TIMES] + ["responses", "outbox"]))


def move(connection: Connection, moves: Sequence[Move], settled_before: datetime) -> None:
    """Move everything, in a transaction in which `switch_rules` has switched the rules off."""
    _write_down(connection, moves)
    for table, column in TIMES:
        connection.execute(
            text(
                f"UPDATE {table} t SET {column} = m.moment FROM demo_moves m"  # noqa: S608 - ours
                f" WHERE m.student_id = t.student_id AND m.stamp = t.{column}"
            )
        )
    for statement in FURTHER:
        connection.execute(text(statement))
    connection.execute(SETTLE, {"day": settled_before})


def switch_rules(connection: Connection, *, on: bool) -> None:
    """Let the triggers of the moved tables act, or not; foreign keys and checks always hold."""
    word = "ENABLE" if on else "DISABLE"
    for table in GUARDED:
        connection.execute(text(f"ALTER TABLE {table} {word} TRIGGER USER"))


def _write_down(connection: Connection, moves: Sequence[Move]) -> None:
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
