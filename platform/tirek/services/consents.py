"""Statements of guardians and children; the latest one of each kind counts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState
from tirek.services import audit
from tirek.services.unit import Unit
from tirek.storage.models import Consent

# The version of the text that was agreed to; raised whenever its meaning changes.
TEXT_VERSION = "2026-11"


def latest(unit: Unit, student_ids: Sequence[UUID], kind: ConsentKind) -> dict[UUID, ConsentState]:
    """The last statement about each pupil; pupils about whom nothing was said are absent."""
    rows = unit.session.execute(
        select(Consent.student_id, Consent.state)
        .where(Consent.student_id.in_(student_ids), Consent.kind == kind.value)
        .ext(distinct_on(Consent.student_id))
        .order_by(Consent.student_id, Consent.id.desc())
    )
    return {student_id: ConsentState(state) for student_id, state in rows}


def record(  # noqa: PLR0913 - a statement has this many facts
    unit: Unit,
    student_id: UUID,
    school_id: UUID,
    *,
    kind: ConsentKind,
    state: ConsentState,
    source: ConsentSource,
    language: str | None = None,
) -> None:
    """Add a statement; nothing said earlier is changed."""
    unit.session.execute(
        insert(Consent).values(
            student_id=student_id,
            school_id=school_id,
            kind=kind.value,
            state=state.value,
            source=source.value,
            purpose="screening",
            text_version=TEXT_VERSION,
            account_id=unit.actor.account_id,
            language=language,
        )
    )
    audit.record(
        unit, f"consent.{state.value}", "student", student_id,
        student_id=student_id, school_id=school_id,
    )  # fmt: skip
