"""A message may be about a file of answers that nobody decides about."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OLD_THINGS = "referral_id, notice_id, drill_id, booking_id, help_request_id, errand_id"
THINGS = f"{OLD_THINGS}, answer_upload_id"
ABOUT_READING = "'reading_reminder', 'group_news', 'waiting_offer', 'already_registered'"


def upgrade() -> None:
    """What it is about, and that it is about one thing alone; the right to add covers it."""
    op.add_column("outbox", sa.Column("answer_upload_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_outbox_answer_upload_id"),
        "outbox",
        "answer_uploads",
        ["answer_upload_id"],
        ["id"],
    )
    _about(THINGS)


def downgrade() -> None:
    """As before; messages about files go with it."""
    op.execute(
        "DELETE FROM deliveries d USING outbox o WHERE o.id = d.outbox_id"
        " AND o.answer_upload_id IS NOT NULL"
    )
    op.execute("DELETE FROM outbox WHERE answer_upload_id IS NOT NULL")
    _about(OLD_THINGS)
    op.drop_constraint(op.f("fk_outbox_answer_upload_id"), "outbox", type_="foreignkey")
    op.drop_column("outbox", "answer_upload_id")


def _about(things: str) -> None:
    op.execute("ALTER TABLE outbox DROP CONSTRAINT ck_outbox_about_one_thing")
    op.execute(
        "ALTER TABLE outbox ADD CONSTRAINT ck_outbox_about_one_thing CHECK"
        f" (num_nonnulls({things}) = CASE WHEN kind IN ({ABOUT_READING}) THEN 0 ELSE 1 END)"
    )
