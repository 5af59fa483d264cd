"""How sure a score is: standard errors, the true-score interval, and the chance to lie past a cut.

Classical test theory (Lord & Novick 1968; reference: instruments §5.1). `mean`, `sd` and
`reliability` belong to one sample, and the result holds for people like that sample; a flag always
follows the published cut-off, never these numbers.
"""

from dataclasses import dataclass

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import Precision, ScaleAtLeast, ScaleAtMost, Sex
from tirek.domain.measurement.standard_errors import (
    Interval,
    interval,
    standard_error_of_estimate,
    standard_error_of_measurement,
    true_score,
)
from tirek.domain.scoring import ScaleScore

RETEST = "retest"


@dataclass(frozen=True, slots=True)
class CutOffCertainty:
    """The probability that the true score lies at or past the cut-off of one flag."""

    flag: str
    cut: float
    probability: float


@dataclass(frozen=True, slots=True)
class ScorePrecision:
    """How sure one score is, and by whose figures."""

    scale: str
    basis: Precision
    true_score: float
    interval: Interval
    cut_offs: tuple[CutOffCertainty, ...]
    # Of the measurement: how far one answering strays from the true score.
    standard_error: float


def probability_at_least(cut: float, centre: float, standard_error: float) -> float:
    """Return P(true score >= cut) for a normal error around the estimate: 0 to 1."""
    return probability_at_most(-cut, -centre, standard_error)


def probability_at_most(cut: float, centre: float, standard_error: float) -> float:
    """Return P(true score <= cut); without any error it is 0 or 1."""
    if standard_error == 0:
        return float(centre <= cut)
    # Loaded on first use: scoring and the command line do without it.
    from scipy.special import ndtr  # noqa: PLC0415

    return float(ndtr((cut - centre) / standard_error))


def precision_of(
    instrument: Instrument, score: ScaleScore, sex: Sex | None = None
) -> ScorePrecision | None:
    """Return how sure the score is; None without a value or without sourced figures for it.

    Figures for the person's own sex win over those for both.
    """
    basis = _basis(instrument, score.scale, sex)
    if score.value is None or basis is None:
        return None
    mean, sd, reliability = float(basis.mean), float(basis.sd), float(basis.reliability)
    centre = true_score(float(score.value), mean, reliability)
    error = standard_error_of_estimate(sd, reliability)
    cut_offs = _cut_offs(instrument, score.scale, centre, error)
    return ScorePrecision(
        score.scale,
        basis,
        centre,
        interval(centre, error),
        cut_offs,
        standard_error_of_measurement(sd, reliability),
    )


def _basis(instrument: Instrument, scale: str, sex: Sex | None) -> Precision | None:
    """Return the sourced figures that fit; one sex's figures never serve the other."""
    fitting = [
        entry
        for entry in instrument.interpretation.precision
        if entry.scale == scale and entry.sex in {sex, None}
    ]
    # A retest tells how steady people are, the others how sure one answering is.
    return min(
        fitting,
        key=lambda entry: (entry.reliability_kind == RETEST, entry.sex is None),
        default=None,
    )


def _cut_offs(
    instrument: Instrument, scale: str, centre: float, error: float
) -> tuple[CutOffCertainty, ...]:
    found = []
    for rule in instrument.flags:
        match rule.when:
            case ScaleAtLeast(name, cut) if name == scale:
                chance = probability_at_least(float(cut), centre, error)
                found.append(CutOffCertainty(rule.id, float(cut), chance))
            case ScaleAtMost(name, cut) if name == scale:
                chance = probability_at_most(float(cut), centre, error)
                found.append(CutOffCertainty(rule.id, float(cut), chance))
            case _:
                continue
    return tuple(found)
