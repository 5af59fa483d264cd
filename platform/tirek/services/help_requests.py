"""A parent needs a person: who of which centre, by when, and what the parent is told.

A call is made in the transaction of the answer that asks for it. It goes to the support centre of
the child's school, or of the parent's region; never to the school, and never through an account
of another guardian. Nothing here opens a case about a child: a person decides that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain import roster as rules
from tirek.domain.delivery import Channel
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.parents import HelpKind
from tirek.domain.people import PSC_ROLES, Role
from tirek.services import audit, conflicts, notices, outbox
from tirek.services.outbox import Message
from tirek.services.posts import on_duty_here
from tirek.services.routing import is_staffed, next_center
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Guardianship,
    HelpRequest,
    Region,
    Student,
    SupportCenter,
)
from tirek.storage.vault import SealError

PHONE, WORDS = ("help_requests", "phone_sealed"), ("help_requests", "words_sealed")
OWN_PHONE = ("accounts", "phone_sealed")
WAITS = "help_waits"
LONGEST_WORDS = 300


class PhoneError(DomainError):
    """What was typed is no phone of Kazakhstan."""


class CenterUnknownError(DomainError):
    """Neither a child's school nor a region is known, so nobody can be called: ask for one."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a person is called, and after which answers."""

    kind: HelpKind
    language: str
    report_id: UUID | None = None
    student_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the parent sees it: who takes it, by when, and who has."""

    id: UUID
    kind: HelpKind
    report_id: UUID | None
    center: SupportCenter
    created_at: datetime
    due_at: datetime
    accepted_by: str | None
    closed_at: datetime | None
    # Only its ends: another may look at the same telephone.
    phone: str | None


@dataclass(frozen=True, slots=True)
class _Out:
    """Centres and people that must hear nothing of this family."""

    centers: frozenset[UUID]
    accounts: frozenset[UUID]


def kind_of(critical: str | None) -> HelpKind:
    """The kind of call for a critical item; a word that is new here is a parent in danger."""
    return HelpKind(critical) if critical in set(HelpKind) else HelpKind.OWN_DANGER


def open_request(unit: Unit, cause: Cause) -> UUID | None:
    """Call a person, once for the same cause; None while nobody knows which centre is near."""
    students = _linked(unit, cause.student_id)
    out = _out(unit, students)
    center_id = _center(unit, students, out)
    if center_id is None:
        return None
    request_id = _insert(unit, cause, center_id)
    if request_id is None:
        return _known(unit, cause)
    _copy_phone(unit, request_id)
    _tell(unit, cause.kind, request_id, center_id, out)
    audit.record(unit, "help_request.open", "help_request", request_id)
    return request_id


def call_me(unit: Unit, language: str, phone: str, words: str) -> UUID:
    """A parent asks to be called; a second request goes with the first while it is open.

    Raises `PhoneError`, or `CenterUnknownError` when a region must be told first.
    """
    request_id = open_request(unit, Cause(HelpKind.CALL_ME, language))
    if request_id is None:
        raise CenterUnknownError("no centre is known")
    tell_how(unit, request_id, phone, words)
    return request_id


def tell_how(unit: Unit, request_id: UUID, phone: str, words: str) -> None:
    """Say on which number to call, and when it is safe; nothing typed changes nothing.

    Raises `NotFoundError` or `PhoneError`.
    """
    number = rules.phone_of(phone) if phone.strip() else None
    if phone.strip() and number is None:
        raise PhoneError("no phone of Kazakhstan")
    sealed: dict[str, bytes] = {}
    if number is not None:
        sealed["phone_sealed"] = unit.vault.seal_secret(number, *PHONE, str(request_id))
    if said := words.strip()[:LONGEST_WORDS]:
        sealed["words_sealed"] = unit.vault.seal_secret(said, *WORDS, str(request_id))
    get(unit, request_id)
    if sealed:
        unit.session.execute(
            update(HelpRequest)
            .where(HelpRequest.id == request_id, HelpRequest.closed_at.is_(None))
            .values(**sealed)
        )


def known_phone(unit: Unit) -> str | None:
    """The ends of the account's own number, on which we call unless told another."""
    number = _own_phone(unit)
    return None if number is None else rules.masked(number)


def center_is_known(unit: Unit) -> bool:
    """Whether somebody could be called at once, without asking where the parent lives."""
    students = _linked(unit, None)
    return _center(unit, students, _out(unit, students)) is not None


def tell_region(unit: Unit, region_iso: str) -> None:
    """Keep where the parent lives; raises `NotFoundError` for what is no region."""
    if unit.session.get(Region, region_iso) is None:
        raise NotFoundError("region", region_iso)
    unit.session.execute(
        update(Account).where(Account.id == unit.actor.account_id).values(region_iso=region_iso)
    )


def get(unit: Unit, request_id: UUID) -> Call:
    """One's own call; raises `NotFoundError`."""
    found = next((one for one in of_parent(unit) if one.id == request_id), None)
    if found is None:
        raise NotFoundError("help_request", request_id)
    return found


def of_parent(unit: Unit) -> list[Call]:
    """One's own calls, the latest first."""
    rows = unit.session.execute(
        select(HelpRequest, SupportCenter, Account.display_name)
        .join(SupportCenter, SupportCenter.id == HelpRequest.support_center_id)
        .outerjoin(Account, Account.id == HelpRequest.acknowledged_by)
        .where(HelpRequest.account_id == unit.actor.account_id)
        .order_by(HelpRequest.created_at.desc(), HelpRequest.id)
        .execution_options(populate_existing=True)
    )
    return [
        Call(
            row.id,
            HelpKind(row.kind),
            row.report_id,
            center,
            row.created_at,
            row.due_at,
            name,
            row.closed_at,
            _masked(unit, row),
        )
        for row, center, name in rows
    ]


