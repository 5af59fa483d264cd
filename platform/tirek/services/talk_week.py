"""A psychologist's talks as they see them: week by week, what waits for a word, who waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import BookingState, Medium
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import Account, Booking, ConsultationHost, Slot, WaitingParent

S = BookingState
WEEK = timedelta(days=7)
# How far ahead a colleague's free times are counted.
SOON = timedelta(days=14)


class TimeState(StrEnum):
    """What a time in the week is, to its psychologist."""

    FREE = "free"
    RESERVED = "reserved"
    # A parent is filling the page in, or it was offered to one who waits.
    HELD = "held"
    BOOKED = "booked"
    # The talk should be over, and nobody has said how it went.
    UNMARKED = "unmarked"
    DONE = "done"
    NO_SHOW = "no_show"
    # It went by and nobody had booked it.
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One time in the week; of a talk only what helps to prepare for it."""

    starts_at: datetime
    ends_at: datetime
    state: TimeState
    slot_id: UUID
    booking_id: UUID | None = None
    medium: Medium | None = None
    language: str | None = None
    phone_asked: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One day with its times, earliest first."""

    date: date
    is_day_off: bool
    is_today: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of one psychologist, from Monday on."""

    host_id: UUID
    host_name: str
    monday: date
    days: tuple[Day, ...]

    @property
    def before(self) -> date:
        """The Monday before."""
        return self.monday - WEEK

    @property
    def after(self) -> date:
        """The Monday after."""
        return self.monday + WEEK

    @property
    def is_empty(self) -> bool:
        """Whether no time is offered in it."""
        return not any(day.entries for day in self.days)


