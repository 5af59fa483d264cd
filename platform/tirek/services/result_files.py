"""The finished answers of one class as files for other programs; each child's is audited."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import select

from tirek.catalog.exchange.records import code_book, csv_records, fhir_results, redcap_records, sav
from tirek.catalog.exchange.records.record import Record, Scored
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Instrument
from tirek.domain.scoring import score
from tirek.services import assignment_rows, audit, runs
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, Student

Writer = Callable[[Instrument, Iterable[Scored]], bytes]
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "csv": csv_records.write,
        "redcap": redcap_records.write,
        "sav": sav.write,
        "fhir": fhir_results.write,
    }
)
CODE_BOOK = "codes"


def write(unit: Unit, assignment: Assignment, kind: str) -> bytes:
    """The file of a kind in `WRITERS`, or the code book, which holds nobody's answers.

    Raises what `records_of` raises.
    """
    if kind == CODE_BOOK:
        return code_book.write(runs.pinned_release(unit, assignment.release_id))
    return WRITERS[kind](*records_of(unit, assignment))


def records_of(unit: Unit, assignment: Assignment) -> tuple[Instrument, list[Scored]]:
    """Every finished administration of an assignment of the own school, by school code.

    Without names. Raises `NotFoundError` where results may not be read one by one, and where the
    files no longer hold the structure that was answered.
    """
    row = assignment_rows.row_of(unit, assignment)
    if not row.is_read_per_person:
        raise NotFoundError("results of single people", assignment.id)
    found = unit.session.execute(
        select(Administration, Student)
        .join(Student, Student.id == Administration.student_id)
        .where(
            Administration.school_year == assignment.school_year,
            Administration.assignment_id == assignment.id,
            Administration.school_id == unit.actor.school_id,
            Administration.state == "completed",
        )
        .order_by(Student.school_code, Administration.ended_at)
    ).all()
    instrument = runs.pinned_release(unit, assignment.release_id)
    sheets: Counter[str] = Counter()
    scored = []
    for one, student in found:
        sheets[student.school_code] += 1
        name = _name(student.school_code, sheets[student.school_code])
        scored.append(_scored(unit, instrument, one, student, name))
    return instrument, scored


def _name(code: str, number: int) -> str:
    """A sheet's name in a file: a child whom both parents answer about is two of them.

    REDCap keeps one row of a name, the last.
    """
    return code if number == 1 else f"{code}_{number}"


def _scored(
    unit: Unit, instrument: Instrument, administration: Administration, student: Student, name: str
) -> Scored:
    key = AdministrationKey(administration.school_year, administration.id)
    run = runs.load(unit, key)
    answers = run.answers
    facts = {
        "record": name,
        "language": administration.language,
        "age": str(administration.age_years),
        "sex": student.sex or "",
        "ended": _day(administration),
    }
    audit.record(
        unit,
        "result.export",
        "administration",
        key.id,
        student_id=student.id,
        school_id=student.school_id,
    )
    return Scored(Record("", facts, answers), score(instrument, answers, run.unasked), ())


def _day(administration: Administration) -> str:
    """The day of the answers: what was entered from a file was answered before."""
    if administration.answered_on is not None:
        return administration.answered_on.isoformat()
    ended = administration.ended_at
    return ended.astimezone(KAZAKHSTAN).date().isoformat() if ended else ""
