"""What a specialist found in the conversation, beside what the questionnaire said.

The word is asked for before the scores are opened, where that can be. Whether they had been read
is not a matter of memory alone: who has opened the answers here stands in the audit trail, and then
nobody can say that they had not.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, exists, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.standing import Verdict
from tirek.services import audit, referral_page
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import (
    Administration,
    AuditEntry,
    FlagRecord,
    Referral,
    ScreeningOutcome,
    Signal,
    Student,
)

# What opens the answers or the scores of one questionnaire, as the trail names it.
_OPENS = ("responses.read", "result.view", "result.export", "adaptive.replay", "answers.enter")


@dataclass(frozen=True, slots=True)
class Asked:
    """One questionnaire that a word may be said about; nothing of what was answered."""

    key: AdministrationKey
    instrument_id: str
    respondent: str
    ended_at: datetime
    student_code: str
    student_id: UUID
    # Whether this person has opened its answers or scores here.
    has_seen: bool
    # What this person has said of it before.
    said: Verdict | None


def of_referral(unit: Unit, referral_id: UUID) -> list[Asked]:
    """The finished questionnaires behind a referral, for one of its receiver's people.

    Opening this list shows no answer, score or flag. Raises `NotFoundError` for anybody else.
    """
    leg = referral_page.load(unit, referral_id)
    behind = exists(
        select(Signal.id)
        .join(FlagRecord, FlagRecord.id == Signal.flag_id)
        .where(Signal.case_id == leg.case_id, FlagRecord.administration_id == Administration.id)
    )
    found = _asked(unit, _finished(unit).where(behind))
    _opened(unit, leg)
    return found


def of_result(unit: Unit, key: AdministrationKey) -> Asked:
    """One questionnaire of the own school, of a pupil with or without a flag."""
    statement = _finished(unit).where(
        Administration.school_year == key.school_year,
        Administration.id == key.id,
        Administration.school_id == unit.actor.school_id,
    )
    found = _asked(unit, statement)
    if not found:
        raise NotFoundError("administration", key.id)
    one = found[0]
    audit.record(unit, "outcome.open", "administration", key.id, student_id=one.student_id)
    return one


def record(unit: Unit, asked: Asked, verdict: Verdict, *, knew: bool) -> None:
    """Write down what was found; the first word of a person counts, and no second one is taken.

    `knew` is what they say of themselves; it cannot take back what the trail says. Raises
    `ConflictError` when they have said it before.
    """
    administration = unit.session.get_one(Administration, (asked.key.school_year, asked.key.id))
    row = (
        insert(ScreeningOutcome)
        .values(
            school_year=administration.school_year,
            administration_id=administration.id,
            student_id=administration.student_id,
            school_id=administration.school_id,
            verdict=verdict.value,
            saw_score=knew or asked.has_seen,
            recorded_by=unit.actor.account_id,
            support_center_id=unit.actor.support_center_id,
        )
        .on_conflict_do_nothing()
        .returning(ScreeningOutcome.id)
    )
    if unit.session.execute(row).one_or_none() is None:
        raise ConflictError("this has been said before")
    audit.record(
        unit,
        "outcome.record",
        "administration",
        administration.id,
        student_id=administration.student_id,
        school_id=administration.school_id,
    )


def _opened(unit: Unit, leg: Referral) -> None:
    audit.record(
        unit, "outcome.open", "referral", leg.id, student_id=leg.student_id, school_id=leg.school_id
    )


def _finished(unit: Unit) -> Select[tuple[Any, ...]]:
    me = unit.actor.account_id
    seen = exists(
        select(AuditEntry.id).where(
            AuditEntry.student_id == Administration.student_id,
            AuditEntry.account_id == me,
            AuditEntry.action.in_(_OPENS),
            AuditEntry.entity_id == cast(Administration.id, String),
        )
    )
    own = (
        select(ScreeningOutcome.verdict)
        .where(
            ScreeningOutcome.administration_id == Administration.id,
            ScreeningOutcome.recorded_by == me,
        )
        .scalar_subquery()
    )
    return (
        select(Administration, Student.school_code, seen.label("seen"), own.label("said"))
        .join(Student, Student.id == Administration.student_id)
        .where(Administration.state == "completed")
        .order_by(Administration.ended_at.desc())
    )


def _asked(unit: Unit, statement: Select[tuple[Any, ...]]) -> list[Asked]:
    rows = unit.session.execute(statement).all()
    return [
        Asked(
            AdministrationKey(one.school_year, one.id),
            one.instrument_id,
            one.respondent,
            one.ended_at,
            code,
            one.student_id,
            seen,
            Verdict(said) if said else None,
        )
        for one, code, seen, said in rows
    ]
