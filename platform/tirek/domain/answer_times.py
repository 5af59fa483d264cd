"""How fast somebody answered: the gaps between answers that were recorded one after another.

Several answers of one page arrive together, and whoever corrects an answer moves its time; so the
gaps say something about a run as a whole and nothing about one answer. Under two seconds for an
item is often called too fast to have read it (Huang et al. 2012 - from memory, to be checked).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

FAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for an item in the middle of the run, the items under two seconds, and all."""

    median_seconds: float
    fast: int
    items: int


def pace(recorded: Sequence[tuple[datetime, int]]) -> Pace | None:
    """Return the pace from (when, how many answers came in that moment), in any order.

    A page's seconds are shared by its items. The first moment only starts the clock; None where
    there is no second one.
    """
    ordered = sorted(recorded)
    seconds: list[float] = []
    for (before, _), (after, items) in pairwise(ordered):
        each = (after - before).total_seconds() / items
        seconds.extend([each] * items)
    if not seconds:
        return None
    return Pace(median(seconds), sum(one < FAST_SECONDS for one in seconds), len(seconds))
