"""How a group's answers differ before and after a course: a description, never a proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

# Below this the figures of a group say more about its members than about the course.
FEWEST_PAIRS = 10
# The normal approximation: with ten pairs the interval is about an eighth too narrow.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Change:
    """Mean before and after in raw points, the mean change with its 95 % interval, and pairs."""

    pairs: int
    before: float
    after: float
    mean: float
    low: float
    high: float


def change_of(pairs: Sequence[tuple[Decimal, Decimal]]) -> Change | None:
    """Describe pairs (before, after) of raw scores; None with fewer than ten of them.

    Each pair is one person. There is no comparison group: people also change without a course.
    """
    number = len(pairs)
    if number < FEWEST_PAIRS:
        return None
    differences = [float(after - before) for before, after in pairs]
    mean = sum(differences) / number
    spread = sqrt(sum((one - mean) ** 2 for one in differences) / (number - 1))
    margin = Z95 * spread / sqrt(number)
    return Change(
        pairs=number,
        before=float(sum(before for before, _ in pairs)) / number,
        after=float(sum(after for _, after in pairs)) / number,
        mean=mean,
        low=mean - margin,
        high=mean + margin,
    )
