"""Nobody approves an instrument alone, nothing signed is rewritten, and outcomes are about a child."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MAY_READ_AND_ADD = (
    "instrument_drafts",
    "release_signatures",
    "pilot_regions",
    "instrument_licences",
    "wording_comments",
    "replays",
    "measurements",
    "measurement_nights",
    "measurement_cells",
    "measurement_alarms",
    "measurement_drafts",
    "screening_outcomes",
    "adaptive_steps",
    "school_events",
)
MAY_CHANGE = {
    "instrument_drafts": "withdrawn_at, withdrawn_by",
    "pilot_regions": "closed_at, closed_by",
    "instrument_licences": "revoked_at, revoked_by, revoked_reason",
    "wording_comments": "ended_at, ended_by, ended_as",
    "replays": "state, total, done, result, partial, reached_year, reached_id, failure, started_at,"
    " ended_at",
    "instrument_releases": "retired_reason",
    "measurement_nights": "last_school_id, schools, sheets, left_out, ended_at",
    "measurement_cells": "summary",
    "measurement_alarms": "figures, last_night, answered_at, answered_by, answer",
    "measurement_drafts": "state, decided_at, decided_by, reason",
}

DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"
# Two different methodologists, both still in office, under this very content.
RELEASE_MOVES_ON = f"""
CREATE FUNCTION release_moves_on() RETURNS trigger {DEFINER} AS $$
DECLARE signers bigint;
BEGIN
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) NOT IN (('draft', 'pilot'), ('pilot', 'approved'),
        ('draft', 'retired'), ('pilot', 'retired'), ('approved', 'retired')) THEN
        RAISE EXCEPTION 'a release does not go back' USING ERRCODE = 'TK002';
    END IF;
    IF NEW.status = 'approved' THEN
        SELECT count(DISTINCT s.account_id) INTO signers FROM release_signatures s
        JOIN accounts a ON a.id = s.account_id
        WHERE s.release_hash = NEW.hash AND s.instrument_id = NEW.instrument_id
            AND a.role = 'methodologist' AND a.is_active;
        IF signers < 2 THEN
            RAISE EXCEPTION 'two methodologists must sign' USING ERRCODE = 'TK002';
        END IF;
    END IF;
    IF NEW.status = 'retired' AND (NEW.retired_at IS NULL OR NEW.retired_reason IS NULL) THEN
        RAISE EXCEPTION 'a retired release says since when and why' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
# The only things about a release that change; here with the reason for retiring it.
RELEASE_IMMUTABLE = """
CREATE OR REPLACE FUNCTION refuse_release_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) {without})
        IS DISTINCT FROM (to_jsonb(OLD) {without}) THEN
        RAISE EXCEPTION 'a published release is immutable' USING ERRCODE = 'TK001';
    END IF;
    RETURN NEW;
END $$
"""
BEFORE_0011 = "- 'status' - 'retired_at'"
# A signature is a methodologist's own.
SIGNED_BY_METHODOLOGIST = f"""
CREATE FUNCTION signed_by_methodologist() RETURNS trigger {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounts a WHERE a.id = NEW.account_id
        AND a.role = 'methodologist' AND a.is_active) THEN
        RAISE EXCEPTION 'only a methodologist signs' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
# What was decided or ended stays so.
DECIDED_ONCE = """
CREATE FUNCTION decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) ->> TG_ARGV[0]) IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'somebody else was first' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
# A questionnaire that needs a grown-up beside it, or a known event (`use.gate` of its structure):
# who is there, one day of Kazakhstan (UTC+5), and the same longest window as domain/gates.py. The
# school's hours and days off are known to the calendar only, so the service asks for them.
ASSIGNMENT_PASSES_GATE = f"""
CREATE FUNCTION assignment_passes_gate() RETURNS trigger {DEFINER} AS $$
DECLARE gate text;
BEGIN
    SELECT p.content #>> '{{use,gate}}' INTO gate FROM instrument_releases r
    JOIN instrument_parts p ON p.instrument_id = r.instrument_id AND p.hash = r.structure_hash
    WHERE r.id = NEW.release_id;
    IF gate = 'staffed_window' THEN
        IF NOT EXISTS (SELECT FROM accounts a WHERE a.id = NEW.staffed_by
            AND a.school_id = NEW.school_id AND a.role = 'psychologist' AND a.is_active) THEN
            RAISE EXCEPTION 'a specialist of the school must be there' USING ERRCODE = 'TK002';
        END IF;
        IF NEW.closes_at - NEW.opens_at > interval '4 hours'
            OR (NEW.opens_at AT TIME ZONE interval '5 hours')::date
            <> (NEW.closes_at AT TIME ZONE interval '5 hours')::date THEN
            RAISE EXCEPTION 'nobody can be there so long' USING ERRCODE = 'TK002';
        END IF;
    ELSIF gate = 'after_event' AND NOT EXISTS (SELECT FROM school_events e
        WHERE e.id = NEW.event_id AND e.school_id = NEW.school_id
        AND e.happened_on <= (NEW.opens_at AT TIME ZONE interval '5 hours')::date) THEN
        RAISE EXCEPTION 'an event of the school must be named' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
# What only opens while somebody is there does not open before or after.
OPENED_WHILE_STAFFED = f"""
CREATE FUNCTION opened_while_staffed() RETURNS trigger {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT FROM assignments s WHERE s.id = NEW.assignment_id
        AND s.staffed_by IS NOT NULL AND (s.cancelled_at IS NOT NULL OR s.opens_at > now()
        OR s.closes_at <= now())) THEN
        RAISE EXCEPTION 'nobody is there now' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
