"""Items whose parameters were estimated from answers, and the plan of a run that asks fewer.

The parameters are the instrument's (`scoring.yaml`: `irt`, `adaptive`); what is done with them is
domain/measurement. Nothing here is guessed: an instrument without both is always asked in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tirek.domain.measurement.adaptive import AdaptivePlan, Step
    from tirek.domain.measurement.graded import GradedModel

# An estimate is rounded to this many places, so that every machine stores the same number.
PLACES = 4


class CalibrationStatus(StrEnum):
    """Whose answers gave the parameters: those of the people who are asked here, or of others."""

    CALIBRATED = "calibrated"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Parameters:
    """A graded item's slope and thresholds (Samejima 1969, without the constant 1.702)."""

    a: Fraction
    b: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The parameters of a scale's items, and where they come from."""

    parameters: Mapping[str, Parameters]
    source: str
    population: str
    langs: tuple[str, ...]
    status: CalibrationStatus


@dataclass(frozen=True, slots=True)
class Area:
    """A part of what the scale is about, and the share of a run that it should have."""

    name: str
    items: tuple[str, ...]
    share: Fraction


@dataclass(frozen=True, slots=True)
class ShortPlan:
    """How long and how precise a shorter run is, and what is asked in every one."""

    most: int
    least: int
    error: Fraction
    first: str | None
    always: tuple[str, ...]
    always_after: int | None
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands on the trait (mean 0, sd 1 in the calibration), and its error."""

    value: Fraction
    error: Fraction


def model_of(calibration: Calibration) -> "GradedModel":
    """Return the model; raises `UnmeasurableError` for parameters that no item can have."""
    # numpy is needed where something is measured, not at every start of the command line.
    from tirek.domain.measurement.graded import GradedItem, GradedModel  # noqa: PLC0415

    return GradedModel(
        tuple(
            GradedItem(item, float(one.a), tuple(map(float, one.b)))
            for item, one in calibration.parameters.items()
        )
    )


def plan_of(short: ShortPlan) -> "AdaptivePlan":
    """Return the plan; raises `UnmeasurableError` for one that contradicts itself."""
    from tirek.domain.measurement.adaptive import AdaptivePlan, ContentArea  # noqa: PLC0415

    return AdaptivePlan(
        most=short.most,
        least=short.least,
        error=float(short.error),
        first=short.first,
        always=short.always,
        always_after=short.always_after,
        areas=tuple(ContentArea(one.name, one.items, float(one.share)) for one in short.areas),
    )


def check(calibration: Calibration, short: ShortPlan) -> None:
    """Raise `UnmeasurableError` where parameters and plan do not fit each other."""
    from tirek.domain.measurement.adaptive import check_plan  # noqa: PLC0415

    check_plan(model_of(calibration), plan_of(short))


def step_after(
    calibration: Calibration, short: ShortPlan, asked: Sequence[tuple[str, int | None]]
) -> "Step":
    """Return what follows after items and the categories answered to them, None for a blank."""
    from tirek.domain.measurement.adaptive import next_step  # noqa: PLC0415

    return next_step(model_of(calibration), plan_of(short), asked)


def place_of(calibration: Calibration, categories: Mapping[str, int | None]) -> Place:
    """Return the expected a-posteriori place of somebody who gave these answers, rounded."""
    from tirek.domain.measurement.eap import estimate  # noqa: PLC0415

    found = estimate(model_of(calibration), categories)
    return Place(_rounded(found.theta), _rounded(found.se))


def fit_of(calibration: Calibration, categories: Mapping[str, int | None]) -> float | None:
    """Return how well one sheet's answers hang together: lz at its own place (mirt's Zh).

    Far below 0, they fit one another less well than those of most people. None with fewer than
    two answers. Source: Drasgow, Levine & Williams 1985.
    """
    import numpy as np  # noqa: PLC0415 (see `model_of`)

    from tirek.domain.measurement.eap import estimate  # noqa: PLC0415
    from tirek.domain.measurement.person_fit import lz  # noqa: PLC0415

    model = model_of(calibration)
    given = [categories.get(item.id) for item in model]
    if sum(one is not None for one in given) < 2:  # noqa: PLR2004 (one answer always fits itself)
        return None
    row = np.array([[-1 if one is None else one for one in given]])
    theta = estimate(model, categories).theta
    found = float(lz(model, row, np.array([theta]))[0])
    return found if np.isfinite(found) else None


def category_of(weights: Sequence[Fraction], weight: Fraction) -> int:
    """Return the number of an answer among its item's weights, from 0 for the lowest."""
    return sorted(set(weights)).index(weight)


def _rounded(value: float) -> Fraction:
    return Fraction(round(value * 10**PLACES), 10**PLACES)
