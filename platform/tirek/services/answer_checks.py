"""What a file of answers would mean for a class: whose rows they are, and what stands against it.

Nothing is written. The same look is taken when the file is shown and again when it is entered.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import select

from tirek.catalog.exchange.foreign import Remark
from tirek.catalog.exchange.records.record import Record, rescored
from tirek.domain.answer_entry import (
    Doubt,
    EntryRefusal,
    RowDoubt,
    RowFault,
    called_for,
    day_fault,
    day_of,
    given_answers,
)
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, ConsentState, may_administer
from tirek.domain.gates import Gate
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.levels import Level
from tirek.domain.referral import URGENT
from tirek.services import answer_files, assignment_rows, classrooms, consents, gates, runs
from tirek.services.assignment_rows import AssignmentState
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, Campaign, Student


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file against our own lists; `level` says how urgently it calls for somebody."""

    place: str
    code: str
    student: Student | None
    # Whoever of the school bears the code, in this class or not: the answers may be theirs.
    bearer: Student | None
    language: str
    answered_on: date | None
    given: dict[str, Answer]
    level: Level | None
    faults: tuple[RowFault, ...]
    doubts: tuple[Doubt, ...]
    # Totals that came along and are not what the answers give.
    refuted: tuple[Remark, ...]

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(answer.is_answered for answer in self.given.values())


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole file as it would be entered."""

    instrument: Instrument
    refusal: EntryRefusal | None
    rows: tuple[Row, ...]
    faults: tuple[Remark, ...]
    remarks: tuple[Remark, ...]

    @property
    def is_ready(self) -> bool:
        """Whether every row may be entered; one that may not keeps back all others."""
        is_wrong = self.refusal or self.faults or any(row.faults for row in self.rows)
        return bool(self.rows) and not is_wrong

    @property
    def flagged(self) -> tuple[Row, ...]:
        """The rows that call for somebody."""
        return tuple(row for row in self.rows if row.level is not None)

    @property
    def urgent(self) -> tuple[Row, ...]:
        """The rows that call for somebody today."""
        return tuple(row for row in self.rows if row.level in URGENT)


@dataclass(frozen=True, slots=True)
class _Class:
    """Our own lists: who is in the class, who elsewhere in the school, and who may be entered."""

    pupils: dict[str, Student]
    elsewhere: dict[str, Student]
    answered: frozenset[UUID]
    said: dict[UUID, ConsentState]
    # The first day of the round, and today.
    begins: date
    today: date


def refusal(unit: Unit, assignment: Assignment) -> EntryRefusal | None:
    """Why no file is taken for an assignment of the own school; None where one may be."""
    instrument = unit.catalog.instruments.get(assignment.instrument_id)
    row = assignment_rows.row_of(unit, assignment)
    met = {
        EntryRefusal.SCHOOL_LEVEL: instrument is not None
        and not gates.is_read_per_person(instrument),
        EntryRefusal.STAFFED: assignment.staffed_by is not None
        or (instrument is not None and instrument.structure.gate is Gate.STAFFED_WINDOW),
        EntryRefusal.GUARDIANS: assignment.respondent != "student",
        EntryRefusal.SHORT: assignment.is_short,
        EntryRefusal.NOT_OPEN: row.state is not AssignmentState.OPEN,
        EntryRefusal.NOT_ALLOWED: instrument is None or row.withdrawn is not None,
    }
    return next((why for why, is_met in met.items() if is_met), None)


def preview(unit: Unit, assignment: Assignment, content: bytes, language: str) -> Preview:
    """Look a file over; a row that names no language counts as answered in `language`.

    Raises `NotFoundError` where the files no longer hold the structure that the assignment pins.
    """
    instrument = runs.pinned_release(unit, assignment.release_id)
    read = answer_files.read(instrument, content)
    codes = Counter(_code(record) for record in read.records)
    room = _class(unit, assignment, codes)
    rows = tuple(
        _row(instrument, room, record, language, is_twice=codes[_code(record)] > 1)
        for record in read.records
    )
    return Preview(instrument, refusal(unit, assignment), rows, read.faults, read.remarks)


def _code(record: Record) -> str:
    return _fact(record, "record")


def _fact(record: Record, name: str) -> str:
    # Neither the database nor a page may be given the zero byte that a broken file may hold.
    return record.facts.get(name, "").strip().replace("\0", "\ufffd")


def _class(unit: Unit, assignment: Assignment, codes: Iterable[str]) -> _Class:
    pupils = {one.school_code: one for one in classrooms.pupils(unit, assignment.classroom_id)}
    ids = [one.id for one in pupils.values()]
    known = unit.session.scalars(
        select(Student).where(
            Student.school_id == unit.actor.school_id, Student.school_code.in_(codes)
        )
    )
    answered = unit.session.scalars(
        select(Administration.student_id).where(
            Administration.school_year == assignment.school_year,
            Administration.assignment_id == assignment.id,
        )
    )
    campaign = unit.session.get_one(Campaign, assignment.campaign_id)
    return _Class(
        pupils,
        {one.school_code: one for one in known if one.school_code not in pupils},
        frozenset(answered),
        consents.latest(unit, ids, ConsentKind.GUARDIAN),
        campaign.starts_at.astimezone(KAZAKHSTAN).date(),
        unit.now().astimezone(KAZAKHSTAN).date(),
    )


def _row(
    instrument: Instrument, room: _Class, record: Record, language: str, *, is_twice: bool
) -> Row:
    code = _code(record)
    student = room.pupils.get(code)
    given = given_answers(instrument, record.answers)
    spoken = _fact(record, "language") or language
    day, faults = _day(record, room)
    faults += [RowFault.TWICE] if is_twice and code else []
    faults += [] if spoken in instrument.wordings else [RowFault.LANGUAGE]
    faults += [] if any(one.is_answered for one in given.values()) else [RowFault.NO_ANSWERS]
    faults += _whose(room, code) if student is None else _entry(instrument, room, student, day)
    return Row(
        record.place,
        code,
        student,
        student or room.elsewhere.get(code),
        spoken,
        day,
        given,
        called_for(instrument, given),
        tuple(faults),
        () if student is None else tuple(_doubts(record, student, day or room.today)),
        tuple(remark for one in rescored(instrument, [record]) for remark in one.refuted),
    )


def _day(record: Record, room: _Class) -> tuple[date | None, list[RowFault]]:
    try:
        day = day_of(_fact(record, "ended"))
    except ValueError:
        return None, [RowFault.DAY_UNREADABLE]
    fault = day_fault(day, room.begins, room.today)
    return (None, [fault]) if fault else (day, [])


def _whose(room: _Class, code: str) -> list[RowFault]:
    if not code:
        return [RowFault.NO_CODE]
    return [RowFault.OTHER_CLASS if code in room.elsewhere else RowFault.UNKNOWN_PUPIL]


def _entry(
    instrument: Instrument, room: _Class, student: Student, day: date | None
) -> list[RowFault]:
    """What stands against entering anything about a pupil of the class."""
    said = room.said.get(student.id)
    faults = []
    if student.id in room.answered:
        faults.append(RowFault.ANSWERED)
    if not may_administer(said):
        faults.append(RowFault.NO_CONSENT if said is None else RowFault.CONSENT_REFUSED)
    if not instrument.fits_age(_age(student, day or room.today)):
        faults.append(RowFault.OUTSIDE_AGE)
    return faults


def _doubts(record: Record, student: Student, day: date) -> Iterable[Doubt]:
    """Say where a row speaks of somebody else: a mistyped code is another child's."""
    age, ours = _fact(record, "age"), _age(student, day)
    if age and age.removesuffix(".0") != str(ours):
        yield Doubt(RowDoubt.AGE, age[:20], str(ours))
    sex = _fact(record, "sex").lower()
    if sex and student.sex and sex != student.sex:
        yield Doubt(RowDoubt.SEX, sex[:20], student.sex)


def _age(student: Student, day: date) -> int:
    return classrooms.age_at(student, moment_of(day))


def moment_of(day: date) -> datetime:
    """The middle of a day in Kazakhstan: all that is known of the hour."""
    return datetime.combine(day, time(12), KAZAKHSTAN)
