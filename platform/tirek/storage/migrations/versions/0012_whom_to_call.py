"""A support centre can call the school of a child: its telephones, its address, and who says so."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PHONES = ("phone", "urgent_phone")
COLUMNS = (*PHONES, "address_kk", "address_ru")
MAY_CHANGE = f"{', '.join(COLUMNS)}, contact_changed_at"

# Everybody may read where a school is; it is said by the school, or by those above it, whose work
# has no scope of its own.
CONTACT_IS_OWN = """
CREATE FUNCTION school_contact_is_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'tirek_app' AND scope_kind() <> 'system'
        AND (scope_kind() = 'school' AND NEW.id = scope_id()) IS NOT TRUE THEN
        RAISE EXCEPTION 'not this school' USING ERRCODE = 'TK003';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Columns, checks, and whose they are to fill in."""
    for column in COLUMNS:
        op.add_column("schools", sa.Column(column, sa.Text(), nullable=True))
    op.add_column(
        "schools", sa.Column("contact_changed_at", sa.DateTime(timezone=True), nullable=True)
    )
    for phone in PHONES:
        op.create_check_constraint(
            op.f(f"ck_schools_{phone}_callable"), "schools", rf"{phone} ~ '^\+7[0-9]{{10}}$'"
        )
    op.create_check_constraint(
        op.f("ck_schools_address_in_both"),
        "schools",
        "(address_kk IS NULL) = (address_ru IS NULL)",
    )
    op.execute(f"GRANT UPDATE ({MAY_CHANGE}) ON schools TO tirek_app")
    op.execute(CONTACT_IS_OWN)
    op.execute(
        "CREATE TRIGGER schools_contact_own BEFORE UPDATE ON schools"
        " FOR EACH ROW EXECUTE FUNCTION school_contact_is_own()"
    )


def downgrade() -> None:
    """As before."""
    op.execute("DROP TRIGGER schools_contact_own ON schools")
    op.execute("DROP FUNCTION school_contact_is_own()")
    op.execute(f"REVOKE UPDATE ({MAY_CHANGE}) ON schools FROM tirek_app")
    for column in ("contact_changed_at", *reversed(COLUMNS)):
        op.drop_column("schools", column)
