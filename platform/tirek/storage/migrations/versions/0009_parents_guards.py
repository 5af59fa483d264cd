"""What keeps parents' rows their own, two talks apart, and an invitation from being used twice."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ABOUT = "num_nonnulls(referral_id, notice_id, drill_id, booking_id, help_request_id, errand_id)"
OLD_ABOUT = "num_nonnulls(referral_id, notice_id, drill_id) = 1"
ABOUT_READING = "'reading_reminder', 'group_news', 'waiting_offer', 'already_registered'"

MAY_READ_AND_ADD = (
    "lesson_history",
    "bookmarks",
    "certificates",
    "lesson_feedback",
    "invitations",
    "account_errands",
    "own_children",
    "reminder_wishes",
    "self_reports",
    "self_answers",
    "self_scores",
    "help_requests",
    "cohorts",
    "cohort_members",
    "cohort_questions",
    "parent_meetings",
    "consultation_hosts",
    "slots",
    "bookings",
    "waiting_parents",
)
MAY_CHANGE = {
    "accounts": "email, verified_at, erased_at, phone_sealed, region_iso",
    "lesson_progress": "opened_at, card_id, seen_at, language",
    "certificates": "revoked_at",
    "lesson_feedback": "read_at, read_by",
    # `used_at` is the business of redeem_invitation alone.
    "invitations": "revoked_at",
    "account_errands": "used_at",
    "own_children": "birth_month, label_sealed, has_special_needs",
    "reminder_wishes": "weekdays, hour, last_on",
    "self_reports": "state, ended_at, language, wording_hash",
    "self_answers": "state, sealed, answered_at",
    "help_requests": (
        "escalated_at, acknowledged_at, acknowledged_by, closed_at, closed_by, outcome,"
        " note_sealed, phone_sealed, words_sealed, report_id"
    ),
    "cohorts": "facilitator_id, starts_on, ends_on, closed_at",
    "cohort_members": "shown_name, left_at",
    "cohort_questions": "answer, answered_at, answered_by, set_aside_at, set_aside_reason",
    "parent_meetings": "cancelled_at",
    "consultation_hosts": ("daily_most, rest_minutes, speaks_kk, speaks_ru, is_open, feed_hash"),
    "slots": "is_reserved, cancelled_at",
    "bookings": (
        "state, held_until, medium, topic, age_band, language, phone_sealed, words_sealed,"
        " sequence, changed_at, cancelled_by, phone_asked_at"
    ),
    "waiting_parents": "offered_slot_id, offered_until, ended_at",
}
# What a parent may take back, and all that goes when they delete their account.
MAY_DELETE = (
    "lesson_progress",
    "lesson_history",
    "bookmarks",
    "own_children",
    "reminder_wishes",
    "self_answers",
    "self_scores",
    "self_reports",
    "cohort_members",
)

DEFINER = "LANGUAGE {0} SECURITY DEFINER SET search_path = public, pg_temp"
SQL, PLPGSQL = DEFINER.format("sql STABLE"), DEFINER.format("plpgsql")

# An old code is found too, so that its bearer can be told why it does not work; it opens nothing.
INVITATION_BY_LOOKUP = f"""
CREATE FUNCTION invitation_by_lookup(wanted bytea) RETURNS TABLE (
    id uuid, code_hash text, student_id uuid, school_id uuid, state text) {SQL} AS $$
    SELECT id, code_hash, student_id, school_id, CASE
        WHEN used_by IS NOT NULL AND used_by = scope_id() THEN 'own'
        WHEN used_at IS NOT NULL THEN 'used'
        WHEN revoked_at IS NOT NULL THEN 'revoked'
        WHEN expires_at <= now() THEN 'expired' ELSE 'issued' END
    FROM invitations WHERE lookup = wanted $$
"""
# What a code says of the child before anybody has joined: the class, never more.
INVITED_TO = f"""
CREATE FUNCTION invited_to(wanted uuid) RETURNS TABLE (
    classroom_id uuid, school_id uuid) {SQL} AS $$
    SELECT s.classroom_id, s.school_id FROM invitations i JOIN students s ON s.id = i.student_id
    WHERE i.id = wanted AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now() $$
