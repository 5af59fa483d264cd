"""What follows from a finished questionnaire: scores, flags, and a person where needed."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction

import structlog
from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from tirek.domain.flagging import Flag, flags_for
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.levels import Level
from tirek.domain.quality import quality
from tirek.domain.scoring import ENGINE_VERSION, ScaleScore, score
from tirek.services import referrals
from tirek.services.referrals import Subject
from tirek.services.runs import Run
from tirek.services.unit import Unit
from tirek.storage.models import Administration, ReviewTask, Score

SCORING_FAILED = "scoring_failed"

log = structlog.get_logger()


def subject_of(run: Run) -> Subject:
    """Whose flags these are, and which rules raised them."""
    return Subject(
        run.key.school_year,
        run.key.id,
        run.student_id,
        run.school_id,
        run.instrument.hashes.interpretation,
    )


def score_and_flag(unit: Unit, run: Run, given: Mapping[str, Answer]) -> None:
    """Score, flag and refer; a failure of the engine opens a review task, never "no risk"."""
    try:
        scores = score(run.instrument, given, run.unasked)
        flags = flags_for(run.instrument, scores, given, run.unasked)
        doubts = asdict(quality(run.instrument, given))
    except Exception as error:  # noqa: BLE001 - see below
        # The answers are kept and a person looks: whatever went wrong in here must not pass for
        # an unremarkable result. The text of the error may hold an answer, so only its kind goes
        # to the log.
        log.error(  # noqa: TRY400 - the traceback would carry answers
            "scoring failed", administration=str(run.key.id), error=type(error).__name__
        )
        open_review(unit, run, SCORING_FAILED)
        return
    unit.session.execute(insert(Score), score_rows(subject_of(run), run.instrument, scores))
    unit.session.execute(
        update(Administration)
        .where(Administration.school_year == run.key.school_year, Administration.id == run.key.id)
        .values(quality=doubts)
    )
    route(unit, run, flags)


def route(unit: Unit, run: Run, flags: tuple[Flag, ...]) -> None:
    """Give every flag to a person: a review task, or a referral by its level."""
    for flag in flags:
        if flag.level is Level.REVIEW:
            open_review(unit, run, flag.id)
    referrals.raise_flags(unit, subject_of(run), flags)


def open_review(unit: Unit, run: Run, reason: str) -> None:
    """Ask the school psychologist to look at something the machine could not decide."""
    unit.session.execute(
        upsert(ReviewTask)
        .values(
            school_year=run.key.school_year,
            administration_id=run.key.id,
            student_id=run.student_id,
            school_id=run.school_id,
            reason=reason,
        )
        .on_conflict_do_nothing()
    )


def score_rows(
    subject: Subject, instrument: Instrument, scores: tuple[ScaleScore, ...]
) -> list[dict[str, object]]:
    """The rows of one administration's scores, pinned to the parts that made them."""
    hashes = instrument.hashes
    return [
        {
            "school_year": subject.school_year,
            "administration_id": subject.administration_id,
            "student_id": subject.student_id,
            "school_id": subject.school_id,
            "scale": one.scale,
            "state": one.state.value,
            "value": None if one.value is None else _decimal(one.value),
            "reason": None if one.reason is None else one.reason.value,
            "answered": one.answered,
            "prorated": one.prorated,
            "band": one.band,
            "error": None if one.error is None else _decimal(one.error),
            "structure_hash": hashes.structure,
            "scoring_hash": hashes.scoring,
            "interpretation_hash": hashes.interpretation,
            "engine_version": ENGINE_VERSION,
        }
        for one in scores
    ]


def _decimal(value: Fraction) -> Decimal:
    # Ten decimal places in the table; the exact value comes again from the answers.
    return Decimal(value.numerator) / Decimal(value.denominator)
