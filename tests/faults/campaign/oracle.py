"""Lost, doubled, half: what was acknowledged against what stands in the database.

    verdict = judge(connection, expectations)
    assert not verdict.findings, verdict

Works on any database of ours; the connection must see every row (the tables' owner). Everything is
one set of rows: the expectations go into a temporary table, and each check is one statement that
names the administrations that break it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import psycopg

from tests.faults.campaign.plans import BY_NAME, Following, following_of
from tests.world import the_catalog
from tirek.domain.levels import Level

Rows = psycopg.Connection[tuple[object, ...]]


class Fate(StrEnum):
    """What the pupil was told about the last page."""

    ACKED = "acked"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Wrong(StrEnum):
    """How a finding counts."""

    LOST = "lost"
    DOUBLED = "doubled"
    HALF = "half"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One administration: its fate, and what must stand there when it was completed."""

    administration: str
    student: str
    school: str
    fate: Fate
    following: Following
    # Receivers that are right; more than one where a fault closes centres.
    centers: tuple[str, ...]
    answers_before: int
    answers: int
    acked_at: datetime | None = None
    # People work on this one meanwhile, so its state may have moved on.
    is_worked_on: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One administration that breaks one check."""

    wrong: Wrong
    administration: str
    what: str


@dataclass
class Verdict:
    """All findings of one database, and how soon things were on their way."""

    findings: list[Finding] = field(default_factory=list)
    expected: int = 0
    completed: int = 0
    # Seconds from the acknowledgement to the first attempt at delivery, the longest.
    longest_to_attempt: float = 0.0
    deliveries: int = 0
    repeats: int = 0

    def count(self, wrong: Wrong) -> int:
        """How many administrations are wrong in this way."""
        return len({one.administration for one in self.findings if one.wrong is wrong})

    def __str__(self) -> str:
        kinds = Counter((one.wrong.value, one.what) for one in self.findings)
        lines = [f"{number} x {wrong}: {what}" for (wrong, what), number in kinds.most_common()]
        some = [f"{one.administration}: {one.what}" for one in self.findings[:5]]
        return "\n".join([f"{self.expected} expected, {self.completed} completed", *lines, *some])


def expect(
    plan: str, sitting: Mapping[str, str], fate: Fate, acked_at: datetime | None = None
) -> Expectation:
    """What is expected of a sitting of the template (`vars` of it will do)."""
    answered = BY_NAME[plan]
    return Expectation(
        administration=sitting["id"],
        student=sitting["student"],
        school=sitting["school"],
        fate=fate,
        following=following_of(plan),
        centers=(sitting["center"],),
        answers_before=len(answered.before),
        answers=len(answered.before) + len(answered.last),
        acked_at=acked_at,
    )


def judge(connection: Rows, expectations: Iterable[Expectation]) -> Verdict:
    """Compare; rows of pupils that nobody expects anything of are left out."""
    wanted = {one.administration: one for one in expectations}
    verdict = Verdict(expected=len(wanted))
    with connection.transaction():
        _stage(connection, wanted.values())
        addressee = _addressee(connection)
        for statement in FOUND:
            connection.execute(statement.format(addressee=addressee))
        verdict.completed = _number(connection, "SELECT count(*) FROM found WHERE is_done")
        for wrong, what, condition in _checks(connection):
            rows = connection.execute(
                f"SELECT administration FROM expected JOIN found USING (administration)"  # noqa: S608 - our own words
                f" WHERE {condition}"
            )
            verdict.findings += [Finding(wrong, str(row[0]), what) for row in rows]
        verdict.findings += _clocks(connection, wanted)
        _timings(connection, verdict)
        connection.execute("DROP TABLE expected, expected_leg, found, found_leg, untried")
    return verdict


def _stage(connection: Rows, wanted: Iterable[Expectation]) -> None:
    connection.execute(
        "CREATE TEMP TABLE expected (administration uuid PRIMARY KEY, student uuid, school uuid,"
        " fate text, before int, answers int, flags text[], flag_count int, reviews int,"
        " level text, leg_count int, notices text[], scores int, acked_at timestamptz,"
        " is_worked_on boolean, is_moved boolean)"
    )
    connection.execute(
        "CREATE TEMP TABLE expected_leg (administration uuid, student uuid, receiver text,"
        " centers uuid[], level text, events int)"
    )
    legs = []
    with connection.cursor().copy("COPY expected FROM STDIN") as copy:
        for one in wanted:
            then = one.following
            raised = sorted(f"{code}={level}" for code, level in then.flags.items())
            copy.write_row(
                (
                    one.administration,
                    one.student,
                    one.school,
                    one.fate.value,
                    one.answers_before,
                    one.answers,
                    raised,
                    len(raised),
                    then.reviews,
                    then.level,
                    len(then.legs),
                    list(then.notices),
                    then.scores,
                    one.acked_at,
                    one.is_worked_on,
                    # A centre closed over this one; its people may have been switched off while
                    # they were being told. The clocks tell others.
                    len(one.centers) > 1,
                )
            )
            for receiver, (level, events) in then.legs.items():
                centers = [UUID(center) for center in one.centers]
                legs.append((one.administration, one.student, receiver, centers, level, events))
    with connection.cursor().copy("COPY expected_leg FROM STDIN") as copy:
        for leg in legs:
            copy.write_row(leg)
    connection.execute("ANALYZE expected")


# Everything of every expected pupil, counted once.
FOUND = (
    """
