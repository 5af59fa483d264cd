"""Audit entries linked into one hash chain for each school year, and signed heads of the chains."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Functions, because their base moves when the data comes into another server by pg_dump, where
# transactions are counted anew: see audit_rebase. They are inlined, so they cost a request nothing.
TXID = """
CREATE FUNCTION audit_txid() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.pg_current_xact_id()::text::bigint + 0
$$
"""
# Every transaction below it has ended, and none below it can begin.
HORIZON = """
CREATE FUNCTION audit_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint + 0
$$
"""
REBASE = """
CREATE FUNCTION audit_rebase() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE newest bigint;
BEGIN
    SELECT greatest(
        (SELECT max(txid) FROM audit_entries), (SELECT max(txid) FROM audit_links)) INTO newest;
    IF newest IS NULL OR newest < audit_txid() THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE OR REPLACE FUNCTION audit_txid() RETURNS bigint LANGUAGE sql STABLE'
        ' AS $body$ SELECT pg_catalog.pg_current_xact_id()::text::bigint + %s $body$', newest);
    EXECUTE format('CREATE OR REPLACE FUNCTION audit_horizon() RETURNS bigint LANGUAGE sql STABLE'
        ' AS $body$ SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())'
        '::text::bigint + %s $body$', newest);
    RETURN true;
END $$
"""

# A key keeps a number from being there twice; this keeps one from being left out.
FOLLOW = """
CREATE FUNCTION audit_links_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE part record;
BEGIN
    FOR part IN SELECT school_year, min(seq) AS first, max(seq) AS last FROM added GROUP BY 1 LOOP
        PERFORM 1 FROM (
            SELECT l.seq, l.prev_hash, l.txid, l.entry_id, lag(l.seq) OVER chain AS prev_seq,
                lag(l.hash) OVER chain AS its_hash, lag(l.txid) OVER chain AS prev_txid,
                lag(l.entry_id) OVER chain AS prev_entry
            FROM audit_links l WHERE l.school_year = part.school_year
                AND l.seq BETWEEN part.first - 1 AND part.last
            WINDOW chain AS (ORDER BY l.seq)
        ) AS link WHERE link.seq >= greatest(part.first, 2) AND (
            link.prev_seq IS DISTINCT FROM link.seq - 1
            OR link.its_hash IS DISTINCT FROM link.prev_hash
            OR (link.txid, link.entry_id) <= (link.prev_txid, link.prev_entry));
        IF FOUND THEN
            RAISE EXCEPTION 'a link of the audit chain follows the one before it'
                USING ERRCODE = 'TK001';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""

PARENTS = ("administrations", "responses", "audit_entries", "audit_links")
BEFORE = ("administrations", "responses", "audit_entries")
# A trigger against TRUNCATE is not handed down to partitions, so each gets its own.
ENSURE_YEAR = """
CREATE OR REPLACE FUNCTION ensure_school_year(year integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent text; part text;
BEGIN
    IF year NOT BETWEEN 2020 AND 2100 THEN
        RAISE EXCEPTION 'no school year %', year;
    END IF;
    -- Two starting processes must not race for the same table.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_school_year'));
    FOREACH parent IN ARRAY ARRAY[{parents}] LOOP
        part := parent || '_y' || year;
        IF to_regclass(format('%I', part)) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s)', part, parent, year
            );{further}
        END IF;
    END LOOP;
END $$
"""
GUARD_PART = """
            IF parent LIKE 'audit%' THEN
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT'
                    ' EXECUTE FUNCTION refuse_change()', part || '_no_truncate', part);
            END IF;"""
# Years whose tables are there already.
EXISTING = """
DO $$ DECLARE year integer; BEGIN
    FOR year IN SELECT substring(inhrelid::regclass::text FROM '_y(\\d+)$')::integer
        FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass LOOP
        {action}
    END LOOP;
END $$
"""
GUARD_ENTRIES = (
    "EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION"
    " refuse_change()', 'audit_entries_y' || year || '_no_truncate', 'audit_entries_y' || year);"
    " PERFORM ensure_school_year(year);"
)
UNGUARD_ENTRIES = (
    "EXECUTE format('DROP TRIGGER %I ON %I', 'audit_entries_y' || year || '_no_truncate',"
    " 'audit_entries_y' || year);"
)


def upgrade() -> None:
    """Say of each entry which transaction wrote it; make room for links and heads."""
    op.execute(TXID)
    op.execute(HORIZON)
    # Not volatile, so the rows that are there get one value without being written anew.
    op.add_column(
        "audit_entries",
        sa.Column("txid", sa.BigInteger(), server_default=sa.text("audit_txid()"), nullable=False),
    )
    op.create_index("ix_audit_entries_txid_id", "audit_entries", ["txid", "id"])
    op.create_table(
        "audit_links",
        sa.Column("school_year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_audit_links_seq_from_one")),
        sa.PrimaryKeyConstraint("school_year", "seq", name=op.f("pk_audit_links")),
        sa.UniqueConstraint(
            "school_year", "entry_id", name=op.f("uq_audit_links_school_year_entry_id")
        ),
        postgresql_partition_by="LIST (school_year)",
    )
    op.create_table(
        "audit_heads",
        sa.Column("school_year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school_year", "seq", name=op.f("pk_audit_heads")),
    )
    for table in ("audit_links", "audit_heads"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tirek_app")
    op.execute(FOLLOW)
    op.execute(
        "CREATE TRIGGER audit_links_follow AFTER INSERT ON audit_links"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_links_follow()"
    )
    op.execute(REBASE)
    op.execute("REVOKE ALL ON FUNCTION audit_rebase FROM PUBLIC")
    op.execute(_ensure_year(PARENTS, GUARD_PART))
    op.execute(EXISTING.format(action=GUARD_ENTRIES))


def downgrade() -> None:
    """Take links and heads away; the entries stay as they were."""
    op.execute(EXISTING.format(action=UNGUARD_ENTRIES))
    op.execute(_ensure_year(BEFORE, ""))
    op.execute("DROP FUNCTION audit_rebase()")
    op.drop_table("audit_heads")
    op.drop_table("audit_links")
    op.execute("DROP FUNCTION audit_links_follow()")
    op.drop_index("ix_audit_entries_txid_id", "audit_entries")
    op.drop_column("audit_entries", "txid")
    op.execute("DROP FUNCTION audit_horizon()")
    op.execute("DROP FUNCTION audit_txid()")


def _ensure_year(parents: tuple[str, ...], further: str) -> str:
    listed = ", ".join(f"'{parent}'" for parent in parents)
    return ENSURE_YEAR.format(parents=listed, further=further)
