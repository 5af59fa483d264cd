"""Files of answers that wait for a decision: sealed here, never trusted to a browser.

What calls for somebody waits until a person decides, in sight of the school; the rest is thrown
away after an hour. Of a decided file only who, when and why are kept.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from tirek.catalog.exchange.foreign import Remark
from tirek.domain.answer_entry import WAITS, EntryRefusal, UploadOutcome
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.services import answer_checks, assignments, audit, classrooms
from tirek.services.answer_checks import Preview
from tirek.services.unit import Unit
from tirek.storage.models import Account, AnswerUpload, Assignment, Classroom


class NoEntryError(DomainError):
    """No file is taken for this assignment; `refusal` says why."""

    def __init__(self, refusal: EntryRefusal) -> None:
        """Keep the reason for the page."""
        super().__init__(refusal)
        self.refusal = refusal


class UnreadableError(DomainError):
    """Not one row of a file can be read, so nothing was kept; `faults` say where it is wrong."""

    def __init__(self, faults: Sequence[Remark]) -> None:
        """Keep the places for the page."""
        super().__init__("nothing of the file can be read")
        self.faults = tuple(faults)


class ReasonMissingError(DomainError):
    """Answers that call for somebody are not turned down without a word."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that somebody must decide about."""

    upload: AnswerUpload
    instrument_id: str
    classroom: str
    by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a file, who said so, and why."""

    outcome: UploadOutcome
    by: str | None
    reason: str | None


def keep(unit: Unit, assignment: Assignment, content: bytes, language: str) -> AnswerUpload:
    """Seal a file until somebody has looked at what it would mean; the same one twice is one.

    Raises `NoEntryError` or `UnreadableError`, and then nothing is kept.
    """
    why = answer_checks.refusal(unit, assignment)
    if why is not None:
        raise NoEntryError(why)
    seen = answer_checks.preview(unit, assignment, content, language)
    if not seen.rows:
        raise UnreadableError(seen.faults)
    for one in waiting(unit, assignment.id):
        if one.upload.language == language and _content(unit, one.upload) == content:
            return one.upload
    upload_id = uuid4()
    sealed = unit.vault.seal_secret(
        b64encode(content).decode(), *_place("content_sealed", upload_id)
    )
    upload = unit.session.scalars(
        insert(AnswerUpload)
        .values(
            id=upload_id,
            school_id=assignment.school_id,
            assignment_id=assignment.id,
            uploaded_by=unit.actor.account_id,
            language=language,
            rows=len(seen.rows),
            flagged=len(seen.flagged),
            urgent=len(seen.urgent),
            content_sealed=sealed,
        )
        .returning(AnswerUpload)
    ).one()
    audit.record(unit, "answers.upload", "answer_upload", upload.id)
    return upload


def get(unit: Unit, upload_id: UUID, *, for_update: bool = False) -> AnswerUpload:
    """A file of the own school; raises `NotFoundError`."""
    statement = select(AnswerUpload).where(
        AnswerUpload.id == upload_id, AnswerUpload.school_id == unit.actor.school_id
    )
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = unit.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("answer_upload", upload_id)
    return found


def look(unit: Unit, upload: AnswerUpload, action: str = "answers.preview") -> Preview | None:
    """What a waiting file would mean now; audited for each child of the school that it names.

    None where our files no longer hold the questions that it answers: then it can only be refused.
    Raises `ConflictError` when it was decided.
    """
    try:
        seen = preview(unit, upload)
    except NotFoundError:
        return None
    for row in seen.rows:
        if row.bearer is not None:
            audit.record(unit, action, "answer_upload", upload.id, student_id=row.bearer.id)
    return seen


def preview(unit: Unit, upload: AnswerUpload) -> Preview:
    """What a waiting file would mean now; raises `ConflictError` when it was decided."""
    assignment = assignments.get(unit, upload.assignment_id)
    return answer_checks.preview(unit, assignment, _content(unit, upload), upload.language)


def _content(unit: Unit, upload: AnswerUpload) -> bytes:
    if upload.content_sealed is None:
        raise ConflictError("decided")
    place = _place("content_sealed", upload.id)
    return b64decode(unit.vault.open_secret(upload.content_sealed, *place))


def waiting(unit: Unit, assignment_id: UUID | None = None) -> list[Waiting]:
    """The files of the own school that wait, what calls for somebody today first.

    With an assignment all of its files, without one those that call for somebody.
    """
    statement = (
        select(AnswerUpload, Assignment.instrument_id, Classroom, Account.display_name)
        .join(Assignment, Assignment.id == AnswerUpload.assignment_id)
        .join(Classroom, Classroom.id == Assignment.classroom_id)
        .join(Account, Account.id == AnswerUpload.uploaded_by)
        .where(AnswerUpload.school_id == unit.actor.school_id, AnswerUpload.decided_at.is_(None))
        .order_by(AnswerUpload.urgent.desc(), AnswerUpload.uploaded_at, AnswerUpload.id)
    )
    if assignment_id is None:
        statement = statement.where(AnswerUpload.flagged > 0)
    else:
        statement = statement.where(AnswerUpload.assignment_id == assignment_id)
    return [
        Waiting(upload, instrument_id, classrooms.name_of(room), by)
        for upload, instrument_id, room, by in unit.session.execute(statement)
    ]


def waiting_count(unit: Unit) -> int:
    """How many files of the own school that call for somebody nobody has decided about."""
    return unit.session.scalars(
        select(func.count()).where(
            AnswerUpload.school_id == unit.actor.school_id,
            AnswerUpload.decided_at.is_(None),
            AnswerUpload.flagged > 0,
        )
    ).one()


def refuse(unit: Unit, upload_id: UUID, reason: str) -> None:
    """Enter nothing of a file and throw its content away; twice is harmless.

    Raises `ReasonMissingError` where answers call for somebody and nobody says what was done, or
    `ConflictError` when a colleague has decided otherwise.
    """
    upload = get(unit, upload_id, for_update=True)
    if upload.decided_at is not None:
        if upload.outcome != UploadOutcome.REFUSED or upload.decided_by != unit.actor.account_id:
            raise ConflictError("decided before", winner=decided(unit, upload).by)
        return
    said = reason.strip()
    if upload.flagged and not said:
        raise ReasonMissingError("no reason")
    look(unit, upload, "answers.refuse")
    if said:
        place = _place("reason_sealed", upload.id)
        upload.reason_sealed = unit.vault.seal_secret(said, *place)
    end(unit, upload, UploadOutcome.REFUSED)


def end(unit: Unit, upload: AnswerUpload, outcome: UploadOutcome) -> None:
    """Write down what became of a file, and throw its content away."""
    upload.decided_at, upload.decided_by = unit.now(), unit.actor.account_id
    upload.outcome, upload.content_sealed = outcome.value, None
    unit.session.flush()
    audit.record(unit, f"answers.{outcome.value}", "answer_upload", upload.id)


def decided(unit: Unit, upload: AnswerUpload) -> Decided:
    """What became of a file; raises `NotFoundError` while it waits."""
    if upload.outcome is None:
        raise NotFoundError("decision", upload.id)
    by = unit.session.get(Account, upload.decided_by) if upload.decided_by else None
    sealed, place = upload.reason_sealed, _place("reason_sealed", upload.id)
    return Decided(
        UploadOutcome(upload.outcome),
        by.display_name if by else None,
        unit.vault.open_secret(sealed, *place) if sealed else None,
    )


def expire(unit: Unit) -> int:
    """Throw away what waited an hour and calls for nobody; the caller sees every row."""
    gone = unit.session.scalars(
        update(AnswerUpload)
        .where(
            AnswerUpload.decided_at.is_(None),
            AnswerUpload.flagged == 0,
            AnswerUpload.uploaded_at < func.now() - WAITS,
        )
        .values(content_sealed=None, outcome=UploadOutcome.EXPIRED.value, decided_at=func.now())
        .returning(AnswerUpload.id)
    ).all()
    return len(gone)


def _place(column: str, upload_id: UUID) -> tuple[str, str, str]:
    return ("answer_uploads", column, str(upload_id))
