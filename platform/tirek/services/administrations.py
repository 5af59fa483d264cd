"""One person filling in one instrument: open, answer, stop, complete."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from tirek.domain.administration import AdministrationState, age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState, may_administer
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.flagging import Flag, critical_flags
from tirek.domain.instruments import SKIPPED, Answer, AnswerState
from tirek.domain.people import Actor
from tirek.domain.scope import Scope, ScopeKind
from tirek.services import adaptive, audit, codes, completion, consents, gates, pilots, referrals
from tirek.services.codes import Origin
from tirek.services.runs import AdministrationKey, Run, load, pinned_release, seal
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, Student
from tirek.storage.session import enter_scope, within_scope

_OPEN = AdministrationState.OPEN.value


# One statement of a fixed shape for any number of answers: it is prepared once, while a list of
# VALUES would be compiled anew for each page. It leaves a row alone that another request has
# written since this one read: sealed answers cannot be compared in here.
_KEEP = text(
    "INSERT INTO responses (school_year, administration_id, item_id, sealed, changes)"
    " SELECT :year, :id, item, sealed, changes FROM unnest("
    "CAST(:items AS text[]), CAST(:sealed AS bytea[]), CAST(:changes AS smallint[])"
    ") AS given (item, sealed, changes)"
    " ON CONFLICT (school_year, administration_id, item_id) DO UPDATE"
    " SET sealed = excluded.sealed, answered_at = now(), changes = excluded.changes"
    " WHERE responses.changes = excluded.changes - 1"
    " RETURNING item_id"
)
# What the guard of `responses` raises (migration 0003) when the run has ended meanwhile.
_HAS_ENDED = "TK002"


class NotOpenYetError(DomainError):
    """The window of this assignment has not begun; `opens_at` says when it does."""

    def __init__(self, assignment: Assignment) -> None:
        """Keep the moment for the page."""
        super().__init__("the window has not begun")
        self.assignment = assignment
        self.opens_at = assignment.opens_at


class WindowClosedError(DomainError):
    """The window of this assignment is over, or the assignment was cancelled."""


class WithdrawnError(WindowClosedError):
    """Nobody begins these questions any more: the trial or the permission has ended."""


class ConsentMissingError(DomainError):
    """The guardian's consent is not there any more, so nothing routine may be asked."""


class AdministrationEndedError(DomainError):
    """It has been completed or stopped; nothing more is recorded and nothing is shown back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an accepted code opens, and the pupil behind it."""

    key: AdministrationKey
    actor: Actor


def open_by_code(unit: Unit, typed: str, origin: Origin, language: str) -> Entry:
    """Open, or find again, the administration that a pupil's code is for.

    Raises `CodeFormatError`, `UnknownCodeError` or `SlowDownError` from the code itself, then
    `NotOpenYetError`, `WindowClosedError`, `WithdrawnError`, `ConsentMissingError` or
    `NobodyThereError`. Afterwards the transaction sees this pupil's rows only.
    """
    code = codes.find(unit, typed, origin)
    enter_scope(unit.session, code.actor.scope)
    pupil = replace(unit, actor=code.actor)
    try:
        assignment, now = living(codes.window(pupil, code.assignment_id))
    except NotOpenYetError as early:
        # Nobody is sent home to come back for what will not be asked.
        if pilots.may_begin(pupil, early.assignment):
            raise
        raise WithdrawnError("it will not be asked") from early
    said = consents.latest(pupil, [code.student_id], ConsentKind.GUARDIAN)
    if not may_administer(said.get(code.student_id)):
        raise ConsentMissingError("no consent of a guardian")
    if not gates.is_staffed(pupil, assignment):
        raise gates.NobodyThereError("whoever should be there works here no more")
    key = open_or_resume(pupil, assignment, code.student_id, language, now)
    codes.mark_used(pupil, code.id)
    audit.record(pupil, "administration.open", "administration", key.id, student_id=code.student_id)
    return Entry(key, code.actor)


