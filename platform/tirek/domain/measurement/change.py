"""Whether a person has changed by more than the score's own error, and to where.

Source: Jacobson & Truax 1991. The reliability must be a retest correlation: alpha leaves out what
differs between two days, and the bar comes out too low. sd and reliability are of the group that
the person belonged to the first time.
"""

from dataclasses import dataclass
from enum import StrEnum

from tirek.domain.measurement.standard_errors import standard_error_of_difference

# The bound as Jacobson & Truax print it, rounded.
Z_95 = 1.96


class Outcome(StrEnum):
    """What became of one person between two administrations."""

    RECOVERED = "recovered"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    DETERIORATED = "deteriorated"


@dataclass(frozen=True, slots=True)
class Group:
    """Mean and sd (>= 0) of a sample, in the units of the score."""

    mean: float
    sd: float


def reliable_change_index(
    before: float, after: float, sd: float, reliability: float
) -> float | None:
    """Return (after - before) / (sd * sqrt(2 (1 - r))); None where there is no error at all."""
    error = standard_error_of_difference(sd, reliability)
    return (after - before) / error if error else None


def smallest_reliable_change(sd: float, reliability: float) -> float:
    """Return the difference that must be passed for |RCI| > 1.96, in the units of the score."""
    return Z_95 * standard_error_of_difference(sd, reliability)


def cut_between(functional: Group, clinical: Group) -> float:
    """Return Jacobson & Truax's cut c, (s0 m1 + s1 m0) / (s0 + s1): between the two means.

    Raises ValueError when neither group varies.
    """
    spread = functional.sd + clinical.sd
    if not spread > 0:
        raise ValueError("the cut between two groups needs one that varies")
    return (functional.sd * clinical.mean + clinical.sd * functional.mean) / spread


def outcome(index: float, before: float, after: float, cut: float | None = None) -> Outcome:
    """Return what became of the person, on a scale where high is worse.

    Recovered: a reliable fall across the cut, from at or above it to below; without a cut nobody
    is called recovered. Where low is worse, turn index, scores and cut round (times -1).
    """
    if abs(index) <= Z_95:
        return Outcome.UNCHANGED
    if index > 0:
        return Outcome.DETERIORATED
    has_crossed = cut is not None and after < cut <= before
    return Outcome.RECOVERED if has_crossed else Outcome.IMPROVED
