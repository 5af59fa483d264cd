"""Published parts of instruments and the releases made of them; immutable in the database."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class InstrumentPart(Base):
    """One published part (structure, a wording, scoring, interpretation) under its hash."""

    __tablename__ = "instrument_parts"
    __table_args__ = (
        # The same version with other content is refused here, whoever asks.
        UniqueConstraint("instrument_id", "kind", "language", "version"),
        CheckConstraint(
            "kind IN ('structure', 'wording', 'scoring', 'interpretation')", name="kind_known"
        ),
    )

    # Two instruments may share a part's content: the pupil's and the parent's psc-17 score alike.
    instrument_id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    # Empty for the parts that speak no language.
    language: Mapped[str]
    version: Mapped[str]
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class InstrumentRelease(Base):
    """A set of parts that belong together; only its status may change."""

    __tablename__ = "instrument_releases"
    __table_args__ = (
        UniqueConstraint("instrument_id", "label"),
        CheckConstraint("status IN ('draft', 'pilot', 'approved', 'retired')", name="status_known"),
        *(
            ForeignKeyConstraint(
                ["instrument_id", part], ["instrument_parts.instrument_id", "instrument_parts.hash"]
            )
            for part in ("structure_hash", "scoring_hash", "interpretation_hash")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    label: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    structure_hash: Mapped[str]
    scoring_hash: Mapped[str]
    interpretation_hash: Mapped[str]
    # language -> hash of its wording
    wording_hashes: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="draft")
    published_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    # Why it is asked no more, for those who look for it later.
    retired_reason: Mapped[str | None] = mapped_column(default=None)
