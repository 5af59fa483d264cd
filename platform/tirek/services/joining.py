"""A parent types a school's invitation code and becomes the guardian of that pupil."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text

from tirek.domain.access_code import CodeFormatError, normalise
from tirek.domain.errors import DomainError
from tirek.domain.throttle import CODE_BY_DEVICE, CODE_BY_NETWORK, CODE_BY_SITE
from tirek.services import audit, throttle
from tirek.services.codes import Origin, SlowDownError, UnknownCodeError
from tirek.services.invitations import lookup_of
from tirek.services.secrets import verify_secret
from tirek.services.throttle import Bucket
from tirek.services.unit import Unit
from tirek.storage.models import Classroom, School

_BY_LOOKUP = text(
    "SELECT id, code_hash, student_id, school_id, state FROM invitation_by_lookup(:lookup)"
)
_INVITED_TO = text("SELECT classroom_id, school_id FROM invited_to(:invitation)")
_REDEEM = text("SELECT redeem_invitation(:invitation)")
_SCHOOL_OF = text("SELECT school_id FROM students WHERE id = :student")


class WhyNot(StrEnum):
    """Why a code that was once given opens nothing now."""

    USED = "used"
    OWN = "own"
    EXPIRED = "expired"
    REVOKED = "revoked"


class InvitationOverError(DomainError):
    """The code is a real one, but it opens nothing any more."""

    def __init__(self, reason: WhyNot) -> None:
        """Keep the reason, which its bearer may know."""
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Invited:
    """What a code says before anybody has joined: which class, never which child."""

    invitation_id: UUID
    school: School
    classroom: Classroom


def prove(unit: Unit, typed: str, origin: Origin) -> UUID:
    """The living invitation of a typed code.

    Raises `CodeFormatError`, `UnknownCodeError`, `InvitationOverError` or `SlowDownError`. A wrong
    try is counted, so the caller must commit after any of the first three.
    """
    buckets = (
        Bucket("invitation device", origin.device, CODE_BY_DEVICE),
        Bucket("invitation network", origin.network, CODE_BY_NETWORK),
        Bucket("invitation site", "", CODE_BY_SITE),
    )
    wait = throttle.wait_seconds(unit, buckets)
    if wait:
        raise SlowDownError(wait)
    try:
        return _proved(unit, normalise(typed))
    except (CodeFormatError, UnknownCodeError):
        throttle.count_failure(unit, buckets)
        raise


def invited(unit: Unit, invitation_id: UUID) -> Invited | None:
    """The class that a proved code is for; None once the code opens nothing any more."""
    row = unit.session.execute(_INVITED_TO, {"invitation": invitation_id}).one_or_none()
    if row is None:
        return None
    return Invited(
        invitation_id,
        unit.session.get_one(School, row.school_id),
        unit.session.get_one(Classroom, row.classroom_id),
    )


def join(unit: Unit, invitation_id: UUID) -> UUID:
    """Join the child to the account of whoever acts; returns the pupil.

    Raises `InvitationOverError` when somebody else was first, or the time ran out meanwhile.
    """
    student_id: UUID | None = unit.session.scalars(
        _REDEEM, {"invitation": invitation_id}
    ).one_or_none()
    if student_id is None:
        raise InvitationOverError(WhyNot.USED)
    school_id = unit.session.scalars(_SCHOOL_OF, {"student": student_id}).one_or_none()
    audit.record(
        unit,
        "guardian.join",
        "invitation",
        invitation_id,
        student_id=student_id,
        school_id=school_id,
    )
    return student_id


def _proved(unit: Unit, code: str) -> UUID:
    row = unit.session.execute(_BY_LOOKUP, {"lookup": lookup_of(unit, code)}).one_or_none()
    # The slow hash runs only for a code that exists, so guessing costs us no CPU.
    if row is None or not verify_secret(row.code_hash, code):
        raise UnknownCodeError("no such invitation")
    if row.state in set(WhyNot):
        raise InvitationOverError(WhyNot(row.state))
    found: UUID = row.id
    return found
