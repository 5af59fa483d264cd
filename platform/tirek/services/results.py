"""One administration's result as the school psychologist reads it; reading it is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.interpretation import Sex
from tirek.domain.precision import ScorePrecision, precision_of
from tirek.domain.scales import CATEGORIES
from tirek.domain.scoring import ScaleScore
from tirek.services import audit, runs
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import (
    Administration,
    Classroom,
    FlagRecord,
    ReviewTask,
    Score,
    Student,
)


@dataclass(frozen=True, slots=True)
class ShownScale:
    """One scale: a value or the reason for having none; its band only where it may be named."""

    scale: str
    name: str
    value: Decimal | None
    reason: str | None
    answered: int
    prorated: bool
    band: str | None
    highest: Fraction | None
    # The value stands for a pattern, so only the band's name says anything.
    is_category: bool
    precision: ScorePrecision | None


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One item by its topic, with what was answered."""

    item: str
    topic: str
    answer: Answer
    label: str | None
    is_critical: bool


@dataclass(frozen=True, slots=True)
class Round:
    """One time this pupil answered this instrument; values by scale, None when not computable."""

    key: AdministrationKey
    ended_at: datetime
    structure_hash: str
    values: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Result:
    """Everything the page of one result shows."""

    administration: Administration
    student: Student
    classroom: Classroom
    # None when the files no longer hold the structure that was answered: scores stay readable.
    instrument: Instrument | None
    is_working: bool
    scales: tuple[ShownScale, ...]
    answers: tuple[ShownAnswer, ...]
    quality: Mapping[str, Any]
    flags: Sequence[FlagRecord]
    reviews: Sequence[ReviewTask]
    rounds: tuple[Round, ...]


def open_result(unit: Unit, key: AdministrationKey, language: str) -> Result:
    """Open a result of the own school, with texts in `language`; raises `NotFoundError`."""
    administration, student, classroom = _administration(unit, key)
    instrument = _instrument(unit, administration)
    is_working = _is_working(instrument, administration)
    result = Result(
        administration,
        student,
        classroom,
        instrument,
        is_working,
        _scales(
            _shown(unit, administration, is_working=is_working),
            instrument,
            student,
            language,
            is_working=is_working,
        ),
        _answers(unit, key, instrument, language),
        administration.quality or {},
        _flags(unit, key),
        _reviews(unit, key),
        _rounds(unit, administration),
    )
    audit.record(
        unit,
        "result.view",
        "administration",
        key.id,
        student_id=student.id,
        school_id=student.school_id,
    )
    return result


