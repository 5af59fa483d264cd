"""A talk as its parent and its psychologist see it; nobody else sees one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, or_, select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import AgeBand, BookingState, Medium, Topic, age_band, phone_number
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.services import audit, talk_times
from tirek.services.paging import Page, page_of
from tirek.services.parcels import PHONE
from tirek.services.talk_taking import unseal
from tirek.services.talk_times import House
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Booking,
    Guardianship,
    OwnChild,
    School,
    Student,
    SupportCenter,
)

S = BookingState
# What never became a talk stands on no list.
_LISTED = tuple(state.value for state in (S.BOOKED, S.CANCELLED, S.DONE, S.NO_SHOW))


@dataclass(frozen=True, slots=True)
class Talk:
    """A booking with the names around it; phone and words are opened by `read` alone."""

    id: UUID
    slot_id: UUID
    host_id: UUID
    host_name: str
    house: House
    account_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    held_until: datetime | None
    medium: Medium
    topic: Topic
    age_band: AgeBand
    language: str
    sequence: int
    changed_at: datetime
    moved_from: UUID | None
    cancelled_by: str | None
    phone_asked_at: datetime | None
    phone: str | None = None
    words: str | None = None


def read(unit: Unit, booking_id: UUID) -> Talk:
    """One talk with all that was said for it; raises `NotFoundError` for anybody else's."""
    row = find_row(unit, booking_id)
    audit.record(unit, "talk.read", "booking", row.id)
    return _talks(unit, [row], is_opened=True)[0]


def find_row(unit: Unit, booking_id: UUID, *, is_locked: bool = False) -> Booking:
    """The row of an own talk, as it now is; raises `NotFoundError`."""
    statement = select(Booking).where(Booking.id == booking_id, _own(unit))
    if is_locked:
        statement = statement.with_for_update()
    row = unit.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFoundError("booking", booking_id)
    return row


def _own(unit: Unit) -> ColumnElement[bool]:
    """A parent's own talks, else those of the psychologist who asks."""
    mine = Booking.account_id if unit.actor.role is Role.GUARDIAN else Booking.host_id
    return mine == unit.actor.account_id


def upcoming(unit: Unit) -> list[Talk]:
    """Talks that are still to come or going on, soonest first."""
    rows = unit.session.scalars(
        select(Booking)
        .where(_own(unit), Booking.state == S.BOOKED.value, Booking.ends_at > unit.now())
        .order_by(Booking.starts_at)
    ).all()
    return _talks(unit, rows)


def kept(unit: Unit) -> list[Talk]:
    """Times that are kept for this parent at this moment: filled in just now, or offered."""
    rows = unit.session.scalars(
        select(Booking)
        .where(_own(unit), Booking.state == S.HELD.value, Booking.held_until > unit.now())
        .order_by(Booking.starts_at)
    ).all()
    return _talks(unit, rows)


def past(unit: Unit, page: int = 1) -> Page[Talk]:
    """Talks that are over or were cancelled, the latest first."""
    found = page_of(unit, _past(unit), page, lambda row: row[0])
    talks = _talks(unit, found.rows)
    return Page(talks, found.number, found.pages, found.total)


def _past(unit: Unit) -> Select[Booking]:
    return (
        select(Booking)
        .where(
            _own(unit),
            Booking.state.in_(_LISTED),
            or_(Booking.state != S.BOOKED.value, Booking.ends_at <= unit.now()),
        )
        .order_by(Booking.starts_at.desc(), Booking.id)
    )


def calendar_id(unit: Unit, booking_id: UUID) -> UUID:
    """What a calendar knows a talk by: the id of the first booking it was moved from."""
    chain = (
        select(Booking.id, Booking.moved_from, literal(0).label("back"))
        .where(Booking.id == booking_id)
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        select(Booking.id, Booking.moved_from, chain.c.back + 1).where(
            Booking.id == chain.c.moved_from
        )
    )
    first = select(chain.c.id).order_by(chain.c.back.desc()).limit(1)
    found: UUID = unit.session.scalars(first).one()
    return found


def latest(unit: Unit, booking_id: UUID) -> UUID:
    """Where a talk has been moved to in the end, for links to where it once was."""
    chain = (
        select(Booking.id, literal(0).label("on"))
        .where(Booking.id == booking_id)
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        select(Booking.id, chain.c.on + 1).where(Booking.moved_from == chain.c.id)
    )
    last = select(chain.c.id).order_by(chain.c.on.desc()).limit(1)
    found: UUID | None = unit.session.scalars(last).one_or_none()
    if found is None:
        raise NotFoundError("booking", booking_id)
    return found


def age_near(unit: Unit) -> AgeBand:
    """The age that a form begins with: that of the youngest child known to this account."""
    told = select(OwnChild.birth_month).where(OwnChild.account_id == unit.actor.account_id)
    enrolled = (
        select(Student.birth_month)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(Guardianship.account_id == unit.actor.account_id, Guardianship.revoked_at.is_(None))
    )
    born = max(unit.session.scalars(told.union_all(enrolled)), default=None)
    if born is None:
        return AgeBand.FROM_7
    today = unit.now().astimezone(KAZAKHSTAN)
    return age_band((today.year - born.year) * 12 + today.month - born.month)


def own_phone(unit: Unit) -> str | None:
    """The number that the account knows already, if it can be called."""
    account = unit.session.get_one(Account, unit.actor.account_id)
    if account.phone_sealed is None:
        return None
    place = (*PHONE, str(account.id))
    return phone_number(unit.vault.open_secret(account.phone_sealed, *place))


def _talks(unit: Unit, rows: Sequence[Booking], *, is_opened: bool = False) -> list[Talk]:
    names = dict(
        unit.session.execute(
            select(Account.id, Account.display_name).where(
                Account.id.in_({row.host_id for row in rows})
            )
        ).all()
    )
    houses = {house.id: house for house in _houses(unit, rows)}
    return [
        Talk(
            row.id,
            row.slot_id,
            row.host_id,
            names[row.host_id],
            houses[talk_times.place_of(row)],
            row.account_id,
            row.starts_at,
            row.ends_at,
            S(row.state),
            row.held_until,
            Medium(row.medium),
            Topic(row.topic),
            AgeBand(row.age_band),
            row.language,
            row.sequence,
            row.changed_at,
            row.moved_from,
            row.cancelled_by,
            row.phone_asked_at,
            unseal(unit, row.id, "phone_sealed", row.phone_sealed) if is_opened else None,
            unseal(unit, row.id, "words_sealed", row.words_sealed) if is_opened else None,
        )
        for row in rows
    ]


def _houses(unit: Unit, rows: Sequence[Booking]) -> Iterable[House]:
    schools = select(School).where(School.id.in_({row.school_id for row in rows}))
    centers = select(SupportCenter).where(
        SupportCenter.id.in_({row.support_center_id for row in rows})
    )
    for place in (*unit.session.scalars(schools), *unit.session.scalars(centers)):
        yield talk_times.house_of(place)
