"""Whose rows one database transaction may see."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID


class ScopeKind(StrEnum):
    """The kinds of view that row-level security knows; the database holds the same words."""

    NONE = "none"
    STUDENT = "student"
    GUARDIAN = "guardian"
    SCHOOL = "school"
    SUPPORT_CENTER = "support_center"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Scope:
    """A kind of view and whose it is; `NONE` sees no child at all."""

    kind: ScopeKind
    id: UUID | None = None

    @classmethod
    def none(cls) -> Self:
        """Nobody is known yet: no row of any child is visible."""
        return cls(ScopeKind.NONE)

    @classmethod
    def system(cls) -> Self:
        """The relay, migrations and demo data: every row."""
        return cls(ScopeKind.SYSTEM)

    @classmethod
    def student(cls, student_id: UUID) -> Self:
        """One pupil behind an access code."""
        return cls(ScopeKind.STUDENT, student_id)

    @classmethod
    def guardian(cls, account_id: UUID) -> Self:
        """One parent: their children's names and their own answers only."""
        return cls(ScopeKind.GUARDIAN, account_id)

    @classmethod
    def school(cls, school_id: UUID) -> Self:
        """The staff of one school."""
        return cls(ScopeKind.SCHOOL, school_id)

    @classmethod
    def support_center(cls, support_center_id: UUID) -> Self:
        """The specialists of one Psychological Support Center: children referred to it."""
        return cls(ScopeKind.SUPPORT_CENTER, support_center_id)
