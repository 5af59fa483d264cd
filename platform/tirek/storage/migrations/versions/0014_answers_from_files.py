"""Answers that a class gave elsewhere: who entered them, and files that wait for a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MAY_CHANGE = "content_sealed, decided_at, decided_by, outcome, reason_sealed"
# Whose word it is that a pupil answered so, and nothing that needs a grown-up beside the child.
ENTERED_BY_PSYCHOLOGIST = """
CREATE FUNCTION entered_by_psychologist() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounts a WHERE a.id = NEW.entered_by
        AND a.school_id = NEW.school_id AND a.role = 'psychologist' AND a.is_active) THEN
        RAISE EXCEPTION 'only a psychologist of the school enters answers' USING ERRCODE = 'TK002';
    END IF;
    IF EXISTS (SELECT FROM assignments s WHERE s.id = NEW.assignment_id
        AND s.staffed_by IS NOT NULL) THEN
        RAISE EXCEPTION 'somebody must be beside the child' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
SCOPE = (
    "scope_kind() = 'system' OR (scope_kind() = 'school' AND school_id = scope_id()"
    " AND EXISTS (SELECT FROM assignments s WHERE s.id = answer_uploads.assignment_id"
    " AND s.school_id = answer_uploads.school_id))"
)


def upgrade() -> None:
    """Columns, the table of files, rights, rules, and whose rows are whose."""
    op.add_column("administrations", sa.Column("entered_by", sa.Uuid(), nullable=True))
    op.add_column("administrations", sa.Column("answered_on", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_administrations_entered_by"), "administrations", "accounts", ["entered_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_administrations_entered_whole"),
        "administrations",
        "entered_by IS NULL OR (respondent = 'student' AND NOT is_short)",
    )
    op.create_check_constraint(
        op.f("ck_administrations_answered_elsewhere"),
        "administrations",
        "answered_on IS NULL OR entered_by IS NOT NULL",
    )
    op.create_table(
        "answer_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column(
            "uploaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("flagged", sa.BigInteger(), nullable=False),
        sa.Column("urgent", sa.BigInteger(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('entered', 'refused', 'replaced', 'expired')",
            name=op.f("ck_answer_uploads_outcome_known"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_answer_uploads_decided_as_something"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (content_sealed IS NOT NULL)",
            name=op.f("ck_answer_uploads_kept_until_decided"),
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (outcome IS NULL OR outcome = 'expired')",
            name=op.f("ck_answer_uploads_decided_by_a_person"),
        ),
        sa.CheckConstraint(
            "flagged = 0 OR outcome IS DISTINCT FROM 'expired'",
            name=op.f("ck_answer_uploads_waits_for_us"),
        ),
        sa.CheckConstraint(
            "flagged = 0 OR outcome IS DISTINCT FROM 'refused' OR reason_sealed IS NOT NULL",
            name=op.f("ck_answer_uploads_refused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "urgent BETWEEN 0 AND flagged AND flagged <= rows",
            name=op.f("ck_answer_uploads_counts_fit"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_answer_uploads_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_answer_uploads_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["accounts.id"], name=op.f("fk_answer_uploads_uploaded_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["accounts.id"], name=op.f("fk_answer_uploads_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_uploads")),
    )
    op.create_index(
        op.f("ix_answer_uploads_assignment_id"), "answer_uploads", ["assignment_id"], unique=False
    )
    op.create_index(
        "ix_answer_uploads_waiting",
        "answer_uploads",
        ["school_id"],
        unique=False,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.execute("GRANT SELECT, INSERT ON answer_uploads TO tirek_app")
    op.execute(f"GRANT UPDATE ({MAY_CHANGE}) ON answer_uploads TO tirek_app")
    op.execute(ENTERED_BY_PSYCHOLOGIST)
    # Ordinary traffic, which enters nothing, does not pay for it.
    op.execute(
        "CREATE TRIGGER administrations_entered BEFORE INSERT ON administrations"
        " FOR EACH ROW WHEN (NEW.entered_by IS NOT NULL)"
        " EXECUTE FUNCTION entered_by_psychologist()"
    )
    op.execute(
        "CREATE TRIGGER answer_uploads_decided BEFORE UPDATE ON answer_uploads"
        " FOR EACH ROW EXECUTE FUNCTION decided_once('decided_at')"
    )
    op.execute("ALTER TABLE answer_uploads ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY answer_uploads_scope ON answer_uploads TO tirek_app"
        f" USING ({SCOPE}) WITH CHECK ({SCOPE})"
    )


def downgrade() -> None:
    """As before; what was entered stays, and nobody can tell any more that it came in a file."""
    op.drop_table("answer_uploads")
    op.execute("DROP TRIGGER administrations_entered ON administrations")
    op.execute("DROP FUNCTION entered_by_psychologist()")
    op.drop_constraint(op.f("ck_administrations_answered_elsewhere"), "administrations")
    op.drop_constraint(op.f("ck_administrations_entered_whole"), "administrations")
    op.drop_constraint(op.f("fk_administrations_entered_by"), "administrations", type_="foreignkey")
    op.drop_column("administrations", "answered_on")
    op.drop_column("administrations", "entered_by")
