"""Matching people by the items that do not differ: one unfair item makes the others look unfair.

Source: Holland & Thayer 1988; Candell & Drasgow 1988; as R difR with `purify = TRUE`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.answer_counts import AnswerCounts, StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import Numbers

MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Purified:
    """Each item's table, the items set aside, and whether the last two rounds agree on them."""

    tables: Mapping[str, StratifiedTable]
    set_aside: frozenset[str]
    rounds: int
    has_settled: bool


def purified(
    items: Sequence[str],
    given: Numbers,
    groups: Sequence[str],
    pair: tuple[str, str],
    is_different: Callable[[str, StratifiedTable], bool],
) -> Purified:
    """Match by the sum of the items that do not differ, and the item itself, until that is stable.

    `given` has shape (persons, items), NaN a blank; `groups` names each person's; `pair` is the
    reference and the focal group. Who left any item blank is left out, so that every item is
    judged by the same people. Ends after ten rounds at the latest. Raises UnmeasurableError when
    every item differs.
    """
    kept = np.flatnonzero(~np.isnan(given).any(axis=1))
    answers = given[kept]
    chosen = [groups[person] for person in kept.tolist()]
    set_aside: frozenset[str] = frozenset()
    tables: dict[str, StratifiedTable] = {}
    for rounds in range(1, MOST_ROUNDS + 1):
        if len(set_aside) == len(items):
            raise UnmeasurableError("every item differs: nothing is left to match people by")
        tables = _tables(items, answers, chosen, pair, set_aside)
        found = frozenset(item for item in items if is_different(item, tables[item]))
        if found == set_aside:
            return Purified(tables, set_aside, rounds, has_settled=True)
        set_aside = found
    return Purified(tables, set_aside, MOST_ROUNDS, has_settled=False)


def _tables(
    items: Sequence[str],
    answers: Numbers,
    groups: Sequence[str],
    pair: tuple[str, str],
    set_aside: frozenset[str],
) -> dict[str, StratifiedTable]:
    is_fair = np.array([item not in set_aside for item in items])
    fair = answers[:, is_fair].sum(axis=1)
    tables = {}
    for place, item in enumerate(items):
        own = answers[:, place]
        matching = fair if is_fair[place] else fair + own
        counts = AnswerCounts.of([item], own[:, None], groups, matching)
        tables[item] = counts.table(item, *pair)
    return tables
