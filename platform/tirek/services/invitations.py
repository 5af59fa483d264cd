"""A school invites a pupil's guardians: one code for each adult, printed once, used once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, update

from tirek.domain.access_code import new_code
from tirek.domain.errors import NotFoundError
from tirek.services import audit, classrooms
from tirek.services.paging import Page, cut
from tirek.services.secrets import hash_secret
from tirek.services.unit import Unit
from tirek.storage.models import Guardianship, Invitation, Student

LIFE = timedelta(days=60)
# A child rarely has more adults at one time; more living codes would only lie about.
MOST_LIVING = 4
# A second press of the same button: the letters of the first answer were never seen by anybody.
SAME_PRESS = timedelta(seconds=60)


class InvitationState(StrEnum):
    """Where one code stands."""

    ISSUED = "issued"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class PupilState(StrEnum):
    """Where one pupil's guardians stand, for the list of a class."""

    NONE = "none"
    WAITING = "waiting"
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One code without its letters."""

    id: UUID
    state: InvitationState
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PupilRow:
    """A pupil with how many adults are joined, and the codes that were given."""

    student: Student
    guardians: int
    invitations: Sequence[InvitationRow]

    @property
    def living(self) -> int:
        """Codes that still open something."""
        return sum(1 for one in self.invitations if one.state is InvitationState.ISSUED)

    @property
    def state(self) -> PupilState:
        """Joined, waiting for somebody to use a code, or neither."""
        if self.guardians:
            return PupilState.LINKED
        return PupilState.WAITING if self.living else PupilState.NONE

    @property
    def may_invite(self) -> bool:
        """Whether one more code would be of use."""
        return self.living < MOST_LIVING

    @property
    def last_at(self) -> datetime | None:
        """When the latest code was made."""
        return max((one.created_at for one in self.invitations), default=None)


@dataclass(frozen=True, slots=True)
class InvitationLetter:
    """One code in clear, for the one moment in which it is printed."""

    school_code: str
    code: str
    expires_at: datetime


def of_class(unit: Unit, classroom_id: UUID) -> list[PupilRow]:
    """Every pupil of a class of the own school; reading it is audited."""
    pupils = classrooms.pupils(unit, classroom_id)
    ids = [pupil.id for pupil in pupils]
    codes, joined = _codes(unit, ids), _joined(unit, ids)
    audit.record(unit, "invitations.view", "classroom", classroom_id)
    return [
        PupilRow(pupil, joined.get(pupil.id, 0), tuple(codes.get(pupil.id, ()))) for pupil in pupils
    ]


def picked(
    rows: list[PupilRow], *, code: str = "", state: str = "", sort: str = "code", page: int = 1
) -> Page[PupilRow]:
    """The rows that fit a search and a state, in order, one page of them."""
    found = [
        row
        for row in rows
        if code.lower() in row.student.school_code.lower() and state in {"", row.state.value}
    ]
    if sort == "state":
        found.sort(key=lambda row: list(PupilState).index(row.state))
    return cut(found, page)


def issue(
    unit: Unit, classroom_id: UUID, student_ids: Sequence[UUID], *, each: int, as_of: datetime
) -> list[InvitationLetter]:
    """Make codes for the chosen pupils: one for each guardian, so that each has an own account.

    `as_of` is when the choice was put before the school: a pupil who got codes since then, in
    another window, gets no more, unless this is a second press of the same button, whose first
    letters nobody saw: those are taken back. Raises `NotFoundError` for a pupil of another class.
    """
    rows = {row.student.id: row for row in of_class(unit, classroom_id)}
    now = unit.now()
    letters: list[InvitationLetter] = []
    for student_id in dict.fromkeys(student_ids):
        row = rows.get(student_id)
        if row is None:
            raise NotFoundError("student", student_id)
        since = [one for one in row.invitations if one.created_at > as_of]
        if any(now - one.created_at > SAME_PRESS for one in since):
            continue
        _take_back(unit, [one.id for one in since])
        room = MOST_LIVING - row.living + len(since)
        letters += [_one(unit, row.student, now) for _ in range(min(each, room))]
    return letters


def revoke(unit: Unit, invitation_id: UUID) -> UUID:
    """Take a code back that nobody has used; returns the pupil's class.

    Raises `NotFoundError` for one of another school. Twice is as good as once; a used code stays
    used, because the account it has joined is not undone by it.
    """
    row = unit.session.execute(
        select(Invitation.student_id, Student.classroom_id)
        .join(Student, Student.id == Invitation.student_id)
        .where(Invitation.id == invitation_id, Invitation.school_id == unit.actor.school_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("invitation", invitation_id)
    _take_back(unit, [invitation_id])
    audit.record(unit, "invitation.revoke", "invitation", invitation_id, student_id=row.student_id)
    classroom_id: UUID = row.classroom_id
    return classroom_id


def lookup_of(unit: Unit, code: str) -> bytes:
    """The keyed hash by which a code is found; no pupil's access code can be found by it."""
    return unit.vault.index(f"invitation {code}")


def _one(unit: Unit, student: Student, now: datetime) -> InvitationLetter:
    code = new_code(secrets.choice)
    invitation = Invitation(
        school_id=student.school_id,
        student_id=student.id,
        lookup=lookup_of(unit, code),
        code_hash=hash_secret(code),
        created_by=_author(unit),
        expires_at=now + LIFE,
    )
    unit.session.add(invitation)
    audit.record(unit, "invitation.issue", "invitation", invitation.id, student_id=student.id)
    return InvitationLetter(student.school_code, code, invitation.expires_at)


def _author(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise NotFoundError("account", None)
    return unit.actor.account_id


def _take_back(unit: Unit, invitation_ids: Sequence[UUID]) -> None:
    if invitation_ids:
        unit.session.execute(
            update(Invitation)
            .where(
                Invitation.id.in_(invitation_ids),
                Invitation.used_at.is_(None),
                Invitation.revoked_at.is_(None),
            )
            .values(revoked_at=func.now())
        )


def _codes(unit: Unit, student_ids: list[UUID]) -> dict[UUID, list[InvitationRow]]:
    now = unit.now()
    found: dict[UUID, list[InvitationRow]] = {}
    for row in unit.session.scalars(
        select(Invitation)
        .where(Invitation.student_id.in_(student_ids))
        .order_by(Invitation.created_at.desc(), Invitation.id)
        # A page that makes codes asks twice in one transaction.
        .execution_options(populate_existing=True)
    ):
        found.setdefault(row.student_id, []).append(
            InvitationRow(row.id, _state(row, now), row.created_at, row.expires_at, row.used_at)
        )
    return found


def _state(row: Invitation, now: datetime) -> InvitationState:
    if row.used_at is not None:
        return InvitationState.USED
    if row.revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if row.expires_at <= now else InvitationState.ISSUED


def _joined(unit: Unit, student_ids: list[UUID]) -> dict[UUID, int]:
    rows = unit.session.execute(
        select(Guardianship.student_id, func.count().label("number"))
        .where(Guardianship.student_id.in_(student_ids), Guardianship.revoked_at.is_(None))
        .group_by(Guardianship.student_id)
    )
    return {row.student_id: row.number for row in rows}