def open_or_resume(
    unit: Unit, assignment: Assignment, student_id: UUID, language: str, now: datetime
) -> AdministrationKey:
    """The one administration of a respondent and an assignment, opened if it is not there.

    Where the trial or the permission to show the questions has ended, or the release is retired,
    what was opened before may be finished and nothing else is opened: `WithdrawnError`.
    """
    instrument = pinned_release(unit, assignment.release_id)
    born = unit.session.scalars(
        select(Student.birth_month).where(Student.id == student_id)
    ).one_or_none()
    if born is None:
        raise NotFoundError("student", student_id)
    respondent_id = unit.actor.account_id or student_id
    today = now.astimezone(KAZAKHSTAN)
    insertion = insert(Administration).values(
        id=uuid4(),
        school_year=assignment.school_year,
        assignment_id=assignment.id,
        student_id=student_id,
        school_id=assignment.school_id,
        respondent=assignment.respondent,
        respondent_id=respondent_id,
        instrument_id=instrument.id,
        release_id=assignment.release_id,
        structure_hash=instrument.hashes.structure,
        wording_hash=instrument.hashes.wordings[language],
        language=language,
        age_years=age_in_years(born.year, born.month, today.year, today.month),
        state=_OPEN,
        is_short=assignment.is_short,
    )
    if pilots.may_begin(unit, assignment):
        unit.session.execute(insertion.on_conflict_do_nothing())
    found = unit.session.scalars(
        select(Administration.id).where(
            Administration.school_year == assignment.school_year,
            Administration.assignment_id == assignment.id,
            Administration.student_id == student_id,
            Administration.respondent_id == respondent_id,
        )
    ).one_or_none()
    if found is None:
        raise WithdrawnError("these questions may not be shown any more")
    return AdministrationKey(assignment.school_year, found)


def start(unit: Unit, run: Run, language: str) -> None:
    """Begin, in the language now chosen; a second start changes nothing but the language.

    A pupil who begins after reading what this is has agreed to it, and that is written down.
    """
    _require_open(run)
    if not run.is_started:
        _assent(unit, run, ConsentState.GIVEN, language)
    _set(
        unit,
        run.key,
        language=language,
        wording_hash=run.instrument.hashes.wordings[language],
        started_at=func.coalesce(Administration.started_at, func.now()),
    )
    if run.is_short:
        adaptive.choose(unit, run)
    audit.record(
        unit, "administration.start", "administration", run.key.id, student_id=run.student_id
    )


def record_responses(unit: Unit, run: Run, given: Mapping[str, Answer]) -> None:
    """Keep answers, and act at once on a critical one.

    An answer equal to the recorded one changes nothing, so a repeated request is harmless; a blank
    never takes the place of an answer. Raises `UnknownItemError` or `UnknownOptionError` for what
    the instrument does not have, and `AdministrationEndedError`.
    """
    _require_open(run)
    for item, answer in given.items():
        run.instrument.weight(item, answer)
    changed = _keep(unit, run, given)
    if not changed:
        return
    flags = [flag for item in changed for flag in _critical(run, item, changed[item])]
    if flags:
        with _on_behalf_of_pupil(unit, run):
            referrals.raise_flags(unit, completion.subject_of(run), flags)
    audit.record(unit, "responses.record", "administration", run.key.id, student_id=run.student_id)


def complete(unit: Unit, run: Run) -> None:
    """Finish: score, flag and refer in the transaction that ends the administration.

    Completing what has ended changes nothing.
    """
    if not _end(unit, run, AdministrationState.COMPLETED):
        return
    # Read after the row is ours: an answer that came in meanwhile is counted, a later one refused.
    ended = load(unit, run.key)
    with _on_behalf_of_pupil(unit, run):
        completion.score_and_flag(unit, ended, ended.answers)
    audit.record(
        unit, "administration.complete", "administration", run.key.id, student_id=run.student_id
    )


