"""The role that web and relay act as, its few rights, and a partition for each school year."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The application may add and read; what it may change is listed column by column.
MAY_READ_AND_ADD = [
    "regions",
    "districts",
    "support_centers",
    "service_areas",
    "schools",
    "classrooms",
    "accounts",
    "web_sessions",
    "throttle_buckets",
    "students",
    "student_keys",
    "guardianships",
    "consents",
    "instrument_parts",
    "instrument_releases",
    "campaigns",
    "assignments",
    "access_codes",
    "administrations",
    "responses",
    "scores",
    "flags",
    "review_tasks",
    "cases",
    "signals",
    "referrals",
    "referral_events",
    "notices",
    "deliveries",
    "outbox",
    "audit_entries",
    "lesson_progress",
]
MAY_CHANGE = {
    "support_centers": "name_kk, name_ru, address_kk, address_ru, phone, is_open, daily_capacity",
    "accounts": ("password_hash, display_name, language, totp_sealed, totp_last_step, is_active"),
    "web_sessions": "data, seen_at, scope_kind, scope_id, account_id",
    "throttle_buckets": "tokens, updated_at",
    "students": "classroom_id, sex, left_at",
    "guardianships": "verified_by, revoked_at",
    "instrument_releases": "status, retired_at",
    "assignments": "closes_at, cancelled_at",
    "access_codes": "first_used_at, revoked_at",
    "administrations": "state, quality, started_at, ended_at, language, wording_hash",
    "responses": "sealed, answered_at, changes",
    "review_tasks": "done_at, done_by, note_sealed",
    # A case's level may only rise, which a trigger checks; it is closed by the database.
    "cases": "level",
    "notices": "confirmed_at, confirmed_by",
    "deliveries": "finished_at, result, body_sha256",
    "outbox": "due_at, leased_until, attempts, done_at, stuck_at",
    "lesson_progress": "done_at, declined_at",
}
MAY_DELETE = ("web_sessions", "throttle_buckets")
BY_YEAR = ("responses", "administrations", "audit_entries")

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tirek_app') THEN
        CREATE ROLE tirek_app NOLOGIN NOINHERIT;
    END IF;
    EXECUTE format('GRANT tirek_app TO %I', current_user);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

ENSURE_YEAR = """
CREATE FUNCTION ensure_school_year(year integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent text;
BEGIN
    IF year NOT BETWEEN 2020 AND 2100 THEN
        RAISE EXCEPTION 'no school year %', year;
    END IF;
    -- Two starting processes must not race for the same table.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_school_year'));
    FOREACH parent IN ARRAY ARRAY['administrations', 'responses', 'audit_entries'] LOOP
        IF to_regclass(format('%I', parent || '_y' || year)) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s)',
                parent || '_y' || year, parent, year
            );
        END IF;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Make role, rights, and the partitions of the years around today."""
    op.execute(ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO tirek_app")
    for table in MAY_READ_AND_ADD:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tirek_app")
    op.execute("GRANT SELECT ON referral_transitions TO tirek_app")
    for table, columns in MAY_CHANGE.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO tirek_app")
    for table in MAY_DELETE:
        op.execute(f"GRANT DELETE ON {table} TO tirek_app")
    op.execute(ENSURE_YEAR)
    op.execute("REVOKE ALL ON FUNCTION ensure_school_year FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION ensure_school_year TO tirek_app")
    op.execute(
        "SELECT ensure_school_year(year::int) FROM generate_series("
        " extract(year FROM now())::int - 2, extract(year FROM now())::int + 1) AS year"
    )


def downgrade() -> None:
    """Take the rights away; the role stays, since other databases of the server may use it."""
    for parent in BY_YEAR:
        op.execute(
            "DO $$ DECLARE part regclass; BEGIN FOR part IN SELECT inhrelid::regclass"
            f" FROM pg_inherits WHERE inhparent = '{parent}'::regclass LOOP"
            " EXECUTE format('DROP TABLE %s CASCADE', part); END LOOP; END $$"
        )
    op.execute("DROP FUNCTION ensure_school_year")
    for table in [*MAY_READ_AND_ADD, "referral_transitions"]:
        op.execute(f"REVOKE ALL ON {table} FROM tirek_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM tirek_app")
