"""Whether two scores of one person differ by more than the questionnaire itself is unsure.

The reliable change index (`measurement.change`) needs a sourced sd and the reliability of a retest:
with an alpha in its place too small a difference would pass for a real one (reference: instruments
§5.2). Where nobody has published them there is no answer, and none is made up.
"""

from dataclasses import dataclass
from enum import StrEnum

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import Precision, Sex
from tirek.domain.measurement.change import (
    Z_95,
    reliable_change_index,
    smallest_reliable_change,
)
from tirek.domain.precision import RETEST
from tirek.domain.scales import Worse


class Change(StrEnum):
    """What may honestly be said of a difference."""

    BETTER = "better"
    HARDER = "harder"
    TOO_SMALL_TO_TELL = "too_small_to_tell"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Moved:
    """A difference, what may be said of it, and by whose figures: none where there are none."""

    change: Change
    difference: float | None = None
    index: float | None = None
    # The smallest difference that is more than the questionnaire's own unsureness.
    needed: float | None = None
    basis: Precision | None = None


def basis_of(instrument: Instrument, scale: str, sex: Sex | None = None) -> Precision | None:
    """The sourced retest figures of a scale; one's own sex before both, never the other's."""
    found = [
        one
        for one in instrument.interpretation.precision
        if one.scale == scale and one.reliability_kind == RETEST and one.sex in {sex, None}
    ]
    return min(found, key=lambda one: one.sex is None, default=None)


def moved(
    instrument: Instrument,
    scale: str,
    before: float | None,
    after: float | None,
    sex: Sex | None = None,
) -> Moved:
    """Say by how much a scale has changed, and whether that is more than its own unsureness."""
    if before is None or after is None:
        return Moved(Change.CANNOT_SAY)
    difference = after - before
    basis = basis_of(instrument, scale, sex)
    if basis is None:
        return Moved(Change.CANNOT_SAY, difference)
    sd, reliability = float(basis.sd), float(basis.reliability)
    found = reliable_change_index(before, after, sd, reliability)
    if found is None:
        return Moved(Change.CANNOT_SAY, difference)
    needed = smallest_reliable_change(sd, reliability)
    return Moved(_change(instrument, scale, found), difference, found, needed, basis)


def judge(instrument: Instrument, scale: str, before: float | None, after: float | None) -> Change:
    """Say whether a scale has changed for the better, and admit it where that cannot be known."""
    return moved(instrument, scale, before, after).change


def _change(instrument: Instrument, scale: str, found: float) -> Change:
    if abs(found) <= Z_95:
        return Change.TOO_SMALL_TO_TELL
    is_better = (found < 0) == (instrument.scale(scale).worse is Worse.HIGH)
    return Change.BETTER if is_better else Change.HARDER