def stop(unit: Unit, run: Run) -> None:
    """End early at the respondent's wish; answers given and flags raised stay.

    A pupil who stops before the first question has said no. Stopping at a question whose refusal
    counts at once is a refusal of it.
    """
    if run.is_open and run.is_started:
        record_responses(unit, run, dict.fromkeys(run.refused_by_stopping, SKIPPED))
    if _end(unit, run, AdministrationState.STOPPED):
        if not run.is_started:
            _assent(unit, run, ConsentState.REFUSED, run.language)
        audit.record(
            unit, "administration.stop", "administration", run.key.id, student_id=run.student_id
        )


def living(window: tuple[Assignment, datetime] | None) -> tuple[Assignment, datetime]:
    """The assignment with the time now; raises `NotOpenYetError` or `WindowClosedError`."""
    if window is None:
        raise WindowClosedError("the assignment was cancelled")
    assignment, now = window
    if now < assignment.opens_at:
        raise NotOpenYetError(assignment)
    if now >= assignment.closes_at:
        raise WindowClosedError("the window is over")
    return assignment, now


def _on_behalf_of_pupil(unit: Unit, run: Run) -> AbstractContextManager[None]:
    """A guardian sees neither flags nor cases, but what the guardian answers may open them."""
    if unit.session.info["scope"].kind is not ScopeKind.GUARDIAN:
        return nullcontext()
    return within_scope(unit.session, Scope.student(run.student_id))


def _assent(unit: Unit, run: Run, state: ConsentState, language: str) -> None:
    if run.respondent == "student":
        consents.record(
            unit,
            run.student_id,
            run.school_id,
            kind=ConsentKind.ASSENT,
            state=state,
            source=ConsentSource.SCREEN,
            language=language,
        )


def _require_open(run: Run) -> None:
    if not run.is_open:
        raise AdministrationEndedError(f"administration {run.key.id} has ended")


def _critical(run: Run, item: str, answer: Answer) -> tuple[Flag, ...]:
    return critical_flags(run.instrument, item, answer) if run.instrument.is_critical(item) else ()


def _keep(unit: Unit, run: Run, given: Mapping[str, Answer]) -> dict[str, Answer]:
    """Store what differs from what is recorded, and return it.

    What another request wrote since `run` was read is compared once more, under the lock on the
    run that the first try has taken: the same page sent twice at once is one answer, not a change.
    """
    kept: dict[str, Answer] = {}
    while changed := _differing(run, given):
        stored = _store(unit, run, changed)
        kept |= {item: changed[item] for item in stored}
        if len(stored) == len(changed):
            break
        run = load(unit, run.key)
    return kept


def _differing(run: Run, given: Mapping[str, Answer]) -> dict[str, Answer]:
    return {
        item: answer
        for item, answer in given.items()
        if run.answers.get(item) != answer
        and not (answer.state is AnswerState.SKIPPED and item in run.answers)
    }


def _store(unit: Unit, run: Run, changed: Mapping[str, Answer]) -> list[str]:
    """Write answers over what `run` has read; returns the items for which that still stood."""
    values = {
        "year": run.key.school_year,
        "id": run.key.id,
        "items": list(changed),
        "sealed": [
            seal(run.data_key, run.key.id, item, answer) for item, answer in changed.items()
        ],
        "changes": [run.changes.get(item, -1) + 1 for item in changed],
    }
    try:
        return list(unit.session.connection().execute(_KEEP, values).scalars())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _HAS_ENDED:
            raise
        # The failed statement has spoilt the transaction; the page to come needs a new one.
        unit.session.rollback()
        raise AdministrationEndedError(f"administration {run.key.id} has ended") from error


def _end(unit: Unit, run: Run, state: AdministrationState) -> bool:
    ended = unit.session.execute(
        update(Administration)
        .where(
            Administration.school_year == run.key.school_year,
            Administration.id == run.key.id,
            Administration.state == _OPEN,
        )
        .values(state=state.value, ended_at=func.now())
        .returning(Administration.id)
    )
    return ended.one_or_none() is not None


def _set(unit: Unit, key: AdministrationKey, **values: object) -> None:
    unit.session.execute(
        update(Administration)
        .where(Administration.school_year == key.school_year, Administration.id == key.id)
        .values(**values)
    )
