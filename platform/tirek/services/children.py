"""A guardian's children: what is asked about each, and what the guardian has said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select, true

from tirek.domain.administration import AdministrationState, age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import (
    ConsentKind,
    ConsentSource,
    ConsentState,
    Purpose,
    guardian_says,
    may_administer,
)
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Instrument
from tirek.services import administrations, audit, consents, pilots, runs
from tirek.services.administrations import ConsentMissingError
from tirek.services.runs import AdministrationKey, Run
from tirek.services.unit import Unit
from tirek.storage.models import (
    Administration,
    Assignment,
    Classroom,
    Consent,
    Guardianship,
    InstrumentRelease,
    School,
    Student,
)

GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil as the guardian's pages name them: by school code and class, for want of a name."""

    id: UUID
    school: School
    classroom: Classroom
    school_code: str
    birth_month: date
    has_left: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What was once said about this child, by this guardian or another adult."""

    state: ConsentState
    source: ConsentSource
    made_at: datetime
    language: str | None
    text_version: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A questionnaire about a child that this guardian is asked to fill in."""

    assignment: Assignment
    instrument: Instrument
    key: AdministrationKey | None
    state: AdministrationState | None
    is_started: bool
    ended_at: datetime | None
    is_in_window: bool

    @property
    def has_ended(self) -> bool:
        """Whether the guardian has finished or stopped it."""
        return self.state is not None and self.state is not AdministrationState.OPEN


def of_guardian(unit: Unit) -> list[Child]:
    """The children of the guardian who acts, in the order of their school codes."""
    found = [_child(row) for row in unit.session.execute(_children(unit))]
    for child in found:
        audit.record(
            unit, "child.read", "student", child.id, student_id=child.id, school_id=child.school.id
        )
    return found


def get_child(unit: Unit, student_id: UUID) -> Child:
    """One of the guardian's children; raises `NotFoundError` for anybody else's."""
    row = unit.session.execute(_children(unit).where(Student.id == student_id)).one_or_none()
    if row is None:
        raise NotFoundError("student", student_id)
    return _child(row)


def _children(unit: Unit) -> Select[Student, Classroom, School]:
    return (
        select(Student, Classroom, School)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .join(School, School.id == Student.school_id)
        .where(Guardianship.account_id == unit.actor.account_id, Guardianship.revoked_at.is_(None))
        .order_by(Student.school_code, Student.id)
    )


def _child(row: Row[Student, Classroom, School]) -> Child:
    student, classroom, school = row
    return Child(
        student.id,
        school,
        classroom,
        student.school_code,
        student.birth_month,
        student.left_at is not None,
    )


def statements(unit: Unit, child: Child) -> dict[Purpose, list[Statement]]:
    """What guardians have said about this child for each purpose, the latest first."""
    rows = unit.session.scalars(
        select(Consent)
        .where(Consent.student_id == child.id, Consent.kind == ConsentKind.GUARDIAN.value)
        .order_by(Consent.id.desc())
    )
    audit.record(
        unit, "consent.read", "student", child.id, student_id=child.id, school_id=child.school.id
    )
    said: dict[Purpose, list[Statement]] = {purpose: [] for purpose in Purpose}
    for row in rows:
        said[Purpose(row.purpose)].append(
            Statement(
                ConsentState(row.state),
                ConsentSource(row.source),
                row.created_at,
                row.language,
                row.text_version,
                row.account_id == unit.actor.account_id,
            )
        )
    return said


def decide(
    unit: Unit,
    child: Child,
    *,
    agrees: bool,
    language: str,
    purpose: Purpose = Purpose.SCREENING,
) -> ConsentState:
    """Record the guardian's yes or no to the text of today in the language that was read.

    Saying the same thing twice adds nothing, unless the text has changed in meaning in between.
    """
    # The lock makes two answers about one child follow one another.
    unit.session.execute(select(Student.id).where(Student.id == child.id).with_for_update())
    last = consents.last_of_guardians(unit, [child.id], purpose).get(child.id)
    state = guardian_says(last.state if last else None, agrees=agrees)
    texts = unit.catalog.consents[purpose]
    if last is None or state is not last.state or not texts.still_means(last.text_version):
        consents.record(
            unit,
            child.id,
            child.school.id,
            kind=ConsentKind.GUARDIAN,
            state=state,
            source=ConsentSource.ACCOUNT,
            purpose=purpose,
            language=language,
        )
    return state


