"""A support centre answers parents' calls: the list, accepting one by name, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import aliased

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.help_rules import DANGERS
from tirek.domain.levels import Level
from tirek.domain.parents import HelpKind, HelpOutcome
from tirek.domain.people import Role
from tirek.domain.referral import SignalKind
from tirek.domain.scope import Scope
from tirek.services import audit, students
from tirek.services.help_requests import PHONE, WORDS
from tirek.services.oversight import Place
from tirek.services.paging import Page, page_of
from tirek.services.referrals import Concern, open_referral
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Guardianship,
    HelpRequest,
    Referral,
    School,
    Signal,
    Student,
)
from tirek.storage.session import within_scope
from tirek.storage.vault import SealError

NOTE = ("help_requests", "note_sealed")
# What a centre itself takes up; anything less goes to the school, which knows nothing of this.
LEVELS = (Level.IMMEDIATE, Level.HIGH)
_Taker = aliased(Account)


class Show(StrEnum):
    """Which calls a list shows."""

    OPEN = "open"
    WAITING = "waiting"
    LATE = "late"
    MINE = "mine"
    CLOSED = "closed"


class NoteMissingError(DomainError):
    """A few words are needed: they are all that the next person learns."""


class HeadNeededError(DomainError):
    """Somebody in danger whom nobody has reached is given up by the head of the centre alone."""


class NotAcceptedError(DomainError):
    """Nobody has accepted the call yet, so nobody can end it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A call in the list: enough to choose by, nothing of what was answered."""

    id: UUID
    kind: HelpKind
    language: str
    created_at: datetime
    due_at: datetime
    accepted_by: str | None
    closed_at: datetime | None
    outcome: HelpOutcome | None
    is_late: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class LinkedChild:
    """A pupil whose guardian the parent is."""

    id: UUID
    school: Place
    school_code: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything about one call: whom to ring up, on which number, and what they wrote."""

    row: Row
    parent: str
    phone: str | None
    words: str | None
    note: str | None
    is_mine: bool
    children: Sequence[LinkedChild]


def of_center(unit: Unit, show: Show, page: int) -> Page[Row]:
    """The calls of the own centre, those that wait longest past their time first."""
    statement = _own(unit).where(_SHOWN[show](unit))
    audit.record(unit, "help_requests.list", "support_center", unit.actor.support_center_id)
    order: tuple[Any, ...] = (
        HelpRequest.acknowledged_at.is_not(None),
        HelpRequest.due_at,
        HelpRequest.id,
    )
    if show is Show.CLOSED:
        order = (HelpRequest.closed_at.desc(), HelpRequest.due_at, HelpRequest.id)
    return page_of(unit, statement.order_by(*order), page, _row)


def waiting(unit: Unit) -> int:
    """How many calls of the own centre nobody has accepted."""
    return unit.session.scalars(
        select(func.count())
        .select_from(HelpRequest)
        .where(
            HelpRequest.support_center_id == unit.actor.support_center_id,
            HelpRequest.acknowledged_at.is_(None),
        )
    ).one()


def get(unit: Unit, request_id: UUID) -> Opened:
    """One call of the own centre; opening it is written down. Raises `NotFoundError`."""
    found = unit.session.execute(_own(unit).where(HelpRequest.id == request_id)).one_or_none()
    if found is None:
        raise NotFoundError("help_request", request_id)
    row: HelpRequest = found[0]
    parent = unit.session.get_one(Account, row.account_id)
    audit.record(unit, "help_request.read", "help_request", request_id)
    return Opened(
        _row(found),
        parent.display_name,
        _opened(unit, row.phone_sealed, *PHONE, str(row.id)),
        _opened(unit, row.words_sealed, *WORDS, str(row.id)),
        _opened(unit, row.note_sealed, *NOTE, str(row.id)),
        row.acknowledged_by == unit.actor.account_id,
        _children(unit, row.account_id),
    )


def child_in(found: Opened, child_id: UUID) -> LinkedChild:
    """One of the children of a call; raises `NotFoundError`."""
    child = next((one for one in found.children if one.id == child_id), None)
    if child is None:
        raise NotFoundError("student", child_id)
    return child


def accept(unit: Unit, request_id: UUID) -> None:
    """Take a call by name; the first one has it. Raises `ConflictError` with the winner's name."""
    row = _locked(unit, request_id)
    if row.acknowledged_by is not None:
        if row.acknowledged_by == unit.actor.account_id:
            return
        winner = unit.session.get_one(Account, row.acknowledged_by).display_name
        raise ConflictError("somebody has accepted it", winner)
    _set(unit, request_id, acknowledged_at=func.now(), acknowledged_by=unit.actor.account_id)
    audit.record(unit, "help_request.accept", "help_request", request_id)


def write(unit: Unit, request_id: UUID, note: str) -> None:
    """Keep a note for colleagues; raises `NoteMissingError` or `ConflictError` once it is over."""
    if not note.strip():
        raise NoteMissingError("no note")
    if _locked(unit, request_id).closed_at is not None:
        raise ConflictError("this call is over")
    _set(unit, request_id, note_sealed=_sealed(unit, request_id, note))
    audit.record(unit, "help_request.note", "help_request", request_id)