CREATE TEMP TABLE found_leg AS
SELECT e.administration, r.id, r.receiver, r.support_center_id, r.level, r.state, r.version,
    r.closed_at, r.created_at, r.seen_due_at, r.acknowledge_due_at, r.contact_due_at,
    ev.events, ev.is_whole, ev.last_state, ev.first_step, ev.signals_added,
    coalesce(o.waits, 0) AS waits, coalesce(o.twice, 0) AS twice
FROM expected e JOIN referrals r ON r.student_id = e.student
LEFT JOIN LATERAL (
    SELECT count(*) AS events, count(*) = max(seq) AND min(seq) = 1 AS is_whole,
        (array_agg(to_state ORDER BY seq DESC))[1] AS last_state,
        (array_agg(from_state || '>' || to_state ORDER BY seq))[1] AS first_step,
        count(*) FILTER (WHERE reason_code = 'signal_added') AS signals_added
    FROM referral_events v WHERE v.referral_id = r.id) ev ON true
LEFT JOIN (
    SELECT referral_id, sum(number) AS waits, sum(number - 1) AS twice FROM (
        SELECT referral_id, count(*) AS number FROM outbox
        WHERE kind = 'referral_waits' GROUP BY referral_id, {addressee}) per GROUP BY 1
    ) o ON o.referral_id = r.id
""",
    # Due, and yet nobody has so much as begun: not even an attempt of unknown end.
    """
CREATE TEMP TABLE untried AS
SELECT DISTINCT coalesce(r.student_id, n.student_id) AS student FROM outbox o
LEFT JOIN referrals r ON r.id = o.referral_id LEFT JOIN notices n ON n.id = o.notice_id
LEFT JOIN deliveries d ON d.outbox_id = o.id
WHERE o.due_at <= now() AND o.done_at IS NULL AND o.stuck_at IS NULL AND d.id IS NULL
""",
    """
CREATE TEMP TABLE found AS
SELECT e.administration, a.id IS NOT NULL AS is_there, coalesce(a.state = 'completed', false)
    AS is_done, a.quality IS NOT NULL AS has_quality,
    coalesce(p.answers, 0) AS answers_found, coalesce(sc.scores_found, 0) AS scores_found,
    coalesce(sc.scales, 0) AS scales, coalesce(f.codes, '{{}}') AS codes,
    coalesce(f.flags_found, 0) AS flags_found, coalesce(t.tasks, 0) AS tasks,
    coalesce(s.signals, 0) AS signals, coalesce(s.flags_signalled, 0) AS flags_signalled,
    coalesce(s.cases_signalled, 0) AS cases_signalled,
    coalesce(c.cases, 0) AS cases, coalesce(c.open_cases, 0) AS open_cases, c.case_level,
    coalesce(l.legs, 0) AS legs, coalesce(n.kinds, '{{}}') AS kinds,
    coalesce(n.notices_found, 0) AS notices_found, coalesce(n.untold, 0) AS untold,
    coalesce(u.completions, 0) AS completions
FROM expected e
LEFT JOIN administrations a ON a.id = e.administration
LEFT JOIN (SELECT administration_id, count(*) AS answers FROM responses GROUP BY 1) p
    ON p.administration_id = e.administration
LEFT JOIN (SELECT administration_id, count(*) AS scores_found, count(DISTINCT scale) AS scales
    FROM scores GROUP BY 1) sc ON sc.administration_id = e.administration
LEFT JOIN (SELECT administration_id, array_agg(code || '=' || level
        ORDER BY code || '=' || level COLLATE "C") AS codes, count(*) AS flags_found
    FROM flags GROUP BY 1) f ON f.administration_id = e.administration