@dataclass(frozen=True, slots=True)
class Colleague:
    """One who offers talks at the same centre, in numbers."""

    id: UUID
    name: str
    is_open: bool
    free: int
    booked: int
    unmarked: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits: since when, for this person or for anybody here, and in which language."""

    since: datetime
    for_me: bool
    language: str
    offered_until: datetime | None


def week(unit: Unit, day: date | None = None, host_id: UUID | None = None) -> Week:
    """The week of a day (today's by default), one's own, or of a colleague for the centre's head.

    Raises `NotFoundError` for anybody else's, and for who does not offer talks.
    """
    host, name = _host(unit, host_id or unit.actor.account_id)
    today = unit.now().astimezone(KAZAKHSTAN).date()
    monday = _monday(day or today)
    entries = sorted(_entries(unit, host.account_id, monday), key=lambda one: one.starts_at)
    calendar = unit.catalog.protocol.calendar
    return Week(
        host.account_id,
        name,
        monday,
        tuple(
            Day(
                date=one,
                is_day_off=one in calendar.holidays,
                is_today=one == today,
                entries=tuple(entry for entry in entries if _day(entry.starts_at) == one),
            )
            for one in (monday + timedelta(days=number) for number in range(7))
        ),
    )


def _host(unit: Unit, host_id: UUID | None) -> tuple[ConsultationHost, str]:
    found = unit.session.execute(
        select(ConsultationHost, Account.display_name)
        .join(Account, Account.id == ConsultationHost.account_id)
        .where(ConsultationHost.account_id == host_id, _seen(unit))
    ).one_or_none()
    if found is None:
        raise NotFoundError("consultation_host", host_id)
    return found[0], found[1]


def _seen(unit: Unit) -> ColumnElement[bool]:
    """Oneself; the head of a centre also sees who else offers talks there."""
    own = ConsultationHost.account_id == unit.actor.account_id
    if unit.actor.role is Role.PSC_SUPERVISOR and unit.actor.support_center_id is not None:
        return or_(own, ConsultationHost.support_center_id == unit.actor.support_center_id)
    return own


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(moment: datetime) -> date:
    return moment.astimezone(KAZAKHSTAN).date()


def _entries(unit: Unit, host_id: UUID, monday: date) -> Iterable[Entry]:
    now = unit.now()
    since = datetime.combine(monday, time(), KAZAKHSTAN)
    bookings = unit.session.scalars(
        select(Booking)
        .where(Booking.host_id == host_id, _shown(now))
        .where(Booking.starts_at >= since, Booking.starts_at < since + WEEK)
        .execution_options(populate_existing=True)
    ).all()
    slots = unit.session.scalars(
        select(Slot)
        .where(Slot.host_id == host_id, Slot.cancelled_at.is_(None))
        .where(Slot.starts_at >= since, Slot.starts_at < since + WEEK)
        .execution_options(populate_existing=True)
    ).all()
    yield from (_of_booking(one, now) for one in bookings)
    yield from _of_slots(slots, bookings, now)


def _shown(now: datetime) -> ColumnElement[bool]:
    """Talks that are, were, or may become one; what was cancelled leaves its time free."""
    is_kept = and_(Booking.state == S.HELD.value, Booking.held_until > now)
    return or_(Booking.state.in_((S.BOOKED, S.DONE, S.NO_SHOW)), is_kept)


def _of_booking(row: Booking, now: datetime) -> Entry:
    state = TimeState(row.state)
    if state is TimeState.BOOKED and row.ends_at <= now:
        state = TimeState.UNMARKED
    if state is TimeState.HELD:
        return Entry(row.starts_at, row.ends_at, state, row.slot_id)
    return Entry(
        row.starts_at,
        row.ends_at,
        state,
        row.slot_id,
        row.id,
        Medium(row.medium),
        row.language,
        phone_asked=row.phone_asked_at is not None,
    )


def _of_slots(slots: Sequence[Slot], bookings: Sequence[Booking], now: datetime) -> Iterable[Entry]:
    taken = {row.slot_id for row in bookings}
    for slot in slots:
        if slot.id in taken:
            continue
        state = TimeState.RESERVED if slot.is_reserved else TimeState.FREE
        yield Entry(
            slot.starts_at,
            slot.ends_at,
            TimeState.PASSED if slot.starts_at <= now else state,
            slot.id,
        )


def unmarked(unit: Unit) -> list[Entry]:
    """One's own talks that are over and about which nothing has been said, the oldest first."""
    now = unit.now()
    rows = unit.session.scalars(
        select(Booking)
        .where(Booking.host_id == unit.actor.account_id, Booking.state == S.BOOKED.value)
        .where(Booking.ends_at <= now)
        .order_by(Booking.starts_at)
    )
    return [_of_booking(row, now) for row in rows]


def phones_asked(unit: Unit) -> list[Entry]:
    """One's own talks to come whose parent would rather be called, the soonest first."""
    now = unit.now()
    rows = unit.session.scalars(
        select(Booking)
        .where(Booking.host_id == unit.actor.account_id, Booking.state == S.BOOKED.value)
        .where(Booking.ends_at > now, Booking.phone_asked_at.is_not(None))
        .order_by(Booking.starts_at)
    )
    return [_of_booking(row, now) for row in rows]


def colleagues(unit: Unit) -> list[Colleague]:
    """Everybody at the centre who offers talks; for its head alone, others get only themselves."""
    now = unit.now()
    free = (
        select(func.count())
        .where(
            Slot.host_id == ConsultationHost.account_id,
            Slot.cancelled_at.is_(None),
            Slot.starts_at > now,
            Slot.starts_at < now + SOON,
            Slot.id.not_in(select(Booking.slot_id).where(Booking.state == S.BOOKED.value)),
        )
        .correlate(ConsultationHost)
        .scalar_subquery()
    )
    of_host = and_(Booking.host_id == ConsultationHost.account_id, Booking.state == S.BOOKED.value)
    rows = unit.session.execute(
        select(
            ConsultationHost.account_id,
            Account.display_name,
            ConsultationHost.is_open,
            free,
            _count(of_host, Booking.ends_at > now),
            _count(of_host, Booking.ends_at <= now),
        )
        .join(Account, Account.id == ConsultationHost.account_id)
        .where(_seen(unit))
        .order_by(Account.display_name, Account.id)
    )
    return [Colleague(*row) for row in rows]


def _count(*which: ColumnElement[bool]) -> ColumnElement[int]:
    counted = select(func.count()).select_from(Booking).where(*which)
    return counted.correlate(ConsultationHost).scalar_subquery()


def waiting(unit: Unit, page: int = 1) -> Page[Waiting]:
    """Who waits for this person or for anybody of the house, the longest first; nobody's name."""
    statement = (
        select(
            WaitingParent.created_at,
            WaitingParent.host_id.is_not(None),
            Account.language,
            WaitingParent.offered_until,
        )
        .join(Account, Account.id == WaitingParent.account_id)
        .where(*_waits_here(unit))
        .order_by(WaitingParent.created_at, WaitingParent.id)
    )
    now = unit.now()

    def row(one: tuple[datetime, bool, str, datetime | None]) -> Waiting:
        since, for_me, language, until = one
        return Waiting(since, for_me, language, until if until and until > now else None)

    return page_of(unit, statement, page, row)


def how_many_wait(unit: Unit) -> int:
    """How many wait for this person or for anybody of the house."""
    return unit.session.scalars(
        select(func.count()).select_from(WaitingParent).where(*_waits_here(unit))
    ).one()


def _waits_here(unit: Unit) -> tuple[ColumnElement[bool], ...]:
    house = (
        WaitingParent.school_id == unit.actor.school_id
        if unit.actor.school_id
        else WaitingParent.support_center_id == unit.actor.support_center_id
    )
    mine = WaitingParent.host_id == unit.actor.account_id
    return (
        WaitingParent.ended_at.is_(None),
        or_(mine, and_(WaitingParent.host_id.is_(None), house)),
    )