def close(unit: Unit, request_id: UUID, outcome: HelpOutcome, note: str) -> None:
    """End a call that somebody has accepted, with what came of it.

    Raises `NoteMissingError`, `NotAcceptedError`, `HeadNeededError` or `ConflictError`.
    """
    if not note.strip():
        raise NoteMissingError("no note")
    row = _locked(unit, request_id)
    if row.closed_at is not None:
        raise ConflictError("this call is over")
    if row.acknowledged_by is None:
        raise NotAcceptedError("nobody has accepted it")
    is_given_up = outcome is HelpOutcome.NOT_REACHED and HelpKind(row.kind) in DANGERS
    if is_given_up and unit.actor.role is not Role.PSC_SUPERVISOR:
        raise HeadNeededError("nobody has reached them")
    _set(
        unit,
        request_id,
        closed_at=func.now(),
        closed_by=unit.actor.account_id,
        outcome=outcome.value,
        note_sealed=_sealed(unit, request_id, note),
    )
    audit.record(unit, "help_request.close", "help_request", request_id)


def raise_concern(
    unit: Unit, request_id: UUID, student_id: UUID, level: Level, note: str, mark: UUID
) -> UUID:
    """A person judges that a child of this parent needs a referral, and says so by name.

    `mark` is the page's own: the same one sent twice is one concern. Returns the referral. Raises
    `NotFoundError` or `NoteMissingError`.
    """
    if not note.strip():
        raise NoteMissingError("no reason")
    row = _locked(unit, request_id)
    # The centre sees no child before there is a referral: whose guardian it is, the system knows.
    with within_scope(unit.session, Scope.system()):
        student = _child_of(unit, row.account_id, student_id)
        known = _carrier(unit, student_id, mark)
        if known is not None:
            return known
        sealed = students.data_key(unit, student.id).seal(
            note.strip(), "signals", "note_sealed", str(mark)
        )
        concern = Concern(
            SignalKind.STAFF_CONCERN,
            level if level in LEVELS else Level.HIGH,
            student.id,
            student.school_id,
            account_id=unit.actor.account_id,
            note_sealed=sealed,
            signal_id=mark,
        )
        referral_id = open_referral(unit, [concern])
        audit.record(
            unit,
            "concern.refer",
            "referral",
            referral_id,
            student_id=student.id,
            school_id=student.school_id,
        )
    return referral_id


def _own(unit: Unit) -> Select[*tuple[Any, ...]]:
    is_late = and_(HelpRequest.acknowledged_at.is_(None), HelpRequest.due_at <= func.now())
    return (
        select(HelpRequest, _Taker.display_name, is_late.label("is_late"))
        .outerjoin(_Taker, _Taker.id == HelpRequest.acknowledged_by)
        .where(HelpRequest.support_center_id == unit.actor.support_center_id)
        .execution_options(populate_existing=True)
    )


_SHOWN: dict[Show, Any] = {
    Show.OPEN: lambda _unit: HelpRequest.closed_at.is_(None),
    Show.WAITING: lambda _unit: HelpRequest.acknowledged_at.is_(None),
    Show.LATE: lambda _unit: and_(
        HelpRequest.acknowledged_at.is_(None), HelpRequest.due_at <= func.now()
    ),
    Show.MINE: lambda unit: and_(
        HelpRequest.acknowledged_by == unit.actor.account_id, HelpRequest.closed_at.is_(None)
    ),
    Show.CLOSED: lambda _unit: HelpRequest.closed_at.is_not(None),
}


def _row(found: Any) -> Row:
    row, taker, is_late = found
    return Row(
        row.id,
        HelpKind(row.kind),
        row.language,
        row.created_at,
        row.due_at,
        taker,
        row.closed_at,
        HelpOutcome(row.outcome) if row.outcome else None,
        is_late,
    )


def _locked(unit: Unit, request_id: UUID) -> HelpRequest:
    row = unit.session.scalars(
        select(HelpRequest)
        .where(
            HelpRequest.id == request_id,
            HelpRequest.support_center_id == unit.actor.support_center_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("help_request", request_id)
    return row


def _set(unit: Unit, request_id: UUID, **values: Any) -> None:
    unit.session.execute(
        update(HelpRequest)
        .where(HelpRequest.id == request_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _sealed(unit: Unit, request_id: UUID, note: str) -> bytes:
    return unit.vault.seal_secret(note.strip(), *NOTE, str(request_id))


def _opened(unit: Unit, sealed: bytes | None, *place: str) -> str | None:
    if sealed is None:
        return None
    try:
        return unit.vault.open_secret(bytes(sealed), *place)
    except SealError:
        # A key that is gone: what else is known must still be readable.
        return None


def _of_parent(account_id: UUID) -> ColumnElement[bool]:
    return and_(Guardianship.account_id == account_id, Guardianship.revoked_at.is_(None))


def _children(unit: Unit, account_id: UUID) -> list[LinkedChild]:
    """Whose guardian the parent is, by school and code.

    That the call was opened is written down; nothing is written below the child, where the other
    guardian could read that this one has spoken with the centre.
    """
    with within_scope(unit.session, Scope.system()):
        rows = unit.session.execute(
            select(Student.id, Student.school_code, School.name_kk, School.name_ru)
            .join(Guardianship, Guardianship.student_id == Student.id)
            .join(School, School.id == Student.school_id)
            .where(_of_parent(account_id))
            .order_by(Student.school_code, Student.id)
        ).all()
    return [LinkedChild(row.id, Place(row.name_kk, row.name_ru), row.school_code) for row in rows]


def _carrier(unit: Unit, student_id: UUID, mark: UUID) -> UUID | None:
    """The latest referral of the case that this concern already hangs on."""
    return unit.session.scalars(
        select(Referral.id)
        .join(Signal, Signal.case_id == Referral.case_id)
        .where(Signal.id == mark, Signal.student_id == student_id)
        .order_by(Referral.created_at.desc())
        .limit(1)
    ).one_or_none()


def _child_of(unit: Unit, account_id: UUID, student_id: UUID) -> Student:
    found = unit.session.scalars(
        select(Student)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(_of_parent(account_id), Student.id == student_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("student", student_id)
    return found
