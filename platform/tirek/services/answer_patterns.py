"""How unusual a combination of answers is beside those of many pupils, as the last night left them.

The squared Mahalanobis distance from the middle of everybody who answered in the same language. On
few items with few codes it is no chi-square, so its share serves to rank; it never weakens a flag,
and a pupil in distress is unusual by right (reference: instruments §5.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from tirek.domain import calibration
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.scales import Scale
from tirek.domain.standing_cell import Cell, keyed, measured
from tirek.services.unit import Unit
from tirek.storage.models import Measurement

# Fewer sheets give no middle to be far from.
FEWEST = 100


@dataclass(frozen=True, slots=True)
class Pattern:
    """The distance of one sheet; `share` of a normal group would lie farther out: 0 to 1."""

    distance: float
    share: float
    sheets: int
    night: date


def pattern_of(
    unit: Unit, instrument: Instrument | None, language: str, answers: Mapping[str, Answer]
) -> Pattern | None:
    """Place one sheet; None without a complete sheet, a hundred others, or items that vary."""
    if instrument is None:
        return None
    scale = max(measured(instrument), key=lambda one: len(one.items), default=None)
    if scale is None:
        return None
    row = keyed(instrument, scale, answers)
    night = _last_night(unit, instrument, scale, language)
    if None in row or night is None:
        return None
    return _placed(night, scale, [float(one) for one in row if one is not None])


def fit_of(instrument: Instrument | None, answers: Mapping[str, Answer]) -> float | None:
    """How well the answers hang together where items are calibrated (lz); None elsewhere."""
    known = instrument.scoring.calibration if instrument else None
    if instrument is None or known is None:
        return None
    categories = {item: _category(instrument, item, answers.get(item)) for item in known.parameters}
    return calibration.fit_of(known, categories)


def _category(instrument: Instrument, item: str, answer: Answer | None) -> int | None:
    weight = None if answer is None else instrument.weight(item, answer)
    if weight is None:
        return None
    weights = [option.weight for option in instrument.options(item)]
    return calibration.category_of(weights, weight)


def _last_night(
    unit: Unit, instrument: Instrument, scale: Scale, language: str
) -> Measurement | None:
    return unit.session.scalars(
        select(Measurement)
        .where(
            Measurement.instrument_id == instrument.id,
            Measurement.structure_hash == instrument.hashes.structure,
            Measurement.scoring_hash == instrument.hashes.scoring,
            Measurement.scale == scale.id,
            Measurement.language == language,
            Measurement.sex == "",
        )
        .order_by(Measurement.night.desc())
        .limit(1)
    ).one_or_none()


def _placed(night: Measurement, scale: Scale, row: list[float]) -> Pattern | None:
    # Loaded where something is measured, not with the web process.
    import numpy as np  # noqa: PLC0415
    from scipy.special import chdtrc  # noqa: PLC0415

    from tirek.domain.measurement.careless import distances_from  # noqa: PLC0415
    from tirek.domain.measurement.errors import UnmeasurableError  # noqa: PLC0415

    sums = Cell.from_json(night.summary).sums.get(scale.id)
    if sums is None or sums.complete.persons < FEWEST:
        return None
    try:
        distance = float(distances_from(sums, np.array([row]))[0])
    except UnmeasurableError:
        return None
    return Pattern(distance, float(chdtrc(len(row), distance)), sums.complete.persons, night.night)