# Pupils see no event: of the one they are asked about they get the day, never the words.
EVENT_DATE = """
CREATE FUNCTION event_date_asked_about(year integer, administration uuid) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.happened_on FROM administrations a
    JOIN assignments s ON s.id = a.assignment_id
    JOIN school_events e ON e.id = s.event_id
    WHERE a.school_year = $1 AND a.id = $2 AND (scope_kind() = 'system'
        OR (scope_kind() = 'student' AND a.student_id = scope_id())
        OR (scope_kind() = 'school' AND a.school_id = scope_id()))
$$
"""
FUNCTIONS = (
    RELEASE_MOVES_ON,
    SIGNED_BY_METHODOLOGIST,
    DECIDED_ONCE,
    ASSIGNMENT_PASSES_GATE,
    OPENED_WHILE_STAFFED,
    EVENT_DATE,
)
TRIGGERS = (
    (
        "assignments_gate",
        "BEFORE INSERT OR UPDATE OF release_id, opens_at, closes_at, staffed_by, event_id"
        " ON assignments",
        "assignment_passes_gate()",
    ),
    ("administrations_staffed", "BEFORE INSERT ON administrations", "opened_while_staffed()"),
    ("releases_move_on", "BEFORE UPDATE ON instrument_releases", "release_moves_on()"),
    ("signatures_own", "BEFORE INSERT ON release_signatures", "signed_by_methodologist()"),
    ("drafts_withdrawn", "BEFORE UPDATE ON instrument_drafts", "decided_once('withdrawn_at')"),
    ("pilots_closed", "BEFORE UPDATE ON pilot_regions", "decided_once('closed_at')"),
    ("licences_revoked", "BEFORE UPDATE ON instrument_licences", "decided_once('revoked_at')"),
    ("comments_ended", "BEFORE UPDATE ON wording_comments", "decided_once('ended_at')"),
    ("replays_ended", "BEFORE UPDATE ON replays", "decided_once('ended_at')"),
    (
        "measurement_drafts_decided",
        "BEFORE UPDATE ON measurement_drafts",
        "decided_once('decided_at')",
    ),
)
APPEND_ONLY = ("release_signatures", "screening_outcomes", "adaptive_steps", "school_events")

SYSTEM = "scope_kind() = 'system'"
STUDENT = "(scope_kind() = 'student' AND student_id = scope_id())"
# Whoever may be the harm reads nothing of the child.
SCHOOL = (
    "(scope_kind() = 'school' AND (school_id = scope_id() OR school_has_case(student_id))"
    " AND NOT scope_is_out(student_id))"
)
CENTER = (
    "(scope_kind() = 'support_center' AND center_has_student(student_id)"
    " AND NOT scope_is_out(student_id))"
)
POLICIES = {
    # What a specialist found is theirs and the school's; neither the pupil's session nor a
    # guardian's reads it.
    "screening_outcomes": (SYSTEM, SCHOOL, CENTER),
    "adaptive_steps": (
        SYSTEM,
        SCHOOL,
        STUDENT,
        CENTER,
        "(scope_kind() = 'guardian' AND EXISTS (SELECT FROM administrations a"
        " WHERE a.school_year = adaptive_steps.school_year"
        " AND a.id = adaptive_steps.administration_id))",
    ),
    # Pupils answer about it: the questionnaire names the event by its date only.
    "school_events": (SYSTEM, "(scope_kind() = 'school' AND school_id = scope_id())"),
}


def upgrade() -> None:
    """Rights, rules, and whose rows are whose."""
    for table in MAY_READ_AND_ADD:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tirek_app")
    for table, columns in MAY_CHANGE.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO tirek_app")
    # What was counted on the way is thrown away when the night's figures stand.
    op.execute("GRANT DELETE ON measurement_cells TO tirek_app")
    for function in FUNCTIONS:
        op.execute(function)
    op.execute(RELEASE_IMMUTABLE.format(without=f"{BEFORE_0011} - 'retired_reason'"))
    for name, when, function in TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {function}")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, clauses in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        seen = " OR ".join(clauses)
        op.execute(
            f"CREATE POLICY {table}_scope ON {table} TO tirek_app USING ({seen}) WITH CHECK ({seen})"
        )


def downgrade() -> None:
    """As before."""
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for name, when, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {when.split(' ON ')[1]}")
    for function in (
        "release_moves_on",
        "signed_by_methodologist",
        "decided_once",
        "assignment_passes_gate",
        "opened_while_staffed",
        "event_date_asked_about",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute(RELEASE_IMMUTABLE.format(without=BEFORE_0011))
    for table, columns in MAY_CHANGE.items():
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM tirek_app")
    for table in MAY_READ_AND_ADD:
        op.execute(f"REVOKE ALL ON {table} FROM tirek_app")
