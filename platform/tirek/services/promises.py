"""Whether everything open has a clock, and every clock that ran out rang (I1, I8).

The database refuses most of it on the way in; this looks at what is there, whoever put it there.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

# A sweep comes every 15 seconds; this late, none comes.
MISSED_SECONDS = 120

# The same rule as the trigger `leg_has_clock` keeps when a leg moves.
_CLOCKLESS = """
SELECT count(*) FROM referrals r
WHERE r.closed_at IS NULL AND r.state NOT IN ('redirected', 'declined_by_receiver', 'created')
    AND NOT EXISTS (SELECT FROM deadlines d WHERE d.referral_id = r.id AND d.met_at IS NULL
        AND d.ended_at IS NULL AND (r.owner_id IS NOT NULL OR d.clock = 'acknowledged'))
"""
# A clock that was carried to the next leg after it rang has its breach at the leg before.
_QUERIES = {
    "signals without a referral": """
        SELECT count(*) FROM signals s LEFT JOIN referrals r ON r.case_id = s.case_id
        WHERE r.id IS NULL
        """,
    "open referrals without a clock": _CLOCKLESS,
    "notices without a clock": """
        SELECT count(*) FROM notices n WHERE n.confirmed_at IS NULL
            AND NOT EXISTS (SELECT FROM deadlines d WHERE d.notice_id = n.id AND d.rung = 0)
        """,
    "clocks that ran out and did not ring": f"""
        SELECT count(*) FROM deadlines WHERE fired_at IS NULL AND met_at IS NULL
            AND ended_at IS NULL AND due_at < now() - interval '{MISSED_SECONDS} seconds'
        """,  # noqa: S608 - a number of ours
    "last rungs that rang and left no breach": """
        SELECT count(*) FROM deadlines d WHERE d.is_breach AND d.fired_at >= d.created_at
            AND NOT EXISTS (SELECT FROM breaches b WHERE b.deadline_id = d.id)
        """,
    "messages that nobody has tried for an hour": """
        SELECT count(*) FROM outbox WHERE done_at IS NULL AND stuck_at IS NULL AND attempts = 0
            AND due_at < now() - interval '1 hour'
        """,
}


def findings(session: Session) -> dict[str, int]:
    """How many rows break which promise; empty when all is well."""
    found = {name: session.scalars(text(query)).one() for name, query in _QUERIES.items()}
    return {name: number for name, number in found.items() if number}
