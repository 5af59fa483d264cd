"""Instruments that may not be given just so: a specialist beside the pupils, or a known event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.administration import AdministrationState
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.gates import Gate, WindowFault, has_happened, staffed_window_fault
from tirek.domain.instruments import Instrument
from tirek.domain.people import Role
from tirek.domain.standing_disclosure import FEWEST_SHOWN
from tirek.services import school_events
from tirek.services.runs import AdministrationKey, Run
from tirek.services.unit import Unit
from tirek.storage.models import Account, Administration, Assignment, Campaign

Window = tuple[datetime, datetime]


class NobodyThereError(DomainError):
    """No specialist of the school was named who is there while pupils answer."""


class NotStaffableError(DomainError):
    """Nobody could be there for the whole window; `fault` says why."""

    def __init__(self, fault: WindowFault) -> None:
        """Keep the reason for the page."""
        super().__init__(fault)
        self.fault = fault


class NoEventError(DomainError):
    """No recorded event was named, or it lies after the window's beginning."""


class CountedError(DomainError):
    """The school's numbers of this round can be read already, so nobody further is asked in it."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Who is there, and what happened: asked for where the instrument's gate calls for it."""

    staffed_by: UUID | None = None
    event_id: UUID | None = None

    def of(self, gate: Gate) -> "Conditions":
        """What of this the gate calls for; the rest is not kept."""
        return Conditions(
            self.staffed_by if gate is Gate.STAFFED_WINDOW else None,
            self.event_id if gate is Gate.AFTER_EVENT else None,
        )


NO_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class Told:
    """Conditions in a page's words."""

    staffed_by: str | None
    happened_on: date | None


def require(unit: Unit, instrument: Instrument, window: Window, said: Conditions) -> Conditions:
    """What an assignment keeps of the conditions, once the instrument's gate is passed.

    Raises `NobodyThereError`, `NotStaffableError`, `NoEventError` or `CountedError`. The database
    refuses the first three as well (migration 0011), but for the school's hours, which only the
    calendar knows.
    """
    gate = instrument.structure.gate
    if gate is Gate.STAFFED_WINDOW:
        require_staffable(unit, window)
        if said.staffed_by not in {one.id for one in specialists(unit)}:
            raise NobodyThereError("no specialist of the school was named")
    if gate is Gate.AFTER_EVENT:
        _require_event(unit, window, said.event_id)
    if gate is Gate.SCHOOL_LEVEL_ONLY:
        _require_uncounted(unit, instrument.id, window)
    return said.of(gate)


def require_staffable(unit: Unit, window: Window) -> None:
    """Refuse a window for which nobody could be there; raises `NotStaffableError`."""
    fault = staffed_window_fault(*window, unit.catalog.protocol.calendar)
    if fault is not None:
        raise NotStaffableError(fault)


def require_longer(unit: Unit, assignment: Assignment, closes_at: datetime) -> None:
    """Refuse to keep a window open when nobody could be there, or its numbers can be read.

    Raises `NotStaffableError` or `CountedError`.
    """
    window = assignment.opens_at, closes_at
    if assignment.staffed_by is not None:
        require_staffable(unit, window)
    instrument = unit.catalog.instruments.get(assignment.instrument_id)
    if instrument is not None and not is_read_per_person(instrument):
        _require_uncounted(unit, instrument.id, window)


def _require_event(unit: Unit, window: Window, event_id: UUID | None) -> None:
    happened = None if event_id is None else school_events.find_date(unit, event_id)
    if happened is None or not has_happened(happened, window[0]):
        raise NoEventError("no event that had happened by then")


def _require_uncounted(unit: Unit, instrument_id: str, window: Window) -> None:
    """Refuse a further window in a round of the own school in which enough have finished.

    Numbers read before it and after it would tell what those in between have answered.
    """
    opens_at, closes_at = window
    of_round = (
        Assignment.school_id == unit.actor.school_id,
        Assignment.instrument_id == instrument_id,
        Assignment.campaign_id.in_(
            select(Campaign.id).where(Campaign.starts_at <= opens_at, Campaign.ends_at >= closes_at)
        ),
    )
    still_open = select(Assignment.id).where(
        *of_round, Assignment.cancelled_at.is_(None), Assignment.closes_at > func.now()
    )
    if unit.session.scalars(still_open.limit(1)).one_or_none() is not None:
        return
    finished = (
        select(func.count())
        .select_from(Administration)
        .join(Assignment, Assignment.id == Administration.assignment_id)
        .where(*of_round, Administration.state == AdministrationState.COMPLETED.value)
    )
    if unit.session.scalars(finished).one() >= FEWEST_SHOWN:
        raise CountedError("the numbers of this round can be read")


def specialists(unit: Unit) -> Sequence[Account]:
    """The psychologists of the own school who have an account that works, by name."""
    return unit.session.scalars(
        select(Account)
        .where(
            Account.school_id == unit.actor.school_id,
            Account.role == Role.PSYCHOLOGIST.value,
            Account.is_active,
        )
        .order_by(Account.display_name, Account.id)
    ).all()


def told(unit: Unit, kept: Conditions) -> Told:
    """Who is there and when it happened, as a page of the own school names them."""
    name = None
    if kept.staffed_by is not None:
        name = unit.session.scalars(
            select(Account.display_name).where(Account.id == kept.staffed_by)
        ).one_or_none()
    happened = school_events.find_date(unit, kept.event_id) if kept.event_id else None
    return Told(name, happened)


def is_staffed(unit: Unit, assignment: Assignment) -> bool:
    """Whether whoever was named to be there still works here; true where nobody has to be."""
    if assignment.staffed_by is None:
        return True
    return (
        unit.session.scalars(
            select(Account.id).where(
                Account.id == assignment.staffed_by,
                Account.school_id == assignment.school_id,
                Account.is_active,
            )
        ).one_or_none()
        is not None
    )


def may_show(unit: Unit, run: Run) -> bool:
    """Whether a further question may be shown now: in a staffed window only until it ends.

    What is sent from a page already open is always taken: an answer may tell of danger.
    """
    if run.instrument.structure.gate is not Gate.STAFFED_WINDOW:
        return True
    return (
        unit.session.scalars(
            select(Assignment.id)
            .join(Administration, Administration.assignment_id == Assignment.id)
            .where(
                Administration.school_year == run.key.school_year,
                Administration.id == run.key.id,
                Assignment.cancelled_at.is_(None),
                Assignment.opens_at <= func.now(),
                Assignment.closes_at > func.now(),
            )
        ).one_or_none()
        is not None
    )


def require_readable(unit: Unit, instrument_id: str, key: AdministrationKey) -> None:
    """Refuse to show one person's answers to what is read for a whole school only.

    Raises `NotFoundError`, as if there were none: for a reader there is none.
    """
    instrument = unit.catalog.instruments.get(instrument_id)
    if instrument is not None and not is_read_per_person(instrument):
        raise NotFoundError("result", key.id)


def is_read_per_person(instrument: Instrument) -> bool:
    """Whether one person's answers are anybody's to read."""
    return instrument.structure.gate is not Gate.SCHOOL_LEVEL_ONLY
