"""Many finished questionnaires at once, for what is counted of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from tests.world import SchoolWorld, World
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.scoring import score
from tirek.services import runs, students
from tirek.services.completion import score_rows
from tirek.services.referrals import Subject
from tirek.storage.models import Administration, Response, Score, Student

Answers = Mapping[str, Answer]
Answering = Callable[[Random, Instrument, str], Answers]

_END = text(
    "UPDATE administrations SET state = 'completed', ended_at = :moment"
    " WHERE school_year = :year AND id = ANY(:ids)"
)


@dataclass(frozen=True)
class Crowd:
    """Pupils who were made, and what each of them finished."""

    students: list[Student] = field(default_factory=list)
    sheets: list[UUID] = field(default_factory=list)


def honest(chance: Random, instrument: Instrument, _language: str) -> Answers:
    """Answers that hang together: one state behind all items, and some chance in each."""
    state = chance.gauss(0, 1)
    found = {}
    for item in instrument.items:
        options = instrument.options(item.id)
        at = round((len(options) - 1) / 2 + state + chance.gauss(0, 0.7))
        found[item.id] = code(options[min(max(at, 0), len(options) - 1)].code)
    return found


def code(value: str) -> Answer:
    return Answer(AnswerState.ANSWERED, value)


def answer_all(  # noqa: PLR0913 - a crowd differs in this many ways
    world: World,
    school: SchoolWorld,
    instrument_id: str,
    language: str,
    number: int,
    *,
    answering: Answering = honest,
    seed: int = 1,
    of: Sequence[Student] = (),
    age: int = 14,
    days_ago: int = 1,
) -> Crowd:
    """So many new pupils of a school (or those of `of`) finish a questionnaire."""
    unit, instrument = world.unit(), world.catalog.instruments[instrument_id]
    assignment = school.assignments[instrument_id]
    chance, made = Random(f"{seed} {language} {school.id}"), Crowd()  # noqa: S311
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    made.students.extend(of or [_pupil(world, school, at) for at in range(number)])
    unit.session.flush()
    sheets, responses, scores = [], [], []
    for student in made.students:
        sheet = uuid4()
        given = answering(chance, instrument, language)
        sheets.append(_administration(instrument, assignment, student, sheet, language, age))
        responses += _responses(world, assignment.school_year, student, sheet, given, moment)
        subject = Subject(
            assignment.school_year,
            sheet,
            student.id,
            student.school_id,
            instrument.hashes.interpretation,
        )
        scores += score_rows(subject, instrument, score(instrument, given))
        made.sheets.append(sheet)
    unit.session.execute(insert(Administration), sheets)
    unit.session.execute(insert(Response), responses)
    unit.session.execute(
        _END, {"year": assignment.school_year, "ids": made.sheets, "moment": moment}
    )
    unit.session.execute(insert(Score), scores)
    return made


def _pupil(world: World, school: SchoolWorld, at: int) -> Student:
    return students.enrol(
        world.session,
        world.vault,
        school.classroom,
        f"M-{uuid4().hex[:8]}-{at}",
        birth_month=date(2012, 1, 1),
        sex="fm"[at % 2],
    )


def _administration(
    instrument: Instrument,
    assignment: object,
    student: Student,
    sheet: UUID,
    language: str,
    age: int,
) -> dict[str, object]:
    moment = datetime.now(UTC) - timedelta(days=2)
    return {
        "school_year": assignment.school_year,  # type: ignore[attr-defined]
        "id": sheet,
        "assignment_id": assignment.id,  # type: ignore[attr-defined]
        "student_id": student.id,
        "school_id": student.school_id,
        "respondent": assignment.respondent,  # type: ignore[attr-defined]
        "respondent_id": sheet,
        "instrument_id": instrument.id,
        "release_id": assignment.release_id,  # type: ignore[attr-defined]
        "structure_hash": instrument.hashes.structure,
        "wording_hash": instrument.hashes.wordings[language],
        "language": language,
        "age_years": age,
        "state": "open",
        "quality": None,
        "opened_at": moment,
        "started_at": moment,
    }


def _responses(
    world: World, year: int, student: Student, sheet: UUID, given: Answers, moment: datetime
) -> list[dict[str, object]]:
    key = students.data_key(world.unit(), student.id)
    start = moment - timedelta(seconds=5 * len(given))
    return [
        {
            "school_year": year,
            "administration_id": sheet,
            "item_id": item,
            "sealed": runs.seal(key, sheet, item, answer),
            "answered_at": start + timedelta(seconds=5 * at),
            "changes": 0,
        }
        for at, (item, answer) in enumerate(given.items())
    ]
