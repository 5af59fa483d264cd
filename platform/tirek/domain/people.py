"""Roles, and the person on whose behalf something is done."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tirek.domain.scope import Scope


class Role(StrEnum):
    """Who somebody is to the platform (design §3)."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    PSYCHOLOGIST = "psychologist"
    SOCIAL_PEDAGOGUE = "social_pedagogue"
    DEPUTY_DIRECTOR = "deputy_director"
    PSC_SPECIALIST = "psc_specialist"
    PSC_SUPERVISOR = "psc_supervisor"
    REGIONAL_COORDINATOR = "regional_coordinator"
    NATIONAL_DUTY = "national_duty"
    METHODOLOGIST = "methodologist"
    OBSERVER = "observer"
    ADMINISTRATOR = "administrator"


SCHOOL_ROLES = frozenset({Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE, Role.DEPUTY_DIRECTOR})
PSC_ROLES = frozenset({Role.PSC_SPECIALIST, Role.PSC_SUPERVISOR})
# Roles that open children's records need a second factor (reference: ASVS 6.3.3).
TOTP_ROLES = frozenset(Role) - {Role.STUDENT, Role.GUARDIAN}


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or the system itself, when `account_id` and `student_id` are absent) who acts."""

    role: Role | None
    account_id: UUID | None = None
    name: str = ""
    school_id: UUID | None = None
    support_center_id: UUID | None = None
    region_iso: str | None = None
    student_id: UUID | None = None

    @property
    def scope(self) -> Scope:
        """The rows this person may see; nobody sees everything by default."""
        if self.role is Role.STUDENT and self.student_id is not None:
            return Scope.student(self.student_id)
        if self.role is Role.GUARDIAN and self.account_id is not None:
            return Scope.guardian(self.account_id)
        # A deputy director sees aggregates only, so gets no scope over a child's row.
        if self.role in SCHOOL_ROLES - {Role.DEPUTY_DIRECTOR} and self.school_id is not None:
            return Scope.school(self.school_id)
        if self.role in PSC_ROLES and self.support_center_id is not None:
            return Scope.support_center(self.support_center_id)
        return Scope.none()


SYSTEM = Actor(role=None)