LEFT JOIN (SELECT administration_id, count(*) AS tasks FROM review_tasks GROUP BY 1) t
    ON t.administration_id = e.administration
LEFT JOIN (SELECT student_id, count(*) AS signals, count(DISTINCT flag_id) AS flags_signalled,
        count(DISTINCT case_id) AS cases_signalled FROM signals GROUP BY 1) s
    ON s.student_id = e.student
LEFT JOIN (SELECT student_id, count(*) AS cases, count(*) FILTER (WHERE closed_at IS NULL)
        AS open_cases, max(level) AS case_level FROM cases GROUP BY 1) c
    ON c.student_id = e.student
LEFT JOIN (SELECT administration, count(*) AS legs FROM found_leg GROUP BY 1) l
    ON l.administration = e.administration
LEFT JOIN (SELECT w.student_id, array_agg(w.kind ORDER BY w.kind COLLATE "C") AS kinds,
        count(*) AS notices_found, count(*) FILTER (WHERE x.notice_id IS NULL) AS untold
    FROM notices w LEFT JOIN (SELECT DISTINCT notice_id FROM outbox) x ON x.notice_id = w.id
    GROUP BY 1) n ON n.student_id = e.student
LEFT JOIN (SELECT entity_id, count(*) AS completions FROM audit_entries
    WHERE action = 'administration.complete' GROUP BY 1) u
    ON u.entity_id = e.administration::text
