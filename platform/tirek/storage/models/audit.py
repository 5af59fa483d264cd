"""Who saw or changed what: append-only, and split by school year."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class AuditEntry(Base):
    """One read, change or refusal; no names, no answers, only ids."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused')", name="outcome_known"),
        Index("ix_audit_entries_student_id", "student_id"),
        Index("ix_audit_entries_account_id", "account_id"),
        {"postgresql_partition_by": "LIST (school_year)"},
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(default="done")
    account_id: Mapped[UUID | None] = mapped_column(default=None)
    role: Mapped[str | None] = mapped_column(default=None)
    student_id: Mapped[UUID | None] = mapped_column(default=None)
    school_id: Mapped[UUID | None] = mapped_column(default=None)
