"""Scores of what parents answered about themselves, and how they have moved since last time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import structlog
from sqlalchemy import insert, select

from tirek.domain.attitudes import Side
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.parents import ReportState
from tirek.domain.reliable_change import Change, judge
from tirek.domain.scoring import ENGINE_VERSION, ScaleScore, score
from tirek.services.unit import Unit
from tirek.storage.models import InstrumentRelease, SelfReport, SelfScore

SCORING_FAILED = "scoring_failed"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Past:
    """A report of the past, for the list of one's own."""

    id: UUID
    instrument_id: str
    state: ReportState
    started_at: datetime
    ended_at: datetime | None
    language: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The report before this one that asked the same, and what may be said of each side."""

    ended_at: datetime
    changes: Mapping[str, Change]


def store(unit: Unit, report_id: UUID, instrument: Instrument, given: Mapping[str, Answer]) -> None:
    """Score; whatever goes wrong in here leaves every scale without a value, never with a guess."""
    try:
        rows = [_row(report_id, one) for one in score(instrument, given)]
    except Exception as error:  # noqa: BLE001 - the page then says that nothing could be counted
        # The text of the error may hold an answer, so only its kind goes to the log.
        log.error("scoring failed", error=type(error).__name__)  # noqa: TRY400
        rows = [_failed(report_id, scale.id) for scale in instrument.scoring.scales]
    unit.session.execute(insert(SelfScore), rows)


def sides(unit: Unit, report_id: UUID, instrument: Instrument) -> list[Side]:
    """The sides of a finished report, in the instrument's order."""
    rows = unit.session.execute(
        select(SelfScore.scale_id, SelfScore.value, SelfScore.band)
        .where(SelfScore.report_id == report_id)
        # The latest of a scale counts.
        .order_by(SelfScore.id)
    )
    found = {
        row.scale_id: Side(
            row.scale_id, None if row.value is None else Fraction(row.value), row.band
        )
        for row in rows
    }
    return [found[scale.id] for scale in instrument.scoring.scales if scale.id in found]


def past(unit: Unit) -> Sequence[Past]:
    """One's own reports, the latest first."""
    rows = unit.session.scalars(
        select(SelfReport)
        .where(SelfReport.account_id == unit.actor.account_id)
        .order_by(SelfReport.started_at.desc(), SelfReport.id)
    )
    return [
        Past(
            row.id,
            row.instrument_id,
            ReportState(row.state),
            row.started_at,
            row.ended_at,
            row.language,
        )
        for row in rows
    ]


def since_last_time(unit: Unit, report_id: UUID, instrument: Instrument) -> Earlier | None:
    """How each side has moved since the report before, about the same child and scored alike.

    None where there is none. What the instrument's own precision does not cover stays unsaid.
    """
    now = unit.session.get_one(SelfReport, report_id)
    release = select(InstrumentRelease.id).where(
        InstrumentRelease.structure_hash == instrument.hashes.structure,
        InstrumentRelease.scoring_hash == instrument.hashes.scoring,
    )
    before = unit.session.scalars(
        select(SelfReport)
        .where(
            SelfReport.account_id == unit.actor.account_id,
            SelfReport.instrument_id == instrument.id,
            SelfReport.release_id.in_(release),
            SelfReport.student_id.is_not_distinct_from(now.student_id),
            SelfReport.state == ReportState.COMPLETED.value,
            SelfReport.started_at < now.started_at,
        )
        .order_by(SelfReport.started_at.desc())
        .limit(1)
    ).one_or_none()
    if before is None or before.ended_at is None:
        return None
    earlier = {side.id: side.value for side in sides(unit, before.id, instrument)}
    later = {side.id: side.value for side in sides(unit, report_id, instrument)}
    return Earlier(
        before.ended_at,
        {
            scale: judge(instrument, scale, _number(earlier.get(scale)), _number(value))
            for scale, value in later.items()
        },
    )


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _row(report_id: UUID, one: ScaleScore) -> dict[str, object]:
    value = None if one.value is None else _decimal(one.value)
    return {
        "report_id": report_id,
        "scale_id": one.scale,
        "value": value,
        "reason": None if one.reason is None else one.reason.value,
        "band": one.band,
        "engine_version": ENGINE_VERSION,
    }


def _failed(report_id: UUID, scale_id: str) -> dict[str, object]:
    return {
        "report_id": report_id,
        "scale_id": scale_id,
        "value": None,
        "reason": SCORING_FAILED,
        "band": None,
        "engine_version": ENGINE_VERSION,
    }


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