""",
    "CREATE INDEX ON found_leg (administration)",
    "ANALYZE found",
)
LEG = "EXISTS (SELECT FROM found_leg g WHERE g.administration = expected.administration AND ({}))"
WANTED_LEG = (
    "EXISTS (SELECT FROM expected_leg w LEFT JOIN found_leg g"
    " ON g.administration = w.administration AND g.receiver = w.receiver"
    " WHERE w.administration = expected.administration AND ({}))"
)
# What must hold once an administration is complete, whatever its pupil was told.
WHEN_DONE = (
    (Wrong.LOST, "answers are missing", "answers_found < answers"),
    (Wrong.DOUBLED, "answers nobody gave", "answers_found > answers"),
    (Wrong.LOST, "scores are missing", "scales < scores OR NOT has_quality"),
    (Wrong.DOUBLED, "a scale is scored twice", "scores_found > scales OR scales > scores"),
    (Wrong.LOST, "a flag is missing", "NOT codes @> flags"),
    (Wrong.DOUBLED, "a flag too many", "NOT flags @> codes OR flags_found > flag_count"),
    (Wrong.LOST, "a review task is missing", "tasks < reviews"),
    (Wrong.DOUBLED, "a review task too many", "tasks > reviews"),
    (Wrong.LOST, "a flag without its signal", "flags_signalled < flag_count - reviews"),
    (Wrong.DOUBLED, "a signal too many", "signals > flag_count - reviews"),
    (Wrong.LOST, "no open case", "leg_count > 0 AND open_cases = 0"),
    (Wrong.DOUBLED, "a second case", "cases > 1 OR cases_signalled > 1 OR cases > leg_count"),
    (Wrong.LOST, "the case has another level", "cases = 1 AND case_level IS DISTINCT FROM level"),
    (Wrong.LOST, "a referral is missing", WANTED_LEG.format("g.id IS NULL")),
    (Wrong.DOUBLED, "a referral too many", "legs > leg_count"),
    (Wrong.LOST, "the referral has another level", WANTED_LEG.format("g.level <> w.level")),
    (
        Wrong.LOST,
        "the referral is with a wrong centre",
        WANTED_LEG.format(
            "w.receiver = 'support_center' AND NOT g.support_center_id = ANY (w.centers)"
        ),
    ),
    (Wrong.LOST, "the referral was never routed",
     LEG.format("g.state = 'created' OR g.first_step IS DISTINCT FROM 'created>routed'")),
    (Wrong.LOST, "events do not fold to the state",
     LEG.format("NOT (g.is_whole AND g.events = g.version AND g.last_state = g.state)")),
    (Wrong.LOST, "the referral has moved without a person",
     "NOT is_worked_on AND " + LEG.format("g.closed_at IS NOT NULL"
                                        " OR g.state NOT IN ('routed', 'delivered', 'seen')")),
    (Wrong.LOST, "a further signal left no event",
     WANTED_LEG.format("g.signals_added < w.events - 1")),
    (Wrong.DOUBLED, "a further signal joined twice",
     WANTED_LEG.format("g.signals_added > w.events - 1")),
    (Wrong.LOST, "a notice is missing", "NOT kinds @> notices"),
    (Wrong.DOUBLED, "a notice too many",
     "NOT notices @> kinds OR notices_found > cardinality(notices)"),
    (Wrong.LOST, "nobody is told of the referral", "NOT is_moved AND " + LEG.format("g.waits = 0")),
    (Wrong.DOUBLED, "somebody is told of the referral twice", LEG.format("g.twice > 0")),
    (Wrong.LOST, "nobody is told of a notice", "NOT is_moved AND untold > 0"),
    (Wrong.LOST, "the end is not in the audit", "completions = 0"),
    (Wrong.DOUBLED, "the end is in the audit twice", "completions > 1"),
)  # fmt: skip
# What must hold while it is not complete: its last page left no trace at all.
WHEN_NOT = (
    (Wrong.HALF, "half of the last page", "answers_found <> before"),
    (Wrong.HALF, "followed by something though not complete",
     "scores_found + flags_found + tasks + signals > 0 OR cases + legs + completions > 0"),
    (Wrong.HALF, "a notice though not complete", "notices_found > 0"),
)  # fmt: skip


def _checks(connection: Rows) -> Iterator[tuple[Wrong, str, str]]:
    yield Wrong.LOST, "the administration is not there", "NOT is_there"
    yield Wrong.LOST, "acknowledged, but not complete", "fate = 'acked' AND NOT is_done"
    yield Wrong.FALSE, "refused, but complete", "fate = 'refused' AND is_done"
    for wrong, what, condition in WHEN_DONE:
        yield wrong, what, f"is_done AND ({condition})"
    for wrong, what, condition in WHEN_NOT:
        yield wrong, what, f"NOT is_done AND ({condition})"
    yield Wrong.LOST, "a message was never tried", "student IN (SELECT student FROM untried)"
    if _has(connection, "deadlines"):
        yield Wrong.LOST, "an open referral without a clock", f"is_done AND {LEG.format(NO_CLOCK)}"


NO_CLOCK = (
    "g.closed_at IS NULL AND NOT EXISTS (SELECT FROM deadlines d WHERE d.referral_id = g.id"
    " AND d.clock = 'acknowledged' AND d.rung = 0 AND d.due_at <= g.acknowledge_due_at)"
)


def _clocks(connection: Rows, wanted: Mapping[str, Expectation]) -> Iterator[Finding]:
    """Each deadline, counted anew from the moment at which the database began the transaction."""
    protocol = the_catalog().protocol
    rows = connection.execute(
        "SELECT administration::text, created_at, seen_due_at, acknowledge_due_at, contact_due_at"
        " FROM found_leg"
    ).fetchall()
    for administration, created_at, *found in rows:
        assert isinstance(created_at, datetime)
        one = wanted[str(administration)]
        dues = [protocol.rule(Level(level)).due(created_at) for level in one.following.rules]
        if not dues or one.is_worked_on:
            continue
        right = [
            min(due.seen for due in dues),
            min(due.acknowledged for due in dues),
            min(due.contact for due in dues),
        ]
        if found != right:
            yield Finding(Wrong.LOST, one.administration, "a clock was not set by the database")


def _timings(connection: Rows, verdict: Verdict) -> None:
    row = connection.execute(
        "SELECT max(extract(epoch FROM t.first_at - e.acked_at)) FROM expected e JOIN ("
        " SELECT g.administration, min(d.started_at) AS first_at FROM found_leg g"
        " JOIN outbox o ON o.referral_id = g.id JOIN deliveries d ON d.outbox_id = o.id GROUP BY 1"
        ") t USING (administration) WHERE e.acked_at IS NOT NULL"
    ).fetchone()
    assert row is not None
    verdict.longest_to_attempt = max(0.0, float(str(row[0]))) if row[0] is not None else 0.0
    verdict.deliveries = _number(connection, "SELECT count(*) FROM deliveries")
    verdict.repeats = _number(
        connection,
        "SELECT coalesce(sum(number - 1), 0)::int FROM (SELECT count(*) AS number FROM deliveries"
        " WHERE result = 'accepted' GROUP BY outbox_id) per",
    )


def _addressee(connection: Rows) -> str:
    """By what messages about one referral differ, in this version of the schema."""
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'outbox'"
    )
    known = {str(row[0]) for row in columns}
    names = ("account_id", "endpoint_id", "authority_id", "channel", "deadline_id")
    return ", ".join(name for name in names if name in known)


def _number(connection: Rows, query: str) -> int:
    row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(str(row[0]))


def _has(connection: Rows, table: str) -> bool:
    return _number(connection, f"SELECT (to_regclass('{table}') IS NOT NULL)::int") == 1
