"""Answers that a class gave elsewhere become administrations: all of a file, or nothing of it.

Each row goes the way of a pupil who types: recorded in that pupil's scope, so that critical
answers act, and finished, so that scores, flags, review tasks and referrals follow.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.administration import AdministrationState
from tirek.domain.answer_entry import UploadOutcome
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState
from tirek.domain.errors import ConflictError, DomainError
from tirek.domain.scope import Scope
from tirek.services import (
    administrations,
    answer_checks,
    answer_uploads,
    assignments,
    audit,
    classrooms,
    consents,
    runs,
)
from tirek.services.answer_checks import Preview, Row
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, AnswerUpload, Assignment, Student
from tirek.storage.session import within_scope


class NotReadyError(DomainError):
    """Something stands against a row or the whole file; the preview says what."""


@dataclass(frozen=True, slots=True)
class Entered:
    """How many pupils' answers were entered, and how many of them call for somebody today."""

    pupils: int
    urgent: int


@dataclass(frozen=True, slots=True)
class _Whole:
    """What every row of a file has in common."""

    assignment: Assignment
    preview: Preview
    today: date


def enter(unit: Unit, upload_id: UUID) -> Entered:
    """Enter a whole file; the same person's second press changes nothing.

    The file is looked over once more against the lists of now. Raises `NotReadyError` when
    something stands against it, and `ConflictError` when a colleague has decided about it or a
    pupil has begun meanwhile; the caller then commits nothing.
    """
    _take_turns(unit, answer_uploads.get(unit, upload_id).assignment_id)
    upload = answer_uploads.get(unit, upload_id, for_update=True)
    if upload.decided_at is not None:
        return _again(unit, upload)
    assignment = assignments.get(unit, upload.assignment_id)
    seen = answer_uploads.preview(unit, upload)
    if not seen.is_ready:
        raise NotReadyError("not every row may be entered")
    whole = _Whole(assignment, seen, unit.now().astimezone(KAZAKHSTAN).date())
    # Always in one order: pupils who type meanwhile are waited for one after the other.
    for row in sorted(seen.rows, key=lambda one: one.code):
        if row.student is None:
            raise NotReadyError("a row without a pupil")
        _enter(unit, whole, row, row.student)
    answer_uploads.end(unit, upload, UploadOutcome.ENTERED)
    _replace_older(unit, upload, seen)
    return Entered(len(seen.rows), len(seen.urgent))


def _take_turns(unit: Unit, assignment_id: UUID) -> None:
    """Enter one file of a class after the other: each also looks after those that still wait."""
    lock = func.hashtextextended(f"entry {assignment_id}", 0)
    unit.session.execute(select(func.pg_advisory_xact_lock(lock)))


def _again(unit: Unit, upload: AnswerUpload) -> Entered:
    if upload.outcome == UploadOutcome.ENTERED and upload.decided_by == unit.actor.account_id:
        return Entered(upload.rows, upload.urgent)
    raise ConflictError("decided before", winner=answer_uploads.decided(unit, upload).by)


def _enter(unit: Unit, whole: _Whole, row: Row, student: Student) -> None:
    with within_scope(unit.session, Scope.student(student.id)):
        key = _open(unit, whole, row, student)
        consents.record(
            unit,
            student.id,
            student.school_id,
            kind=ConsentKind.ASSENT,
            state=ConsentState.GIVEN,
            source=ConsentSource.PAPER,
            language=row.language,
        )
        run = runs.load(unit, key)
        administrations.record_responses(unit, run, row.given)
        administrations.complete(unit, run)
        audit.record(unit, "answers.enter", "administration", key.id, student_id=student.id)


def _open(unit: Unit, whole: _Whole, row: Row, student: Student) -> AdministrationKey:
    """A new administration; nobody began it here, so it has no beginning.

    Raises `ConflictError` when the pupil has begun meanwhile: what a child types is never mixed
    with what a file says.
    """
    assignment, hashes = whole.assignment, whole.preview.instrument.hashes
    day = row.answered_on or whole.today
    added = unit.session.scalars(
        insert(Administration)
        .values(
            id=uuid4(),
            school_year=assignment.school_year,
            assignment_id=assignment.id,
            student_id=student.id,
            school_id=assignment.school_id,
            respondent=assignment.respondent,
            respondent_id=student.id,
            instrument_id=whole.preview.instrument.id,
            release_id=assignment.release_id,
            structure_hash=hashes.structure,
            wording_hash=hashes.wordings[row.language],
            language=row.language,
            age_years=classrooms.age_at(student, answer_checks.moment_of(day)),
            state=AdministrationState.OPEN.value,
            entered_by=unit.actor.account_id,
            answered_on=row.answered_on,
        )
        .on_conflict_do_nothing()
        .returning(Administration.id)
    ).one_or_none()
    if added is None:
        raise ConflictError("the pupil has begun meanwhile")
    return AdministrationKey(assignment.school_year, added)


def _replace_older(unit: Unit, upload: AnswerUpload, entered: Preview) -> None:
    """Let go of files of this assignment whose every call for somebody has been entered now.

    Such a call counts as entered when the same pupil's row holds every answer that it held.
    """
    now = {row.code: row.given for row in entered.rows}
    for one in answer_uploads.waiting(unit, upload.assignment_id):
        if not one.upload.flagged:
            continue
        older = answer_uploads.get(unit, one.upload.id, for_update=True)
        if older.decided_at is None and all(
            row.given.items() <= now.get(row.code, {}).items()
            for row in answer_uploads.preview(unit, older).flagged
        ):
            answer_uploads.end(unit, older, UploadOutcome.REPLACED)
