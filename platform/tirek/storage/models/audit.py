"""Who saw or changed what: append-only, and split by school year."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class AuditEntry(Base):
    """One read, change or refusal; no names, no answers, only ids."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused')", name="outcome_known"),
        Index("ix_audit_entries_student_id", "student_id"),
        Index("ix_audit_entries_account_id", "account_id"),
        Index("ix_audit_entries_txid_id", "txid", "id"),
        {"postgresql_partition_by": "LIST (school_year)"},
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # The transaction that wrote it: by this the sealer knows that nothing can come before it.
    txid: Mapped[int] = mapped_column(server_default=text("audit_txid()"), init=False)
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(default="done")
    account_id: Mapped[UUID | None] = mapped_column(default=None)
    role: Mapped[str | None] = mapped_column(default=None)
    student_id: Mapped[UUID | None] = mapped_column(default=None)
    school_id: Mapped[UUID | None] = mapped_column(default=None)


class AuditLink(Base):
    """An entry's place in the hash chain of its school year; the entry itself knows nothing of it.

    Ordered by `seq`, the links are ordered by (`txid`, `entry_id`) as well.
    """

    __tablename__ = "audit_links"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq_from_one"),
        UniqueConstraint("school_year", "entry_id"),
        {"postgresql_partition_by": "LIST (school_year)"},
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    txid: Mapped[int]
    entry_id: Mapped[int]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The end of a chain at one moment, signed; a copy of it leaves the house."""

    __tablename__ = "audit_heads"

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    taken_at: Mapped[datetime]
    # The Ed25519 public key that the signature can be checked with.
    key: Mapped[bytes]
    signature: Mapped[bytes]
