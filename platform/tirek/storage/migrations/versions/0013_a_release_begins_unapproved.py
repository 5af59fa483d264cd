"""No release begins as an approved one, and a replay says up to when answers are in it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What 0011 asks of an update, asked of a new row as well. Nothing is approved on its first day:
# approving is a step of its own, which counts the signatures under exactly this content.
RELEASE_BEGINS = """
CREATE FUNCTION release_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'approved' THEN
        RAISE EXCEPTION 'a release is approved by two signatures' USING ERRCODE = 'TK002';
    END IF;
    IF (NEW.status = 'retired') <> (NEW.retired_at IS NOT NULL)
        OR (NEW.status = 'retired') <> (NEW.retired_reason IS NOT NULL) THEN
        RAISE EXCEPTION 'a retired release says since when and why' USING ERRCODE = 'TK002';
    END IF;
    RETURN NEW;
END $$
"""
MOMENT = "(started_at IS NULL) = (answers_until IS NULL)"


def upgrade() -> None:
    """A guard, a column, and the moment of the replays that were begun before there was one."""
    op.execute(RELEASE_BEGINS)
    op.execute(
        "CREATE TRIGGER releases_begin BEFORE INSERT ON instrument_releases"
        " FOR EACH ROW EXECUTE FUNCTION release_begins()"
    )
    op.add_column("replays", sa.Column("answers_until", sa.DateTime(timezone=True), nullable=True))
    # They counted whoever had answered while they ran; what has ended is not written to otherwise.
    op.execute("ALTER TABLE replays DISABLE TRIGGER replays_ended")
    op.execute(
        "UPDATE replays SET answers_until = coalesce(ended_at, now()) WHERE started_at IS NOT NULL"
    )
    op.execute("ALTER TABLE replays ENABLE TRIGGER replays_ended")
    op.create_check_constraint(op.f("ck_replays_begun_with_a_moment"), "replays", MOMENT)
    op.execute("GRANT UPDATE (answers_until) ON replays TO tirek_app")


def downgrade() -> None:
    """As before."""
    op.drop_constraint(op.f("ck_replays_begun_with_a_moment"), "replays")
    op.drop_column("replays", "answers_until")
    op.execute("DROP TRIGGER releases_begin ON instrument_releases")
    op.execute("DROP FUNCTION release_begins()")