def _masked(unit: Unit, row: HelpRequest) -> str | None:
    if row.phone_sealed is None:
        return None
    try:
        return rules.masked(unit.vault.open_secret(bytes(row.phone_sealed), *PHONE, str(row.id)))
    except SealError:
        return None


def _linked(unit: Unit, first: UUID | None) -> list[Student]:
    """The pupils of whoever acts, the one in question before the others."""
    found = unit.session.scalars(
        select(Student)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(Guardianship.account_id == unit.actor.account_id, Guardianship.revoked_at.is_(None))
        .order_by(Guardianship.created_at, Student.id)
    ).all()
    return sorted(found, key=lambda student: student.id != first)


def _out(unit: Unit, students: Iterable[Student]) -> _Out:
    named = [conflicts.of(unit, student.id) for student in students]
    return _Out(
        frozenset().union(*(one.centers for one in named)),
        frozenset().union(*(one.accounts for one in named)),
    )


def _center(unit: Unit, students: list[Student], out: _Out) -> UUID | None:
    for student in students:
        found = next_center(unit, student.school_id, Level.IMMEDIATE, student.id, out.centers)
        if found is not None and found.support_center_id is not None:
            return found.support_center_id
    region = select(Account.region_iso).where(Account.id == unit.actor.account_id)
    able = case((is_staffed(SupportCenter.id, SupportCenter.keeps_roster), 0), else_=1)
    return unit.session.scalars(
        select(SupportCenter.id)
        .where(
            SupportCenter.region_iso == region.scalar_subquery(),
            SupportCenter.id.not_in(out.centers),
        )
        .order_by(SupportCenter.is_open.desc(), able, SupportCenter.id)
        .limit(1)
    ).one_or_none()


def _insert(unit: Unit, cause: Cause, center_id: UUID) -> UUID | None:
    due_at = unit.catalog.help_rules[cause.kind].due(unit.now())
    statement = insert(HelpRequest).values(
        id=uuid4(),
        account_id=unit.actor.account_id,
        support_center_id=center_id,
        kind=cause.kind.value,
        report_id=cause.report_id,
        language=cause.language,
        due_at=due_at,
    )
    return unit.session.scalars(
        statement.on_conflict_do_nothing().returning(HelpRequest.id)
    ).one_or_none()


def _known(unit: Unit, cause: Cause) -> UUID | None:
    found = select(HelpRequest.id).where(
        HelpRequest.account_id == unit.actor.account_id, HelpRequest.kind == cause.kind.value
    )
    if cause.report_id is None:
        found = found.where(HelpRequest.closed_at.is_(None))
    else:
        found = found.where(HelpRequest.report_id == cause.report_id)
    return unit.session.scalars(found).one_or_none()


def _copy_phone(unit: Unit, request_id: UUID) -> None:
    """The number of the account goes with the call, sealed anew for its own cell."""
    number = _own_phone(unit)
    if number is not None:
        unit.session.execute(
            update(HelpRequest)
            .where(HelpRequest.id == request_id)
            .values(phone_sealed=unit.vault.seal_secret(number, *PHONE, str(request_id)))
        )


def _own_phone(unit: Unit) -> str | None:
    account = unit.session.get(Account, unit.actor.account_id, populate_existing=True)
    if account is None or account.phone_sealed is None:
        return None
    try:
        return unit.vault.open_secret(bytes(account.phone_sealed), *OWN_PHONE, str(account.id))
    except SealError:
        # A key that is gone: the page asks for the number.
        return None


def _tell(unit: Unit, kind: HelpKind, request_id: UUID, center_id: UUID, out: _Out) -> None:
    """Tell those on duty; where nobody is, the head of the centre and the region's coordinators."""
    told = [one for one in on_duty(unit, center_id) if one not in out.accounts]
    told = told or [one for one in above(unit, center_id) if one not in out.accounts]
    queue(unit, WAITS, request_id, kind, told)


def queue(
    unit: Unit, message: str, request_id: UUID, kind: HelpKind, account_ids: list[UUID]
) -> None:
    """Queue a message about a call; where the protocol says so, by SMS as well."""
    sent = [(one, Channel.MAIL) for one in account_ids]
    if unit.catalog.help_rules[kind].by_text_message:
        sent += [(one, Channel.SMS) for one in notices.with_phone(unit, account_ids)]
    outbox.queue(
        unit,
        [
            Message(
                message,
                str(request_id),
                account_id=account_id,
                help_request_id=request_id,
                channel=channel,
            )
            for account_id, channel in sent
        ],
    )


def on_duty(unit: Unit, center_id: UUID) -> list[UUID]:
    """Who of a centre is on duty now; everybody there where no roster is kept."""
    keeps_roster = select(SupportCenter.keeps_roster).where(SupportCenter.id == center_id)
    return list(
        unit.session.scalars(
            select(Account.id)
            .where(
                Account.support_center_id == center_id,
                Account.role.in_(PSC_ROLES),
                Account.is_active,
                case((keeps_roster.scalar_subquery(), on_duty_here()), else_=True),
            )
            .order_by(Account.created_at, Account.id)
        )
    )


def above(unit: Unit, center_id: UUID) -> list[UUID]:
    """The head of a centre, and the coordinators of its region."""
    region = select(SupportCenter.region_iso).where(SupportCenter.id == center_id)
    is_head = (Account.role == Role.PSC_SUPERVISOR) & (Account.support_center_id == center_id)
    coordinates = (Account.role == Role.REGIONAL_COORDINATOR) & (
        Account.region_iso == region.scalar_subquery()
    )
    return list(
        unit.session.scalars(
            select(Account.id)
            .where(is_head | coordinates, Account.is_active)
            .order_by(Account.created_at, Account.id)
        )
    )
