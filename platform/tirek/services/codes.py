"""Access codes: issue them to a class, find the one a pupil typed, slow guessing down."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, text, update

from tirek.domain.access_code import CodeFormatError, new_code, normalise
from tirek.domain.errors import DomainError
from tirek.domain.people import Actor, Role
from tirek.domain.throttle import CODE_BY_DEVICE, CODE_BY_NETWORK, CODE_BY_SITE
from tirek.services import audit, throttle
from tirek.services.secrets import hash_secret, verify_secret
from tirek.services.unit import Unit
from tirek.storage.models import AccessCode, Assignment

_BY_LOOKUP = text(
    "SELECT id, code_hash, student_id, school_id, assignment_id FROM access_code_by_lookup(:lookup)"
)


class UnknownCodeError(DomainError):
    """No living code reads like this."""


class SlowDownError(DomainError):
    """Too many wrong codes from here for the moment."""

    def __init__(self, seconds: float) -> None:
        """Say how long to wait."""
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = max(1, round(seconds))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a try comes from: the browser's own mark and the network address, never stored."""

    device: str
    network: str


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code that was proved, and what it opens."""

    id: UUID
    student_id: UUID
    school_id: UUID
    assignment_id: UUID

    @property
    def actor(self) -> Actor:
        """The pupil behind it."""
        return Actor(Role.STUDENT, school_id=self.school_id, student_id=self.student_id)


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code in clear, for the one moment in which it is handed over."""

    student_id: UUID
    code: str


def find(unit: Unit, typed: str, origin: Origin) -> FoundCode:
    """Prove a typed code.

    Raises `CodeFormatError` (cannot be a code), `UnknownCodeError`, or `SlowDownError`. A wrong
    try is counted, so the caller must commit after either of the first two.
    """
    buckets = (
        throttle.Bucket("code device", origin.device, CODE_BY_DEVICE),
        throttle.Bucket("code network", origin.network, CODE_BY_NETWORK),
        throttle.Bucket("code site", "", CODE_BY_SITE),
    )
    wait = throttle.wait_seconds(unit, buckets)
    if wait:
        raise SlowDownError(wait)
    try:
        return _proved(unit, normalise(typed))
    except (CodeFormatError, UnknownCodeError):
        throttle.count_failure(unit, buckets)
        raise


def _proved(unit: Unit, code: str) -> FoundCode:
    row = unit.session.execute(_BY_LOOKUP, {"lookup": unit.vault.index(code)}).one_or_none()
    # The slow hash runs only for a code that exists, so guessing costs us no CPU.
    if row is None or not verify_secret(row.code_hash, code):
        raise UnknownCodeError("no such code")
    return FoundCode(row.id, row.student_id, row.school_id, row.assignment_id)


def mark_used(unit: Unit, code_id: UUID) -> None:
    """Remember when a code was first used."""
    unit.session.execute(
        update(AccessCode)
        .where(AccessCode.id == code_id, AccessCode.first_used_at.is_(None))
        .values(first_used_at=func.now())
    )


def issue(unit: Unit, assignment: Assignment, student_ids: list[UUID]) -> list[IssuedCode]:
    """Give each pupil a new code for an assignment, in place of an older one.

    The codes exist in clear only in what is returned: they are shown once and printed.
    """
    unit.session.execute(
        update(AccessCode)
        .where(
            AccessCode.assignment_id == assignment.id,
            AccessCode.student_id.in_(student_ids),
            AccessCode.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
    issued = [IssuedCode(student_id, new_code(secrets.choice)) for student_id in student_ids]
    if issued:
        unit.session.execute(insert(AccessCode), [_row(unit, assignment, one) for one in issued])
    audit.record(unit, "codes.issue", "assignment", assignment.id, school_id=assignment.school_id)
    return issued


def _row(unit: Unit, assignment: Assignment, issued: IssuedCode) -> dict[str, object]:
    return {
        "assignment_id": assignment.id,
        "school_id": assignment.school_id,
        "student_id": issued.student_id,
        "lookup": unit.vault.index(issued.code),
        "code_hash": hash_secret(issued.code),
        "issued_by": unit.actor.account_id,
    }


def window(unit: Unit, assignment_id: UUID) -> tuple[Assignment, datetime] | None:
    """The assignment a code belongs to, with the database's time; None when it was cancelled."""
    row = unit.session.execute(
        select(Assignment, func.now()).where(
            Assignment.id == assignment_id, Assignment.cancelled_at.is_(None)
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])
