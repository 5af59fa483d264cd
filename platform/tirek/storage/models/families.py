"""A parent's account: how it came to be, whose parent it is, and what it wishes."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.parents import Errand
from tirek.storage.base import NOW, Base, one_of


class Invitation(Base):
    """A school's code by which one guardian's account is joined to one pupil, once."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used_by_somebody"),
        Index("ix_invitations_student_id", "student_id"),
        Index("ix_invitations_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    # Finds the code; only a keyed hash and a slow hash are kept.
    lookup: Mapped[bytes] = mapped_column(unique=True)
    code_hash: Mapped[str]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class AccountErrand(Base):
    """A link sent to an account's address; its secret is made when it is sent, never stored."""

    __tablename__ = "account_errands"
    __table_args__ = (one_of("errand", Errand), Index("ix_account_errands_account", "account_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    errand: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class OwnChild(Base):
    """A child as the parent tells of it, for lessons that fit the age; no pupil's record."""

    __tablename__ = "own_children"
    __table_args__ = (
        CheckConstraint("extract(day FROM birth_month) = 1", name="birth_month_only"),
        Index("ix_own_children_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    birth_month: Mapped[date]
    # The parent's own word for the child, sealed.
    label_sealed: Mapped[bytes | None] = mapped_column(default=None)
    has_special_needs: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class ReminderWish(Base):
    """How often and at what hour somebody wants to be reminded; no row, no reminder."""

    __tablename__ = "reminder_wishes"
    __table_args__ = (
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="some_weekday"),
        CheckConstraint("bit_count(weekdays::int::bit(7)) <= 2", name="twice_a_week"),
        # Quiet from 21 to 8: what is sent at 20:00 still comes before 21.
        CheckConstraint("hour BETWEEN 8 AND 20", name="quiet_hours"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    # Bit 0 is Monday.
    weekdays: Mapped[int] = mapped_column(SmallInteger)
    hour: Mapped[int] = mapped_column(SmallInteger)
    last_on: Mapped[date | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
