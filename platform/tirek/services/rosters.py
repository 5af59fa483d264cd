"""A centre's own page about itself: whether it takes children on, who is on duty, their phones."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, update

from tirek.domain import roster as rules
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.roster import Span
from tirek.services import audit
from tirek.services.unit import Unit
from tirek.storage.models import Account, DutyShift, SupportCenter
from tirek.storage.vault import SealError


class OpeningState(StrEnum):
    """Whether a centre takes children on."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


class ShiftError(DomainError):
    """Hours that cannot be worked: they end before they begin, are over, or never end."""


class PhoneError(DomainError):
    """What was typed is no phone of Kazakhstan."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a centre says about itself."""

    state: OpeningState
    daily_capacity: int | None
    keeps_roster: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works there; of the phone only its ends."""

    id: UUID
    name: str
    role: Role
    phone: str | None


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of one person."""

    id: UUID
    name: str
    is_deputy: bool
    starts: datetime
    ends: datetime
    is_now: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole page."""

    settings: Settings
    people: tuple[Colleague, ...]
    shifts: tuple[Shift, ...]
    gaps: tuple[Span, ...]
    on_duty: tuple[str, ...]


def of_center(unit: Unit) -> Roster:
    """The own centre with its people, coming shifts, and the gaps of the next days."""
    center = _own(unit)
    now = unit.now()
    people, shifts = _people(unit, center.id), _shifts(unit, center.id, now)
    window = Span(now, now + rules.LOOK_AHEAD)
    spans = [Span(shift.starts, shift.ends) for shift in shifts]
    gaps = tuple(rules.gaps(spans, window)) if center.keeps_roster else ()
    at_work = [shift.name for shift in shifts if shift.is_now]
    on_duty = at_work if center.keeps_roster else [one.name for one in people]
    settings = Settings(_state_of(center), center.daily_capacity, center.keeps_roster)
    return Roster(settings, people, shifts, gaps, tuple(dict.fromkeys(on_duty)))


def change_settings(unit: Unit, wanted: Settings) -> None:
    """Say whether the own centre takes children on, how many a day, and if it keeps a roster."""
    center = _own(unit)
    unit.session.execute(
        update(SupportCenter)
        .where(SupportCenter.id == center.id)
        .values(
            is_open=wanted.state is not OpeningState.CLOSED,
            is_full=wanted.state is OpeningState.FULL,
            daily_capacity=wanted.daily_capacity,
            keeps_roster=wanted.keeps_roster,
        )
    )
    audit.record(unit, f"center.{wanted.state.value}", "support_center", center.id)


def add_shift(
    unit: Unit, account_id: UUID, starts: datetime, ends: datetime, *, is_deputy: bool
) -> None:
    """Put somebody of the own centre on duty; shifts may overlap. Raises `ShiftError`."""
    center = _own(unit)
    _colleague(unit, account_id)
    if not unit.now() < ends or not starts < ends <= starts + rules.LONGEST_SHIFT:
        raise ShiftError("these hours cannot be worked")
    shift = DutyShift(
        support_center_id=center.id,
        account_id=account_id,
        starts_at=starts,
        ends_at=ends,
        is_deputy=is_deputy,
    )
    unit.session.add(shift)
    unit.session.flush()
    audit.record(unit, "shift.add", "duty_shift", shift.id)


def remove_shift(unit: Unit, shift_id: UUID) -> None:
    """Take a shift of the own centre away."""
    gone = unit.session.scalars(
        delete(DutyShift)
        .where(
            DutyShift.id == shift_id,
            DutyShift.support_center_id == unit.actor.support_center_id,
        )
        .returning(DutyShift.id)
    ).one_or_none()
    if gone is None:
        raise NotFoundError("duty_shift", shift_id)
    audit.record(unit, "shift.remove", "duty_shift", shift_id)


def set_phone(unit: Unit, account_id: UUID, typed: str) -> None:
    """Keep the phone of a colleague of the own centre, sealed; nothing typed takes it away."""
    _colleague(unit, account_id)
    phone = rules.phone_of(typed) if typed.strip() else None
    if typed.strip() and phone is None:
        raise PhoneError("no phone of Kazakhstan")
    sealed = unit.vault.seal_secret(phone, *_cell(account_id)) if phone else None
    unit.session.execute(
        update(Account).where(Account.id == account_id).values(phone_sealed=sealed)
    )
    audit.record(unit, "phone.set" if phone else "phone.remove", "account", account_id)


def _own(unit: Unit) -> SupportCenter:
    center_id = unit.actor.support_center_id
    center = unit.session.get(SupportCenter, center_id) if center_id else None
    if center is None:
        raise NotFoundError("support_center", center_id)
    return center


def _colleague(unit: Unit, account_id: UUID) -> None:
    """Raise `NotFoundError` unless this is somebody of the own centre."""
    found = unit.session.scalars(
        select(Account.id).where(
            Account.id == account_id,
            Account.support_center_id == unit.actor.support_center_id,
            Account.role.in_(PSC_ROLES),
            Account.is_active,
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError("account", account_id)


def _state_of(center: SupportCenter) -> OpeningState:
    if not center.is_open:
        return OpeningState.CLOSED
    return OpeningState.FULL if center.is_full else OpeningState.OPEN


def _people(unit: Unit, center_id: UUID) -> tuple[Colleague, ...]:
    rows = unit.session.execute(
        select(Account.id, Account.display_name, Account.role, Account.phone_sealed)
        .where(
            Account.support_center_id == center_id, Account.role.in_(PSC_ROLES), Account.is_active
        )
        .order_by(Account.display_name, Account.id)
    )
    return tuple(
        Colleague(row.id, row.display_name, Role(row.role), _shown(unit, row.id, row.phone_sealed))
        for row in rows
    )


def _shown(unit: Unit, account_id: UUID, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    try:
        return rules.masked(unit.vault.open_secret(bytes(sealed), *_cell(account_id)))
    except SealError:
        # A key that is gone: somebody has to type it anew.
        return None


def _cell(account_id: UUID) -> tuple[str, str, str]:
    return "accounts", "phone_sealed", str(account_id)


def _shifts(unit: Unit, center_id: UUID, now: datetime) -> tuple[Shift, ...]:
    rows = unit.session.execute(
        select(DutyShift, Account.display_name)
        .join(Account, Account.id == DutyShift.account_id)
        .where(
            DutyShift.support_center_id == center_id,
            DutyShift.ends_at > func.now(),
            Account.is_active,
        )
        .order_by(DutyShift.starts_at, Account.display_name)
    )
    return tuple(
        Shift(one.id, name, one.is_deputy, one.starts_at, one.ends_at, one.starts_at <= now)
        for one, name in rows
    )
