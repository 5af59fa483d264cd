"""Answer sheets that raise no flag, written for a whole class at once.

Their scores come from the same engine as anybody's; only the way into the database is shorter,
since 2,000 pupils twice would take minutes one by one. Whatever raises a flag takes the long way
(`demo_rounds`), so cases, referrals and notices are always real.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text

from tirek.domain.administration import AdministrationState
from tirek.domain.flagging import flags_for
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.people import Actor
from tirek.domain.quality import quality
from tirek.domain.scoring import ScaleScore
from tirek.services import audit
from tirek.services.completion import score_rows
from tirek.services.demo_pupils import DemoPupil
from tirek.services.referrals import Subject
from tirek.services.runs import seal
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, Score, StudentKey
from tirek.storage.vault import DataKey, WrappedKey

_RESPONSES = text(
    "INSERT INTO responses (school_year, administration_id, item_id, sealed, answered_at, changes)"
    " SELECT :year, id, item, sealed, moment, 0 FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:items AS text[]), CAST(:sealed AS bytea[]), CAST(:moments AS timestamptz[]))"
    " AS given (id, item, sealed, moment)"
)
_END = text(
    "UPDATE administrations a SET state = 'completed', ended_at = done.moment"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:moments AS timestamptz[])) AS done (id, moment)"
    " WHERE a.school_year = :year AND a.id = done.id"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One respondent's answers and when they were given."""

    pupil: DemoPupil
    respondent: Actor
    given: dict[str, Answer]
    scores: tuple[ScaleScore, ...]
    to_the_end: bool
    moment: datetime
    took: timedelta

    def is_calm(self, instrument: Instrument) -> bool:
        """Whether it was finished and nothing in it needs a person."""
        return self.to_the_end and not flags_for(instrument, self.scores, self.given)


def write(
    unit: Unit, assignment: Assignment, instrument: Instrument, sheets: Sequence[Sheet]
) -> None:
    """Write the calm sheets of one assignment with administrations, answers and scores."""
    if not sheets:
        return
    keys = _keys(unit, [sheet.pupil.student.id for sheet in sheets])
    filled = [(uuid4(), sheet) for sheet in sheets]
    rows = [_administration(assignment, instrument, new_id, one) for new_id, one in filled]
    unit.session.execute(insert(Administration), rows)
    _write_responses(unit, assignment, keys, filled)
    unit.session.execute(
        _END,
        {
            "year": assignment.school_year,
            "ids": [new_id for new_id, _ in filled],
            "moments": [sheet.moment for _, sheet in filled],
        },
    )
    unit.session.execute(
        insert(Score), [row for pair in filled for row in _scores(assignment, instrument, *pair)]
    )
    audit.record(unit, "administrations.import", "assignment", assignment.id)


def _keys(unit: Unit, student_ids: list[UUID]) -> dict[UUID, DataKey]:
    rows = unit.session.execute(
        select(StudentKey.student_id, StudentKey.kek_version, StudentKey.wrapped).where(
            StudentKey.student_id.in_(student_ids)
        )
    )
    return {
        student_id: unit.vault.unwrap(WrappedKey(version, wrapped), str(student_id))
        for student_id, version, wrapped in rows
    }


def _administration(
    assignment: Assignment, instrument: Instrument, new_id: UUID, sheet: Sheet
) -> dict[str, object]:
    language = sheet.pupil.place.language
    started_at = sheet.moment - sheet.took
    return {
        "school_year": assignment.school_year,
        "id": new_id,
        "assignment_id": assignment.id,
        "student_id": sheet.pupil.student.id,
        "school_id": assignment.school_id,
        "respondent": assignment.respondent,
        "respondent_id": sheet.respondent.account_id or sheet.pupil.student.id,
        "instrument_id": instrument.id,
        "release_id": assignment.release_id,
        "structure_hash": instrument.hashes.structure,
        "wording_hash": instrument.hashes.wordings[language],
        "language": language,
        "age_years": sheet.pupil.age_at(sheet.moment),
        # Answers are taken only while it is open, here too.
        "state": AdministrationState.OPEN.value,
        "quality": asdict(quality(instrument, sheet.given)),
        "opened_at": started_at,
        "started_at": started_at,
    }


def _write_responses(
    unit: Unit,
    assignment: Assignment,
    keys: dict[UUID, DataKey],
    filled: Sequence[tuple[UUID, Sheet]],
) -> None:
    cells = [
        (new_id, item, seal(keys[sheet.pupil.student.id], new_id, item, answer), sheet.moment)
        for new_id, sheet in filled
        for item, answer in sheet.given.items()
    ]
    ids, items, sealed, moments = (list(column) for column in zip(*cells, strict=True))
    unit.session.execute(
        _RESPONSES,
        {
            "year": assignment.school_year,
            "ids": ids,
            "items": items,
            "sealed": sealed,
            "moments": moments,
        },
    )


def _scores(
    assignment: Assignment, instrument: Instrument, new_id: UUID, sheet: Sheet
) -> list[dict[str, object]]:
    subject = Subject(
        assignment.school_year,
        new_id,
        sheet.pupil.student.id,
        assignment.school_id,
        instrument.hashes.interpretation,
    )
    rows = score_rows(subject, instrument, sheet.scores)
    return [row | {"computed_at": sheet.moment} for row in rows]
