"""Who sees which rows of children, kept by the database for the role that the web acts as."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FUNCTIONS = (
    # Empty after a transaction that set it, absent before: both mean "nobody".
    "CREATE FUNCTION scope_kind() RETURNS text LANGUAGE sql STABLE AS $$"
    " SELECT COALESCE(NULLIF(current_setting('tirek.scope', true), ''), 'none') $$",
    "CREATE FUNCTION scope_id() RETURNS uuid LANGUAGE sql STABLE AS $$"
    " SELECT NULLIF(current_setting('tirek.scope_id', true), '')::uuid $$",
    # Definer functions: a policy that read the tables themselves would call itself.
    "CREATE FUNCTION center_has_student(student uuid) RETURNS boolean LANGUAGE sql STABLE"
    " SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT EXISTS (SELECT FROM referrals r WHERE r.student_id = student"
    " AND r.support_center_id = scope_id()) $$",
    "CREATE FUNCTION center_redirects(parent uuid) RETURNS boolean LANGUAGE sql STABLE"
    " SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT EXISTS (SELECT FROM referrals r WHERE r.id = parent"
    " AND r.support_center_id = scope_id()) $$",
    "CREATE FUNCTION guardian_has_student(student uuid) RETURNS boolean LANGUAGE sql STABLE"
    " SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT EXISTS (SELECT FROM guardianships g WHERE g.student_id = student"
    " AND g.account_id = scope_id() AND g.revoked_at IS NULL) $$",
    # Before anybody is known: the one question that may be asked of all codes.
    "CREATE FUNCTION access_code_by_lookup(wanted bytea) RETURNS TABLE ("
    " id uuid, code_hash text, student_id uuid, school_id uuid, assignment_id uuid)"
    " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT id, code_hash, student_id, school_id, assignment_id FROM access_codes"
    " WHERE lookup = wanted AND revoked_at IS NULL $$",
)

SYSTEM = "scope_kind() = 'system'"
SCHOOL = "(scope_kind() = 'school' AND school_id = scope_id())"
STUDENT = "(scope_kind() = 'student' AND student_id = scope_id())"
CENTER = "(scope_kind() = 'support_center' AND center_has_student(student_id))"
GUARDIAN = "(scope_kind() = 'guardian' AND guardian_has_student(student_id))"
OWN_ANSWERS = "(scope_kind() = 'guardian' AND respondent_id = scope_id())"
OF_OWN_ADMINISTRATION = (
    "(scope_kind() = 'guardian' AND EXISTS (SELECT FROM administrations a"
    " WHERE a.school_year = {0}.school_year AND a.id = {0}.administration_id))"
)
# The next leg of one's own: made when redirecting, and watched until it is acknowledged.
NEXT_LEG = (
    "(scope_kind() = 'support_center' AND parent_id IS NOT NULL AND center_redirects(parent_id))"
)
STAFF = (SYSTEM, SCHOOL, STUDENT, CENTER)

# Table -> who sees its rows. A guardian sees neither flags, cases nor referrals, and
# answers and scores only of what the guardian filled in.
POLICIES = {
    "students": (
        SYSTEM,
        SCHOOL,
        "(scope_kind() = 'student' AND id = scope_id())",
        "(scope_kind() = 'support_center' AND center_has_student(id))",
        "(scope_kind() = 'guardian' AND guardian_has_student(id))",
    ),
    "student_keys": (
        SYSTEM,
        STUDENT,
        "(scope_kind() <> 'none' AND EXISTS (SELECT FROM students s"
        " WHERE s.id = student_keys.student_id))",
    ),
    "guardianships": (
        SYSTEM,
        "(scope_kind() = 'guardian' AND account_id = scope_id())",
        "(scope_kind() = 'school' AND EXISTS (SELECT FROM students s"
        " WHERE s.id = guardianships.student_id))",
    ),
    "consents": (*STAFF, GUARDIAN),
    "access_codes": (SYSTEM, SCHOOL, STUDENT),
    "administrations": (*STAFF, OWN_ANSWERS),
    "responses": (
        SYSTEM,
        "EXISTS (SELECT FROM administrations a WHERE a.school_year = responses.school_year"
        " AND a.id = responses.administration_id)",
    ),
    "scores": (*STAFF, OF_OWN_ADMINISTRATION.format("scores")),
    "flags": (*STAFF, OF_OWN_ADMINISTRATION.format("flags")),
    "review_tasks": (*STAFF, OF_OWN_ADMINISTRATION.format("review_tasks")),
    "cases": STAFF,
    "signals": STAFF,
    "referrals": (
        SYSTEM,
        SCHOOL,
        STUDENT,
        "(scope_kind() = 'support_center' AND support_center_id = scope_id())",
        NEXT_LEG,
    ),
    "referral_events": STAFF,
    "notices": STAFF,
}
# Who may add rows, where that is less than who sees them: a PSC that could write itself a referral
# would see any child.
CHECKS = {"referrals": (SYSTEM, SCHOOL, STUDENT, NEXT_LEG)}


def upgrade() -> None:
    """Turn row-level security on and say who sees what."""
    for function in FUNCTIONS:
        op.execute(function)
    for table, clauses in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        checks = CHECKS.get(table, clauses)
        op.execute(
            f"CREATE POLICY {table}_scope ON {table} TO tirek_app"
            f" USING ({' OR '.join(clauses)}) WITH CHECK ({' OR '.join(checks)})"
        )
    op.execute("REVOKE ALL ON FUNCTION access_code_by_lookup FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION access_code_by_lookup TO tirek_app")


def downgrade() -> None:
    """Turn it off again."""
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION access_code_by_lookup(bytea)")
    for name in ("center_has_student", "center_redirects", "guardian_has_student"):
        op.execute(f"DROP FUNCTION {name}(uuid)")
    op.execute("DROP FUNCTION scope_id()")
    op.execute("DROP FUNCTION scope_kind()")
