"""What a parent has done in a course: read, starred, finished, and what they thought of it."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class LessonProgress(Base):
    """One lesson of one account, by lesson id, so that it survives a change of language."""

    __tablename__ = "lesson_progress"
    __table_args__ = (Index("ix_lesson_progress_lesson", "course_id", "lesson_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # Where to go on: the card last reached, when, and in which language.
    card_id: Mapped[str | None] = mapped_column(default=None)
    seen_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    language: Mapped[str | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    # "Not for me": it is not suggested again.
    declined_at: Mapped[datetime | None] = mapped_column(default=None)


class LessonHistory(Base):
    """An earlier time through a lesson, kept when somebody starts the course again."""

    __tablename__ = "lesson_history"
    __table_args__ = (Index("ix_lesson_history_account", "account_id", "course_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    course_id: Mapped[str]
    lesson_id: Mapped[str]
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    put_away_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Bookmark(Base):
    """A lesson that somebody starred."""

    __tablename__ = "bookmarks"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Certificate(Base):
    """A finished course; whoever is shown the code can check it, and learns no name from us."""

    __tablename__ = "certificates"
    __table_args__ = (Index("ix_certificates_account", "account_id", "course_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    course_id: Mapped[str]
    # At least 50 bits, and as easily read aloud as an access code.
    code: Mapped[str] = mapped_column(unique=True)
    lessons: Mapped[int] = mapped_column(SmallInteger)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    issued_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class LessonFeedback(Base):
    """What a reader thought of a lesson; nobody knows who, so nobody can be asked."""

    __tablename__ = "lesson_feedback"
    __table_args__ = (
        CheckConstraint("verdict IN ('useful', 'partly', 'not_useful')", name="verdict_known"),
        CheckConstraint("lang IN ('kk', 'ru')", name="lang_known"),
        CheckConstraint("char_length(words) <= 500", name="words_short"),
        Index("ix_lesson_feedback_lesson", "course_id", "lesson_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    course_id: Mapped[str]
    lesson_id: Mapped[str]
    lang: Mapped[str]
    rev: Mapped[int] = mapped_column(SmallInteger)
    verdict: Mapped[str]
    words: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # An author has read it; said what was done about it.
    read_at: Mapped[datetime | None] = mapped_column(default=None)
    read_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