def _administration(
    unit: Unit, key: AdministrationKey
) -> tuple[Administration, Student, Classroom]:
    row = unit.session.execute(
        select(Administration, Student, Classroom)
        .join(Student, Student.id == Administration.student_id)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .where(
            Administration.school_year == key.school_year,
            Administration.id == key.id,
            Administration.school_id == unit.actor.school_id,
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("administration", key.id)
    return row[0], row[1], row[2]


def _instrument(unit: Unit, administration: Administration) -> Instrument | None:
    instrument = unit.catalog.instruments.get(administration.instrument_id)
    if instrument is None or instrument.hashes.structure != administration.structure_hash:
        return None
    return instrument


def _is_working(instrument: Instrument | None, administration: Administration) -> bool:
    """Whether norms and bands stay hidden; a wording we no longer hold counts as a working one."""
    if instrument is None:
        return True
    language = administration.language
    if instrument.hashes.wordings.get(language) != administration.wording_hash:
        return True
    return instrument.wording(language).is_working


def _shown(unit: Unit, administration: Administration, *, is_working: bool) -> list[Score]:
    """The scores that may be shown: a pattern is a label in numbers, so a working wording has none.

    Whether a scale is a pattern is asked of the instrument as we hold it today, so that an older
    release hides the same ones.
    """
    scores = _latest_scores(
        unit, [AdministrationKey(administration.school_year, administration.id)]
    )
    patterns = _patterns(unit.catalog.instruments.get(administration.instrument_id))
    return [score for score in scores if not (is_working and score.scale in patterns)]


def _patterns(instrument: Instrument | None) -> set[str]:
    """The scales whose values stand for patterns or roles."""
    scales = instrument.scoring.scales if instrument else ()
    return {scale.id for scale in scales if scale.method in CATEGORIES}


def _scales(
    scores: Sequence[Score],
    instrument: Instrument | None,
    student: Student,
    language: str,
    *,
    is_working: bool,
) -> tuple[ShownScale, ...]:
    order = [scale.id for scale in instrument.scoring.scales] if instrument else []
    return tuple(
        ShownScale(
            score.scale,
            instrument.text(language, f"scale.{score.scale}") if instrument else score.scale,
            score.value,
            score.reason,
            score.answered,
            score.prorated,
            None if is_working else score.band,
            instrument.scale(score.scale).highest if instrument else None,
            score.scale in _patterns(instrument),
            _precision(score, instrument, student),
        )
        for score in sorted(scores, key=lambda one: order.index(one.scale) if order else 0)
    )


def _precision(
    score: Score, instrument: Instrument | None, student: Student
) -> ScorePrecision | None:
    """How sure the score is, from the very figures it was interpreted with."""
    if instrument is None or score.interpretation_hash != instrument.hashes.interpretation:
        return None
    if score.value is None:
        return None
    exact = ScaleScore(score.scale, Fraction(score.value), None, score.answered, score.prorated)
    return precision_of(instrument, exact, Sex(student.sex) if student.sex else None)


def _answers(
    unit: Unit, key: AdministrationKey, instrument: Instrument | None, language: str
) -> tuple[ShownAnswer, ...]:
    if instrument is None:
        return ()
    given = runs.load(unit, key).answers
    return tuple(
        ShownAnswer(
            item.id,
            instrument.text(language, f"{item.id}.topic"),
            answer,
            instrument.text(language, f"{item.options}.{answer.code}") if answer.code else None,
            instrument.is_critical(item.id),
        )
        for item in instrument.items
        for answer in [given.get(item.id, UNSEEN)]
    )


def _flags(unit: Unit, key: AdministrationKey) -> Sequence[FlagRecord]:
    return unit.session.scalars(
        select(FlagRecord)
        .where(FlagRecord.school_year == key.school_year, FlagRecord.administration_id == key.id)
        .order_by(FlagRecord.created_at, FlagRecord.code)
    ).all()


def _reviews(unit: Unit, key: AdministrationKey) -> Sequence[ReviewTask]:
    return unit.session.scalars(
        select(ReviewTask)
        .where(ReviewTask.school_year == key.school_year, ReviewTask.administration_id == key.id)
        .order_by(ReviewTask.created_at)
    ).all()


def _rounds(unit: Unit, administration: Administration) -> tuple[Round, ...]:
    """Every finished time of the same pupil, instrument and kind of respondent, oldest first."""
    found = unit.session.scalars(
        select(Administration)
        .where(
            Administration.student_id == administration.student_id,
            Administration.school_id == unit.actor.school_id,
            Administration.instrument_id == administration.instrument_id,
            Administration.respondent_id == administration.respondent_id,
            Administration.state == "completed",
        )
        .order_by(Administration.ended_at)
    ).all()
    keys = [AdministrationKey(one.school_year, one.id) for one in found]
    values: dict[object, dict[str, Decimal | None]] = {key.id: {} for key in keys}
    for score in _latest_scores(unit, keys):
        values[score.administration_id][score.scale] = score.value
    return tuple(
        Round(key, one.ended_at, one.structure_hash, values[key.id])
        for key, one in zip(keys, found, strict=True)
        if one.ended_at is not None
    )


def _latest_scores(unit: Unit, keys: Sequence[AdministrationKey]) -> list[Score]:
    """One score for each scale of each administration: rescoring adds a row, the last counts."""
    rows = unit.session.scalars(
        select(Score)
        .where(
            Score.school_year.in_({key.school_year for key in keys}),
            Score.administration_id.in_([key.id for key in keys]),
        )
        .order_by(Score.computed_at)
    )
    return list({(score.administration_id, score.scale): score for score in rows}.values())