"""
# The one way in which a parent becomes a pupil's guardian by their own hand.
REDEEM_INVITATION = f"""
CREATE FUNCTION redeem_invitation(invitation uuid) RETURNS uuid {PLPGSQL} AS $$
DECLARE pupil uuid;
BEGIN
    IF scope_kind() <> 'guardian' OR scope_id() IS NULL THEN
        RAISE EXCEPTION 'an invitation is for a parent';
    END IF;
    UPDATE invitations SET used_at = now(), used_by = scope_id()
    WHERE id = invitation AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
    RETURNING student_id INTO pupil;
    IF pupil IS NOT NULL THEN
        INSERT INTO guardianships (account_id, student_id, verified_by)
        SELECT scope_id(), pupil, created_by FROM invitations WHERE id = invitation
        ON CONFLICT (account_id, student_id) DO UPDATE SET revoked_at = NULL;
    END IF;
    RETURN pupil;
END $$
"""
GUARDIANSHIP_IS_GIVEN = """
CREATE FUNCTION guardianship_is_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'tirek_app' AND scope_kind() = 'guardian' AND (
        TG_OP = 'INSERT' OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'nobody makes themselves a guardian' USING ERRCODE = 'TK005';
    END IF;
    RETURN NEW;
END $$
"""
CERTIFICATE_BY_CODE = f"""
CREATE FUNCTION certificate_by_code(wanted text) RETURNS TABLE (
    course_id text, lessons smallint, minutes smallint, issued_at timestamptz) {SQL} AS $$
    SELECT course_id, lessons, minutes, issued_at FROM certificates
    WHERE code = wanted AND revoked_at IS NULL $$
"""
IN_COHORT = f"""
CREATE FUNCTION in_cohort(wanted uuid) RETURNS boolean {SQL} AS $$
    SELECT scope_kind() = 'guardian' AND EXISTS (SELECT FROM cohort_members m
    WHERE m.cohort_id = wanted AND m.account_id = scope_id() AND m.left_at IS NULL) $$
"""
HOUSE_HAS_COHORT = f"""
CREATE FUNCTION house_has_cohort(wanted uuid) RETURNS boolean {SQL} AS $$
    SELECT EXISTS (SELECT FROM cohorts c WHERE c.id = wanted AND (
        (scope_kind() = 'school' AND c.school_id = scope_id())
        OR (scope_kind() = 'support_center' AND c.support_center_id = scope_id()))) $$
"""
GUARDIAN_HAS_CLASS = f"""
CREATE FUNCTION guardian_has_class(wanted uuid) RETURNS boolean {SQL} AS $$
    SELECT scope_kind() = 'guardian' AND EXISTS (SELECT FROM guardianships g
    JOIN students s ON s.id = g.student_id WHERE g.account_id = scope_id()
    AND g.revoked_at IS NULL AND s.classroom_id = wanted AND s.left_at IS NULL) $$
"""
COHORT_BY_CODE = f"""
CREATE FUNCTION cohort_by_code(wanted text) RETURNS TABLE (
    id uuid, course_id text, starts_on date, ends_on date, facilitator_id uuid,
    school_id uuid, support_center_id uuid) {SQL} AS $$
    SELECT id, course_id, starts_on, ends_on, facilitator_id, school_id, support_center_id
    FROM cohorts WHERE join_code = wanted AND closed_at IS NULL $$
"""
# All that a facilitator learns of a member: how far, and on which day last.
COHORT_PROGRESS = f"""
CREATE FUNCTION cohort_progress(wanted uuid) RETURNS TABLE (
    shown_name text, joined_at timestamptz, started bigint, done bigint, last_on date) {SQL} AS $$
    SELECT m.shown_name, m.joined_at, count(p.lesson_id), count(p.done_at),
        (max(greatest(p.seen_at, p.done_at)) AT TIME ZONE 'Asia/Almaty')::date
    FROM cohort_members m JOIN cohorts c ON c.id = m.cohort_id
    LEFT JOIN lesson_progress p ON p.account_id = m.account_id AND p.course_id = c.course_id
    WHERE c.id = wanted AND m.left_at IS NULL
        AND (scope_kind() = 'system' OR house_has_cohort(wanted))
    GROUP BY m.account_id, m.shown_name, m.joined_at ORDER BY m.joined_at, m.shown_name $$
"""
TAKEN_TIMES = f"""
CREATE FUNCTION taken_times(host uuid, since timestamptz, until timestamptz) RETURNS TABLE (
    starts_at timestamptz, ends_at timestamptz) {SQL} AS $$
    SELECT b.starts_at, b.ends_at FROM bookings b WHERE b.host_id = host
    AND b.starts_at < until AND b.ends_at > since
    AND (b.state = 'booked' OR (b.state = 'held' AND b.held_until > now())) $$
"""
LET_GO_OF_HOLDS = f"""
CREATE FUNCTION let_go_of_holds(host uuid) RETURNS bigint {PLPGSQL} AS $$
DECLARE freed bigint;
BEGIN
    UPDATE bookings SET state = 'expired', held_until = NULL, changed_at = now()
    WHERE host_id = host AND state = 'held' AND held_until <= now();
    GET DIAGNOSTICS freed = ROW_COUNT;
    RETURN freed;
END $$
"""
CHECK_BOOKING = f"""
CREATE FUNCTION check_booking() RETURNS trigger {PLPGSQL} AS $$
DECLARE
    slot slots;
    host consultation_hosts;
    taken bigint;
BEGIN
    -- One after another for one psychologist, so that the day's count holds.
    SELECT * INTO host FROM consultation_hosts WHERE account_id = NEW.host_id FOR UPDATE;
    SELECT * INTO slot FROM slots WHERE id = NEW.slot_id;
    IF slot.host_id <> NEW.host_id OR slot.host_number <> NEW.host_number
        OR NEW.starts_at <> slot.starts_at OR NEW.ends_at <> slot.ends_at
        OR NEW.host_number <> host.number
        OR NEW.school_id IS DISTINCT FROM host.school_id
        OR NEW.support_center_id IS DISTINCT FROM host.support_center_id
        OR NEW.parent_number <> (SELECT number FROM accounts WHERE id = NEW.account_id) THEN
        RAISE EXCEPTION 'a talk takes a time as it was offered' USING ERRCODE = 'TK006';
    END IF;
    IF slot.cancelled_at IS NOT NULL OR slot.starts_at <= now()
        OR (scope_kind() = 'guardian' AND (slot.is_reserved OR NOT host.is_open)) THEN
        RAISE EXCEPTION 'this time is not offered' USING ERRCODE = 'TK006';
    END IF;
    SELECT count(*) INTO taken FROM bookings b WHERE b.host_id = NEW.host_id
        AND (b.state = 'booked' OR (b.state = 'held' AND b.held_until > now()))
        AND (b.starts_at AT TIME ZONE 'Asia/Almaty')::date
            = (NEW.starts_at AT TIME ZONE 'Asia/Almaty')::date;
    IF taken >= host.daily_most AND scope_kind() = 'guardian' THEN
        RAISE EXCEPTION 'this day is full' USING ERRCODE = 'TK007';
    END IF;
    RETURN NEW;
END $$
"""
# A booking that is over stays over, and never changes its people or its time.
BOOKING_GOES_FORWARD = """
CREATE FUNCTION booking_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('held', 'booked') AND NEW.state <> OLD.state
        AND NOT (OLD.state IN ('done', 'no_show') AND NEW.state IN ('done', 'no_show')) THEN
        RAISE EXCEPTION 'this talk is over' USING ERRCODE = 'TK006';
    END IF;
    RETURN NEW;
END $$
"""
SELF_REPORT_ENDS_ONCE = """
CREATE FUNCTION self_report_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.student_id IS NOT NULL AND scope_kind() = 'guardian'
            AND NOT guardian_has_student(NEW.student_id) THEN
            RAISE EXCEPTION 'not a child of this parent' USING ERRCODE = 'TK005';
        END IF;
    ELSIF OLD.state <> 'open' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'these answers are finished' USING ERRCODE = 'TK006';
    END IF;
    RETURN NEW;
END $$
"""
SELF_ANSWER_WHILE_OPEN = """
CREATE FUNCTION self_answer_while_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM self_reports WHERE id = NEW.report_id FOR SHARE) <> 'open' THEN
        RAISE EXCEPTION 'these answers are finished' USING ERRCODE = 'TK006';
    END IF;
    RETURN NEW;
