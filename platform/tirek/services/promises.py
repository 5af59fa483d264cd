"""Whether every flag has its leg, everything open a clock, and every clock that ran out rang.

The database refuses most of it on the way in; this looks at what is there, whoever put it there.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tirek.domain.answer_entry import THOSE_ABOVE_AFTER

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
    "flags without a referral": """
        SELECT count(*) FROM flags f WHERE f.level <> 'review' AND NOT EXISTS (
            SELECT FROM signals s JOIN referrals r ON r.case_id = s.case_id WHERE s.flag_id = f.id)
        """,
    "flags without a review task": """
        SELECT count(*) FROM flags f WHERE f.level = 'review' AND NOT EXISTS (
            SELECT FROM review_tasks t WHERE t.administration_id = f.administration_id)
        """,
    "open cases without an open referral": """
        SELECT count(*) FROM cases c WHERE c.closed_at IS NULL AND NOT EXISTS (
            SELECT FROM referrals r WHERE r.case_id = c.id AND r.closed_at IS NULL)
        """,
    "referrals that were never routed": "SELECT count(*) FROM referrals WHERE state = 'created'",
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
    "parents' calls that ran out and those above were not told": f"""
        SELECT count(*) FROM help_requests WHERE acknowledged_at IS NULL AND escalated_at IS NULL
            AND due_at < now() - interval '{MISSED_SECONDS} seconds'
        """,  # noqa: S608 - a number of ours
    "files of answers that call for somebody and that nobody decides about": """
        SELECT count(*) FROM answer_uploads WHERE decided_at IS NULL AND flagged > 0
            AND uploaded_at < now()
            - CASE WHEN urgent > 0 THEN interval '1 hour' ELSE interval '1 day' END
        """,
    "files of answers that wait too long and those above were not told": f"""
        SELECT count(*) FROM answer_uploads u WHERE decided_at IS NULL AND urgent > 0
            AND uploaded_at < now()
            - interval '{THOSE_ABOVE_AFTER.total_seconds() + MISSED_SECONDS} seconds'
            AND NOT EXISTS (SELECT FROM outbox o JOIN accounts a ON a.id = o.account_id
                WHERE o.answer_upload_id = u.id AND a.school_id IS NULL)
        """,  # noqa: S608 - numbers of ours
    "messages that nobody has tried for an hour": """
        SELECT count(*) FROM outbox WHERE done_at IS NULL AND stuck_at IS NULL AND attempts = 0
            AND due_at < now() - interval '1 hour'
        """,
}


def findings(session: Session) -> dict[str, int]:
    """How many rows break which promise; empty when all is well."""
    found = {name: session.scalars(text(query)).one() for name, query in _QUERIES.items()}
    return {name: number for name, number in found.items() if number}