def asked_about(unit: Unit, child: Child) -> list[Asked]:
    """What waits for this guardian now, and what they have answered about this class."""
    now = unit.now()
    mine = Administration.id.is_not(None)
    at_school = false() if child.has_left else true()
    waiting = and_(Assignment.closes_at > now, at_school)
    rows = unit.session.execute(
        _asked(unit, child).where(or_(mine, waiting)).order_by(Assignment.closes_at, Assignment.id)
    )
    found = (_as_asked(unit, row, now) for row in rows)
    return [one for one in found if one is not None and _fits(one, child, now)]


def get_asked(unit: Unit, child: Child, assignment_id: UUID) -> Asked:
    """One of them, also when its window is over; raises `NotFoundError`, also before it begins."""
    row = unit.session.execute(
        _asked(unit, child).where(Assignment.id == assignment_id)
    ).one_or_none()
    now = unit.now()
    found = None if row is None else _as_asked(unit, row, now)
    if found is None or not _fits(found, child, now):
        raise NotFoundError("assignment", assignment_id)
    return found


def _asked(unit: Unit, child: Child) -> Select[Assignment, str, str, Administration]:
    return (
        select(
            Assignment,
            InstrumentRelease.instrument_id,
            InstrumentRelease.structure_hash,
            Administration,
        )
        .join(InstrumentRelease, InstrumentRelease.id == Assignment.release_id)
        .outerjoin(Administration, _own_administration(unit, child))
        .where(
            Assignment.classroom_id == child.classroom.id,
            Assignment.respondent == GUARDIAN,
            Assignment.cancelled_at.is_(None),
            Assignment.opens_at <= func.now(),
        )
    )


def _own_administration(unit: Unit, child: Child) -> ColumnElement[bool]:
    return and_(
        Administration.school_year == Assignment.school_year,
        Administration.assignment_id == Assignment.id,
        Administration.student_id == child.id,
        Administration.respondent_id == unit.actor.account_id,
    )


def _as_asked(
    unit: Unit, row: Row[Assignment, str, str, Administration], now: datetime
) -> Asked | None:
    assignment, instrument_id, structure_hash, own = row
    try:
        instrument = runs.pinned(unit, instrument_id, structure_hash)
    except NotFoundError:
        # The files no longer hold what was asked: its items must not be shown under another one.
        return None
    key = AdministrationKey(own.school_year, own.id) if own else None
    if key is None and not pilots.may_begin(unit, assignment):
        return None
    return Asked(
        assignment,
        instrument,
        key,
        AdministrationState(own.state) if own else None,
        own is not None and own.started_at is not None,
        own.ended_at if own else None,
        now < assignment.closes_at,
    )


def _fits(asked: Asked, child: Child, now: datetime) -> bool:
    today, born = now.astimezone(KAZAKHSTAN), child.birth_month
    age = age_in_years(born.year, born.month, today.year, today.month)
    return asked.key is not None or asked.instrument.fits_age(age)


def begin(unit: Unit, child: Child, asked: Asked, language: str) -> Run:
    """Open the questionnaire or find it again, and start it in this language.

    Raises `WindowClosedError` or `ConsentMissingError`.
    """
    assignment, now = administrations.living((asked.assignment, unit.now()))
    require_consent(unit, child)
    key = administrations.open_or_resume(unit, assignment, child.id, language, now)
    run = runs.load(unit, key)
    if run.is_open:
        administrations.start(unit, run, language)
    # A shorter run has its first question only now.
    return runs.load(unit, key) if run.is_short else run


def load_run(unit: Unit, child: Child, asked: Asked) -> Run:
    """What this guardian has begun to answer; raises `NotFoundError` when nothing was begun."""
    if asked.key is None:
        raise NotFoundError("administration", asked.assignment.id)
    run = runs.load(unit, asked.key)
    audit.record(
        unit,
        "administration.read",
        "administration",
        run.key.id,
        student_id=child.id,
        school_id=run.school_id,
    )
    return run


def require_consent(unit: Unit, child: Child) -> None:
    """Raise `ConsentMissingError` unless a guardian's yes stands."""
    if not may_administer(consented(unit, [child]).get(child.id)):
        raise ConsentMissingError("no consent of a guardian")


def consented(
    unit: Unit, children: Sequence[Child], purpose: Purpose = Purpose.SCREENING
) -> dict[UUID, ConsentState]:
    """The last word about each child; children about whom nothing was said are absent."""
    return consents.latest(unit, [child.id for child in children], ConsentKind.GUARDIAN, purpose)
