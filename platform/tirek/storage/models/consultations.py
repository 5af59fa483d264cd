"""Times at which psychologists talk with parents, who has which, and who waits for one."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.consultations import AgeBand, BookingState, Medium, Topic
from tirek.storage.base import NOW, Base, one_of

_OF_ONE_HOUSE = "num_nonnulls(school_id, support_center_id) = 1"
# Ranges alone need no extension: btree_gist, which would compare the number itself, is not in
# the PostgreSQL that comes as a wheel.
_SAME_HOST = text("int8range(host_number, host_number, '[]')")
_SAME_PARENT = text("int8range(parent_number, parent_number, '[]')")
_SAME_TIME = text("tstzrange(starts_at, ends_at)")
_TAKES = "state IN ('held', 'booked')"


class ConsultationHost(Base):
    """A psychologist who offers talks: how many a day, and the rest between two."""

    __tablename__ = "consultation_hosts"
    __table_args__ = (
        CheckConstraint(_OF_ONE_HOUSE, name="one_house"),
        CheckConstraint("daily_most BETWEEN 1 AND 12", name="daily_most_known"),
        CheckConstraint("rest_minutes BETWEEN 0 AND 60", name="rest_known"),
        Index("ix_consultation_hosts_school_id", "school_id"),
        Index("ix_consultation_hosts_support_center_id", "support_center_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    # Small and its own, so that a range of it can stand in an exclusion constraint.
    number: Mapped[int] = mapped_column(Identity(always=True), unique=True, init=False)
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    daily_most: Mapped[int] = mapped_column(SmallInteger, default=6)
    rest_minutes: Mapped[int] = mapped_column(SmallInteger, default=15)
    speaks_kk: Mapped[bool] = mapped_column(default=True)
    speaks_ru: Mapped[bool] = mapped_column(default=True)
    # Where people come to; on paper and on the page, never in a message.
    is_open: Mapped[bool] = mapped_column(default=True)
    # Opens the calendar feed of this person alone; a keyed hash.
    feed_hash: Mapped[bytes | None] = mapped_column(default=None, unique=True)


class Slot(Base):
    """A time that a psychologist offers; one kept for urgent calls is not shown to parents."""

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("ends_at <= starts_at + interval '3 hours'", name="a_talk"),
        ExcludeConstraint(
            (_SAME_HOST, "&&"),
            (_SAME_TIME, "&&"),
            where=text("cancelled_at IS NULL"),
            using="gist",
            name="one_slot_at_a_time",
        ),
        Index("ix_slots_host_id", "host_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    host_id: Mapped[UUID] = mapped_column(ForeignKey("consultation_hosts.account_id"))
    host_number: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_reserved: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


class Booking(Base):
    """A talk of one parent with one psychologist; its id is the calendar entry's, for good."""

    __tablename__ = "bookings"
    __table_args__ = (
        one_of("state", BookingState),
        one_of("medium", Medium),
        one_of("topic", Topic),
        one_of("age_band", AgeBand),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held_for_a_while"),
        CheckConstraint("language IN ('kk', 'ru')", name="language_known"),
        CheckConstraint(_OF_ONE_HOUSE, name="one_house"),
        ExcludeConstraint(
            (_SAME_HOST, "&&"),
            (_SAME_TIME, "&&"),
            where=text(_TAKES),
            using="gist",
            name="one_talk_at_a_time",
        ),
        ExcludeConstraint(
            (_SAME_PARENT, "&&"),
            (_SAME_TIME, "&&"),
            where=text(_TAKES),
            using="gist",
            name="one_place_at_a_time",
        ),
        Index("ix_bookings_host_id", "host_id", "starts_at"),
        Index("ix_bookings_account_id", "account_id"),
        Index("ix_bookings_slot_id", "slot_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("slots.id"))
    host_id: Mapped[UUID] = mapped_column(ForeignKey("consultation_hosts.account_id"))
    host_number: Mapped[int]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    parent_number: Mapped[int]
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    held_until: Mapped[datetime | None] = mapped_column(default=None)
    medium: Mapped[str]
    topic: Mapped[str]
    age_band: Mapped[str]
    language: Mapped[str]
    # How to call, and at most 300 characters of the parent's own; sealed.
    phone_sealed: Mapped[bytes | None] = mapped_column(default=None)
    words_sealed: Mapped[bytes | None] = mapped_column(default=None)
    # The name of the call's room: 128 random bits, made once, of nobody.
    room: Mapped[str]
    # Counts the changes, as a calendar entry must.
    sequence: Mapped[int] = mapped_column(SmallInteger, default=0)
    # The talk it was moved from.
    moved_from: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    cancelled_by: Mapped[str | None] = mapped_column(default=None)
    # "Call me by telephone instead": the psychologist is told.
    phone_asked_at: Mapped[datetime | None] = mapped_column(default=None)


class WaitingParent(Base):
    """A parent who waits for a time with this psychologist, or with anybody of the house."""

    __tablename__ = "waiting_parents"
    __table_args__ = (
        CheckConstraint(_OF_ONE_HOUSE, name="one_house"),
        Index("ix_waiting_parents_account_id", "account_id"),
        Index(
            "uq_waiting_parents_once",
            "account_id",
            "host_id",
            "school_id",
            "support_center_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    host_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("consultation_hosts.account_id"), default=None
    )
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # A time was kept for them until then.
    offered_slot_id: Mapped[UUID | None] = mapped_column(ForeignKey("slots.id"), default=None)
    offered_until: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
