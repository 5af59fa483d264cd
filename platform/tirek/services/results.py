"""One administration's result as the school psychologist reads it; reading it is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from tirek.domain.answer_times import Pace
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.interpretation import Sex
from tirek.domain.levels import Level
from tirek.domain.norms import Refusal, Standing, standing
from tirek.domain.precision import ScorePrecision, precision_of
from tirek.domain.reliable_change import Moved
from tirek.domain.scales import CATEGORIES
from tirek.domain.scoring import ScaleScore
from tirek.services import audit, gates, runs
from tirek.services.answer_paces import pace_of
from tirek.services.answer_patterns import Pattern, fit_of, pattern_of
from tirek.services.informants import OtherView, other_views
from tirek.services.latest_scores import latest_scores
from tirek.services.result_rounds import Round, changes_since, rounds_of
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
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
    # Its place among others, or why nobody may name one.
    standing: Standing | Refusal | None
    # What cut-offs are compared with, where that is not the exact value.
    judged_at: Fraction | None
    # The standard error of an estimate from calibrated items.
    error: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One item by its topic, with what was answered."""

    item: str
    topic: str
    answer: Answer
    label: str | None
    is_critical: bool


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
    # By scale, against the round before; empty where nothing can be compared.
    changes: Mapping[str, Moved]
    others: tuple[OtherView, ...]
    pace: Pace | None
    pattern: Pattern | None
    # lz, where the items are calibrated.
    fit: float | None
    # Who entered it from a file; None for what was answered here.
    entered_by: str | None


def open_result(unit: Unit, key: AdministrationKey, language: str) -> Result:
    """Open a result of the own school, with texts in `language`; raises `NotFoundError`."""
    administration, student, classroom = _administration(unit, key)
    instrument = _instrument(unit, administration)
    is_working = _is_working(instrument, administration)
    rounds = rounds_of(unit, administration)
    answers = runs.load(unit, key).answers if instrument else {}
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
            administration,
            language,
            is_working=is_working,
        ),
        _shown_answers(instrument, answers, language),
        administration.quality or {},
        _flags(unit, key),
        _reviews(unit, key),
        rounds,
        changes_since(rounds, key, instrument, _sex(student)),
        other_views(unit, administration, instrument),
        # Answers of a file were all written at one moment, which says nothing of the pupil.
        None if administration.entered_by else pace_of(unit, key),
        pattern_of(unit, instrument, administration.language, answers),
        fit_of(instrument, answers),
        _entered_by(unit, administration),
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
    gates.require_readable(unit, row[0].instrument_id, key)
    return row[0], row[1], row[2]


def _entered_by(unit: Unit, administration: Administration) -> str | None:
    if administration.entered_by is None:
        return None
    return unit.session.get_one(Account, administration.entered_by).display_name


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
    scores = latest_scores(unit, [AdministrationKey(administration.school_year, administration.id)])
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
    administration: Administration,
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
            _standing(score, instrument, student, administration),
            _judged_at(score, instrument),
            score.error,
        )
        for score in sorted(scores, key=lambda one: order.index(one.scale) if order else 0)
    )


def _precision(
    score: Score, instrument: Instrument | None, student: Student
) -> ScorePrecision | None:
    """How sure the score is, from the very figures it was interpreted with."""
    exact = _exact(score, instrument)
    if instrument is None or exact is None:
        return None
    return precision_of(instrument, exact, _sex(student))


def _standing(
    score: Score, instrument: Instrument | None, student: Student, administration: Administration
) -> Standing | Refusal | None:
    """Where the score stands among the norm's group, at the age and in the language of then."""
    exact = _exact(score, instrument)
    if instrument is None or exact is None:
        return None
    return standing(
        instrument, exact, _sex(student), administration.age_years, administration.language
    )


def _judged_at(score: Score, instrument: Instrument | None) -> Fraction | None:
    """The rounded value that cut-offs are read on: 14.6 beside "15 or more" looks wrong."""
    if instrument is None or score.value is None:
        return None
    exact = Fraction(score.value)
    rounded = instrument.scale(score.scale).banded(exact)
    return None if rounded == exact else rounded


def _exact(score: Score, instrument: Instrument | None) -> ScaleScore | None:
    """The score as it was computed, where its interpretation is the one that we hold."""
    if instrument is None or score.interpretation_hash != instrument.hashes.interpretation:
        return None
    if score.value is None:
        return None
    return ScaleScore(score.scale, Fraction(score.value), None, score.answered, score.prorated)


def _sex(student: Student) -> Sex | None:
    return Sex(student.sex) if student.sex else None


def _shown_answers(
    instrument: Instrument | None, given: Mapping[str, Answer], language: str
) -> tuple[ShownAnswer, ...]:
    if instrument is None:
        return ()
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
    """What it raised, the most urgent first, as whoever has five minutes must read it."""
    found = unit.session.scalars(
        select(FlagRecord)
        .where(FlagRecord.school_year == key.school_year, FlagRecord.administration_id == key.id)
        .order_by(FlagRecord.created_at, FlagRecord.code)
    )
    return sorted(found, key=lambda flag: -Level(flag.level).rank)


def _reviews(unit: Unit, key: AdministrationKey) -> Sequence[ReviewTask]:
    return unit.session.scalars(
        select(ReviewTask)
        .where(ReviewTask.school_year == key.school_year, ReviewTask.administration_id == key.id)
        .order_by(ReviewTask.created_at)
    ).all()
