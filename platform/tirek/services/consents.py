"""Statements of guardians and children; the latest one of each kind counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from tirek.domain.consent import (
    ConsentKind,
    ConsentSource,
    ConsentState,
    Purpose,
    may_follow,
)
from tirek.domain.errors import NotFoundError
from tirek.services import audit, consent_effects
from tirek.services.unit import Unit
from tirek.storage.models import Account, Consent, Student


@dataclass(frozen=True, slots=True)
class Statement:
    """What was said about one pupil, to what, when, how, and who wrote it down."""

    student_id: UUID
    purpose: Purpose
    kind: ConsentKind
    state: ConsentState
    source: ConsentSource
    said_at: datetime
    text_version: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a sheet of statements: pupils by what was done about them."""

    written: tuple[UUID, ...]
    unchanged: tuple[UUID, ...]
    # The parent said no in their own account, which a paper at school does not overrule.
    refused: tuple[UUID, ...]


def latest(
    unit: Unit,
    student_ids: Sequence[UUID],
    kind: ConsentKind,
    purpose: Purpose = Purpose.SCREENING,
) -> dict[UUID, ConsentState]:
    """The last statement about each pupil; pupils about whom nothing was said are absent."""
    rows = unit.session.execute(
        select(Consent.student_id, Consent.state)
        .where(
            Consent.student_id.in_(student_ids),
            Consent.kind == kind.value,
            Consent.purpose == purpose.value,
        )
        .ext(distinct_on(Consent.student_id))
        .order_by(Consent.student_id, Consent.id.desc())
    )
    return {student_id: ConsentState(state) for student_id, state in rows}


def by_kind(unit: Unit, student_id: UUID, purpose: Purpose) -> dict[ConsentKind, ConsentState]:
    """What the guardians and what the child said last about one purpose."""
    rows = unit.session.execute(
        select(Consent.kind, Consent.state)
        .where(Consent.student_id == student_id, Consent.purpose == purpose.value)
        .ext(distinct_on(Consent.kind))
        .order_by(Consent.kind, Consent.id.desc())
    )
    return {ConsentKind(kind): ConsentState(state) for kind, state in rows}


def statements(unit: Unit, student_ids: Sequence[UUID]) -> list[Statement]:
    """Everything that guardians and pupils said about these pupils, the latest first."""
    rows = unit.session.execute(
        select(Consent, Account.display_name)
        .outerjoin(Account, Account.id == Consent.account_id)
        .where(Consent.student_id.in_(student_ids))
        .order_by(Consent.id.desc())
    )
    return [
        Statement(
            said.student_id,
            Purpose(said.purpose),
            ConsentKind(said.kind),
            ConsentState(said.state),
            ConsentSource(said.source),
            said.created_at,
            said.text_version,
            # A parent's name is not the school's to read: the school knows its pupils' parents.
            None if said.source == ConsentSource.ACCOUNT else by,
        )
        for said, by in rows
    ]


def last_of_guardians(
    unit: Unit, student_ids: Sequence[UUID], purpose: Purpose
) -> dict[UUID, Statement]:
    """The guardians' last statement about each pupil for one purpose, with when and how."""
    said: dict[UUID, Statement] = {}
    for one in statements(unit, student_ids):
        if one.kind is ConsentKind.GUARDIAN and one.purpose is purpose:
            said.setdefault(one.student_id, one)
    return said


def record(  # noqa: PLR0913 - a statement has this many facts
    unit: Unit,
    student_id: UUID,
    school_id: UUID,
    *,
    kind: ConsentKind,
    state: ConsentState,
    source: ConsentSource,
    purpose: Purpose = Purpose.SCREENING,
    language: str | None = None,
) -> None:
    """Add a statement about the text of today; nothing said earlier is changed."""
    unit.session.execute(
        insert(Consent).values(
            student_id=student_id,
            school_id=school_id,
            kind=kind.value,
            state=state.value,
            source=source.value,
            purpose=purpose.value,
            text_version=unit.catalog.consents[purpose].current.version,
            account_id=unit.actor.account_id,
            language=language,
        )
    )
    audit.record(
        unit, f"consent.{state.value}", "student", student_id,
        student_id=student_id, school_id=school_id,
    )  # fmt: skip
    if kind is ConsentKind.GUARDIAN:
        consent_effects.tell_those_in_charge(unit, student_id)


def record_papers(
    unit: Unit,
    classroom_id: UUID,
    student_ids: Sequence[UUID],
    state: ConsentState,
    purpose: Purpose = Purpose.SCREENING,
) -> Recorded:
    """Write down what sheets signed for one purpose say about pupils of a class of the own school.

    A statement equal to the last one is not repeated. Raises `NotFoundError` when a pupil is not
    of this class: then nothing is written.
    """
    places = _of_class(unit, classroom_id, student_ids)
    last = last_of_guardians(unit, student_ids, purpose)
    done: dict[str, list[UUID]] = {"written": [], "unchanged": [], "refused": []}
    for student_id, school_id in places.items():
        outcome = _outcome(last.get(student_id), state)
        done[outcome].append(student_id)
        if outcome == "written":
            record(
                unit,
                student_id,
                school_id,
                kind=ConsentKind.GUARDIAN,
                state=state,
                source=ConsentSource.PAPER,
                purpose=purpose,
            )
    return Recorded(*(tuple(done[word]) for word in ("written", "unchanged", "refused")))


def _outcome(last: Statement | None, state: ConsentState) -> str:
    if last is not None and last.state is state:
        return "unchanged"
    said, told = (last.state, last.source) if last else (None, None)
    return "written" if may_follow(said, told, state, ConsentSource.PAPER) else "refused"


def _of_class(unit: Unit, classroom_id: UUID, student_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    rows = unit.session.execute(
        # The lock makes two sheets sent at once follow one another.
        select(Student.id, Student.school_id)
        .where(
            Student.id.in_(student_ids),
            Student.classroom_id == classroom_id,
            Student.school_id == unit.actor.school_id,
        )
        .order_by(Student.id)
        .with_for_update()
    ).all()
    found: dict[UUID, UUID] = {row.id: row.school_id for row in rows}
    missing = set(student_ids) - found.keys()
    if missing:
        raise NotFoundError("student", missing.pop())
    return found