END $$
"""
# Who took a call and what became of it is not rewritten; its clock never moves away.
HELP_GOES_FORWARD = """
CREATE FUNCTION help_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.acknowledged_at IS NOT NULL AND (NEW.acknowledged_at, NEW.acknowledged_by)
            IS DISTINCT FROM (OLD.acknowledged_at, OLD.acknowledged_by))
        OR (OLD.closed_at IS NOT NULL AND (NEW.closed_at, NEW.closed_by, NEW.outcome)
            IS DISTINCT FROM (OLD.closed_at, OLD.closed_by, OLD.outcome))
        OR (OLD.escalated_at IS NOT NULL AND NEW.escalated_at IS DISTINCT FROM OLD.escalated_at)
    THEN
        RAISE EXCEPTION 'somebody else was first' USING ERRCODE = 'TK002';
    END IF;
    -- Whoever deleted the account is reached or given up: nothing of theirs is kept after that.
    IF NEW.closed_at IS NOT NULL AND EXISTS (
        SELECT FROM accounts a WHERE a.id = NEW.account_id AND a.erased_at IS NOT NULL
    ) THEN
        NEW.phone_sealed := NULL;
        NEW.words_sealed := NULL;
    END IF;
    RETURN NEW;
END $$
"""
FUNCTIONS = (
    INVITATION_BY_LOOKUP,
    INVITED_TO,
    REDEEM_INVITATION,
    GUARDIANSHIP_IS_GIVEN,
    CERTIFICATE_BY_CODE,
    IN_COHORT,
    HOUSE_HAS_COHORT,
    GUARDIAN_HAS_CLASS,
    COHORT_BY_CODE,
    COHORT_PROGRESS,
    TAKEN_TIMES,
    LET_GO_OF_HOLDS,
    CHECK_BOOKING,
    BOOKING_GOES_FORWARD,
    SELF_REPORT_ENDS_ONCE,
    SELF_ANSWER_WHILE_OPEN,
    HELP_GOES_FORWARD,
)
# For those who act as the application only: their answers are about others.
CALLED = (
    "invitation_by_lookup(bytea)",
    "invited_to(uuid)",
    "redeem_invitation(uuid)",
    "certificate_by_code(text)",
    "in_cohort(uuid)",
    "house_has_cohort(uuid)",
    "guardian_has_class(uuid)",
    "cohort_by_code(text)",
    "cohort_progress(uuid)",
    "taken_times(uuid, timestamptz, timestamptz)",
    "let_go_of_holds(uuid)",
)
CALLED_BY_TRIGGER = (
    "guardianship_is_given()",
    "check_booking()",
    "booking_goes_forward()",
    "self_report_ends_once()",
    "self_answer_while_open()",
    "help_goes_forward()",
)
TRIGGERS = (
    ("guardianships_given", "BEFORE INSERT OR UPDATE ON guardianships", "guardianship_is_given"),
    ("bookings_as_offered", "BEFORE INSERT ON bookings", "check_booking"),
    ("bookings_forward", "BEFORE UPDATE ON bookings", "booking_goes_forward"),
    ("self_reports_once", "BEFORE INSERT OR UPDATE ON self_reports", "self_report_ends_once"),
    (
        "self_answers_open",
        "BEFORE INSERT OR UPDATE ON self_answers",
        "self_answer_while_open",
    ),
    ("help_requests_forward", "BEFORE UPDATE ON help_requests", "help_goes_forward"),
)

SYSTEM = "scope_kind() = 'system'"
OWN = "(scope_kind() = 'guardian' AND account_id = scope_id())"
ANY_PARENT = "scope_kind() = 'guardian'"
SCHOOL = "(scope_kind() = 'school' AND school_id = scope_id())"
CENTER = "(scope_kind() = 'support_center' AND support_center_id = scope_id())"
HOUSE = (SCHOOL, CENTER)
OF_OWN_REPORT = (
    "(scope_kind() = 'guardian' AND EXISTS (SELECT FROM self_reports r WHERE r.id = report_id))"
)
# Table -> who sees its rows. No school and no centre reads what a parent answered about themselves.
POLICIES = {
    "lesson_progress": (SYSTEM, OWN),
    "lesson_history": (SYSTEM, OWN),
    "bookmarks": (SYSTEM, OWN),
    "certificates": (SYSTEM, OWN),
    "invitations": (SYSTEM, SCHOOL),
    "own_children": (SYSTEM, OWN),
    "reminder_wishes": (SYSTEM, OWN),
    "self_reports": (SYSTEM, OWN),
    "self_answers": (SYSTEM, OF_OWN_REPORT),
    "self_scores": (SYSTEM, OF_OWN_REPORT),
    "help_requests": (SYSTEM, OWN, CENTER),
    "cohorts": (SYSTEM, *HOUSE, "in_cohort(id)", "guardian_has_class(classroom_id)"),
    "cohort_members": (SYSTEM, OWN, "house_has_cohort(cohort_id)"),
    "cohort_questions": (
        SYSTEM,
        "house_has_cohort(cohort_id)",
        "(answer IS NOT NULL AND set_aside_at IS NULL AND in_cohort(cohort_id))",
    ),
    "parent_meetings": (SYSTEM, *HOUSE),
    "consultation_hosts": (SYSTEM, *HOUSE, ANY_PARENT),
    "slots": (
        SYSTEM,
        ANY_PARENT,
        "EXISTS (SELECT FROM consultation_hosts h WHERE h.account_id = host_id)",
    ),
    "bookings": (SYSTEM, OWN, *HOUSE),
    "waiting_parents": (SYSTEM, OWN, *HOUSE),
}
# Who may add and change rows, where that is not who sees them.
CHECKS = {
    "help_requests": (SYSTEM, OWN, CENTER),
    "cohorts": (SYSTEM, *HOUSE),
    "cohort_questions": (SYSTEM, "house_has_cohort(cohort_id)", "in_cohort(cohort_id)"),
    "consultation_hosts": (SYSTEM, *HOUSE),
    "slots": (
        SYSTEM,
        "(scope_kind() IN ('school', 'support_center') AND EXISTS"
        " (SELECT FROM consultation_hosts h WHERE h.account_id = host_id))",
    ),
}


def upgrade() -> None:
    """Rules, rights, and whose rows are whose."""
    _about(f"{ABOUT} = CASE WHEN kind IN ({ABOUT_READING}) THEN 0 ELSE 1 END")
    op.create_check_constraint(
        op.f("ck_accounts_erased_is_off"), "accounts", "erased_at IS NULL OR NOT is_active"
    )
    op.create_check_constraint(
        op.f("ck_consents_purpose_known"), "consents", "purpose IN ('screening', 'center_help')"
    )
    op.add_column("legal_decisions", sa.Column("center_help", sa.Text(), nullable=True))
    for table in MAY_READ_AND_ADD:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tirek_app")
    for table, columns in MAY_CHANGE.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO tirek_app")
    for table in MAY_DELETE:
        op.execute(f"GRANT DELETE ON {table} TO tirek_app")
    for function in FUNCTIONS:
        op.execute(function)
    for name in CALLED:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO tirek_app")
    for name, when, function in TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {function}()")
    for table, clauses in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        checks = CHECKS.get(table, clauses)
        op.execute(
            f"CREATE POLICY {table}_scope ON {table} TO tirek_app"
            f" USING ({' OR '.join(clauses)}) WITH CHECK ({' OR '.join(checks)})"
        )


def downgrade() -> None:
    """As before; messages about what is new go with it."""
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for name, when, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {when.split(' ON ')[1]}")
    for name in (*CALLED, *CALLED_BY_TRIGGER):
        op.execute(f"DROP FUNCTION {name}")
    for table in MAY_DELETE:
        op.execute(f"REVOKE DELETE ON {table} FROM tirek_app")
    for table, columns in MAY_CHANGE.items():
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM tirek_app")
    for table in MAY_READ_AND_ADD:
        op.execute(f"REVOKE ALL ON {table} FROM tirek_app")
    op.drop_column("legal_decisions", "center_help")
    op.drop_constraint(op.f("ck_consents_purpose_known"), "consents")
    op.drop_constraint(op.f("ck_accounts_erased_is_off"), "accounts")
    op.execute(
        "DELETE FROM deliveries d USING outbox o WHERE o.id = d.outbox_id"
        " AND num_nonnulls(o.referral_id, o.notice_id, o.drill_id) = 0"
    )
    op.execute("DELETE FROM outbox WHERE num_nonnulls(referral_id, notice_id, drill_id) = 0")
    _about(OLD_ABOUT)


def _about(condition: str) -> None:
    op.execute("ALTER TABLE outbox DROP CONSTRAINT ck_outbox_about_one_thing")
    op.execute(f"ALTER TABLE outbox ADD CONSTRAINT ck_outbox_about_one_thing CHECK ({condition})")
