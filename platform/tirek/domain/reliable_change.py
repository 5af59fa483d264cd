"""Whether two scores of one person differ by more than the questionnaire itself is unsure.

The reliable change index (Jacobson & Truax 1991): the difference divided by its standard error,
sd * sqrt(2) * sqrt(1 - r). It needs a sourced sd and reliability of the instrument; where nobody
has published them there is no answer, and none is made up.
"""

from enum import StrEnum
from math import sqrt

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import Precision
from tirek.domain.precision import standard_error_of_measurement
from tirek.domain.scales import Worse

# The half-width of the middle 95 % of a normal distribution.
Z_95 = 1.959963984540054
RETEST = "retest"


class Change(StrEnum):
    """What may honestly be said of a difference."""

    BETTER = "better"
    HARDER = "harder"
    TOO_SMALL_TO_TELL = "too_small_to_tell"
    CANNOT_SAY = "cannot_say"


def index(before: float, after: float, sd: float, reliability: float) -> float | None:
    """Return the reliable change index; None where the figures allow none."""
    error = standard_error_of_measurement(sd, reliability) * sqrt(2)
    return (after - before) / error if error else None


def basis_of(instrument: Instrument, scale: str) -> Precision | None:
    """The figures for a scale: a retest says most about change, then any other reliability."""
    found = [one for one in instrument.interpretation.precision if one.scale == scale]
    for_both = [one for one in found if one.sex is None]
    return min(for_both, key=lambda one: one.reliability_kind != RETEST, default=None)


def judge(instrument: Instrument, scale: str, before: float | None, after: float | None) -> Change:
    """Say whether a scale has changed for the better, and admit it where that cannot be known."""
    basis = basis_of(instrument, scale)
    if before is None or after is None or basis is None:
        return Change.CANNOT_SAY
    found = index(before, after, float(basis.sd), float(basis.reliability))
    if found is None:
        return Change.CANNOT_SAY
    if abs(found) < Z_95:
        return Change.TOO_SMALL_TO_TELL
    is_better = (found < 0) == (instrument.scale(scale).worse is Worse.HIGH)
    return Change.BETTER if is_better else Change.HARDER
