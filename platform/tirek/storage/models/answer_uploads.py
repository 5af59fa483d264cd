"""Files of answers that wait for a decision; what was decided stays, the content does not."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.answer_entry import UploadOutcome
from tirek.storage.base import NOW, Base, one_of


class AnswerUpload(Base):
    """One file for one assignment, sealed until somebody decides about it."""

    __tablename__ = "answer_uploads"
    __table_args__ = (
        one_of("outcome", UploadOutcome),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_as_something"),
        CheckConstraint(
            "(decided_at IS NULL) = (content_sealed IS NOT NULL)", name="kept_until_decided"
        ),
        CheckConstraint(
            "(decided_by IS NULL) = (outcome IS NULL OR outcome = 'expired')",
            name="decided_by_a_person",
        ),
        # What calls for somebody neither runs out nor is turned down without a word.
        CheckConstraint("flagged = 0 OR outcome IS DISTINCT FROM 'expired'", name="waits_for_us"),
        CheckConstraint(
            "flagged = 0 OR outcome IS DISTINCT FROM 'refused' OR reason_sealed IS NOT NULL",
            name="refused_with_a_reason",
        ),
        CheckConstraint("urgent BETWEEN 0 AND flagged AND flagged <= rows", name="counts_fit"),
        Index(
            "ix_answer_uploads_waiting",
            "school_id",
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), index=True)
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    uploaded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # The language of the answers where a row does not name its own.
    language: Mapped[str]
    rows: Mapped[int]
    # Rows whose answers call for somebody, and those among them that call for somebody today.
    flagged: Mapped[int]
    urgent: Mapped[int]
    content_sealed: Mapped[bytes | None]
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
    reason_sealed: Mapped[bytes | None] = mapped_column(default=None)
