"""The life of an instrument: drafts, signatures, pilots, licences, comments, and replays."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.life import CommentEnd, ReplayState
from tirek.storage.base import NOW, Base, one_of


class InstrumentDraft(Base):
    """Files of a release that somebody proposes: looked at, tried and signed, never answered."""

    __tablename__ = "instrument_drafts"
    __table_args__ = (
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"
        ),
        Index("ix_instrument_drafts_instrument_id", "instrument_id"),
        # The same files are proposed once at a time.
        Index(
            "uq_instrument_drafts_live",
            "hash",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    major: Mapped[int]
    label: Mapped[str]
    # The release hash of the files (design §4), or of their bytes where they cannot be read yet.
    hash: Mapped[str]
    # File name -> text.
    files: Mapped[dict[str, Any]]
    # Where it came from: "upload", "fhir-r4", "redcap", ...
    origin: Mapped[str]
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    uploaded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)


class ReleaseSignature(Base):
    """One methodologist's name under one exact content; append-only."""

    __tablename__ = "release_signatures"
    __table_args__ = (UniqueConstraint("release_hash", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    release_hash: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    # What was looked at: "cases", "lints", "replay", "preview", "wording".
    seen: Mapped[dict[str, Any]]
    comment: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class PilotRegion(Base):
    """A region in which a release on trial may be assigned."""

    __tablename__ = "pilot_regions"
    __table_args__ = (
        Index(
            "uq_pilot_regions_open",
            "release_id",
            "region_iso",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    release_id: Mapped[UUID] = mapped_column(ForeignKey("instrument_releases.id"))
    region_iso: Mapped[str] = mapped_column(ForeignKey("regions.iso"))
    # Empty where the deployment opened it, not a person.
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    opened_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)


class InstrumentLicence(Base):
    """What a rights-holder granted, to whom, until when, and where the paper lies."""

    __tablename__ = "instrument_licences"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_start"),
        CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)"
            " AND (revoked_at IS NULL) = (revoked_reason IS NULL)",
            name="revoked_with_reason",
        ),
        CheckConstraint("evidence <> '' AND granted_by <> '' AND scope <> ''", name="has_evidence"),
        Index("ix_instrument_licences_instrument_id", "instrument_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    granted_by: Mapped[str]
    granted_to: Mapped[str]
    # In words: electronic use, translation, languages, non-commercial ...
    scope: Mapped[str]
    # Letter, contract or page, so that another person finds it.
    evidence: Mapped[str]
    valid_from: Mapped[date]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    valid_to: Mapped[date | None] = mapped_column(default=None)
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    revoked_reason: Mapped[str | None] = mapped_column(default=None)


class WordingComment(Base):
    """What a reader remarks on one text of one wording, and what became of it."""

    __tablename__ = "wording_comments"
    __table_args__ = (
        one_of("ended_as", CommentEnd),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_as IS NULL)",
            name="ended_by_somebody",
        ),
        Index("ix_wording_comments_wording", "instrument_id", "wording_hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    wording_hash: Mapped[str]
    language: Mapped[str]
    key: Mapped[str]
    words: Mapped[str]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    ended_as: Mapped[str | None] = mapped_column(default=None)


class Replay(Base):
    """Stored answers scored by a draft's rules: who would gain or lose a flag, in numbers only."""

    __tablename__ = "replays"
    __table_args__ = (
        one_of("state", ReplayState),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_with_reason"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="done_with_result"),
        CheckConstraint(
            "(started_at IS NULL) = (answers_until IS NULL)", name="begun_with_a_moment"
        ),
        Index("ix_replays_draft_id", "draft_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    draft_id: Mapped[UUID] = mapped_column(ForeignKey("instrument_drafts.id"))
    # The release whose rules flagged, and the one that is tried.
    from_hash: Mapped[str]
    to_hash: Mapped[str]
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    # Whoever answered later is not counted; set when it begins.
    answers_until: Mapped[datetime | None] = mapped_column(default=None)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    # Counts so far, and the last administration in them: a killed run goes on from there.
    partial: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    reached_year: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    reached_id: Mapped[UUID | None] = mapped_column(default=None)
    failure: Mapped[str | None] = mapped_column(default=None)
    requested_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
