"""What a night's counts say: figures of one scale in one group, ready to be shown and stored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from tirek.domain.measurement import mantel, reliability
from tirek.domain.measurement.answer_counts import StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.norm_tables import RawCounts
from tirek.domain.scales import Method, Scale
from tirek.domain.standing_cell import Cell
from tirek.domain.standing_rules import SECONDS_TO_READ

FEWEST_FOR_SPREAD = 2
REGION_APART = 1_000_000.0
# Reliability is about sums: of a count of symptoms or a maximum it says nothing.
ADDITIVE = frozenset({Method.SUM, Method.SUM_PRORATED, Method.MEAN, Method.MEAN_TIMES_K})

Figures = dict[str, Any]


def figures_of(scale: Scale, cell: Cell) -> Figures:
    """The figures of one scale: shares from 0 to 1, seconds, raw points; None where unknown.

    `n` sheets, of which `scored` have a value and `complete` no blank in this scale.
    """
    place = cell.tree["scales"].get(scale.id, {})
    pace = _numbers(cell.tree["pace"])
    scores = score_counts(place)
    found: Figures = {
        "n": cell.tree["sheets"],
        "scored": scores.total(),
        "not_computable": place.get("none", 0),
        "lowest": float(scale.lowest),
        "highest": float(scale.highest),
        "worse": scale.worse.value,
        "seconds": median(pace),
        "paced": pace.total(),
        "fast": _share(sum(n for one, n in pace.items() if one < SECONDS_TO_READ), pace.total()),
        "levels": dict(place.get("levels", {})),
        "rounds": {name: dict(one) for name, one in place.get("rounds", {}).items()},
    }
    found |= _spread(scores, scale)
    found |= _reliability(scale, cell)
    found["items"] = _items(scale, cell, found.pop("rest"))
    return found


def score_counts(place: Mapping[str, Any], ages: Iterable[int] | None = None) -> Counter[Fraction]:
    """How often each score came; of these ages only, where some are named."""
    wanted = None if ages is None else {str(age) for age in ages}
    found: Counter[Fraction] = Counter()
    for age, counts in place.get("scores", {}).items():
        if wanted is None or age in wanted:
            for value, n in counts.items():
                found[Fraction(value)] += n
    return found


def median(counts: Counter[int]) -> float | None:
    """The middle of counted whole numbers; of two middle ones their mean."""
    total = counts.total()
    if total == 0:
        return None
    middle = ((total + 1) // 2, total // 2 + 1)
    return sum(_at(counts, place) for place in middle) / 2


def _at(counts: Counter[int], place: int) -> int:
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= place:
            return value
    raise ValueError("there are not so many")


def _spread(scores: Counter[Fraction], scale: Scale) -> Figures:
    n, raw = scores.total(), RawCounts.from_counts(scores)
    return {
        "mean": raw.mean if n else None,
        "sd": raw.sd if n >= FEWEST_FOR_SPREAD else None,
        "floor": _share(scores[scale.lowest], n),
        "ceiling": _share(scores[scale.highest], n),
    }


def _items(scale: Scale, cell: Cell, rest: Mapping[str, Figures]) -> list[Figures]:
    found = []
    for name in scale.items:
        states = cell.tree["items"].get(name, {})
        answered = states.get("answered", 0)
        blank = states.get("declined", 0) + states.get("skipped", 0)
        gaps = _numbers(states.get("gaps", {}))
        found.append(
            {
                "item": name,
                "shown": answered + blank,
                "unseen": states.get("unseen", 0),
                "missing": _share(blank, answered + blank),
                "declined": _share(states.get("declined", 0), answered + blank),
                "seconds": median(gaps),
                "timed": gaps.total(),
                **rest.get(name, {}),
            }
        )
    return found


def _numbers(counts: Mapping[str, int]) -> Counter[int]:
    return Counter({int(name): n for name, n in counts.items()})


def _share(count: int, n: int) -> float | None:
    return count / n if n else None


def _reliability(scale: Scale, cell: Cell) -> Figures:
    """Alpha with its interval, omega, and each item with the rest; None where sums do not tell."""
    sums = cell.sums[scale.id]
    found: Figures = dict.fromkeys(("alpha", "alpha_low", "alpha_high", "omega", "sem"))
    found |= {"complete": sums.complete.persons, "rest": {}}
    if scale.method not in ADDITIVE:
        return found
    try:
        read = reliability.read(sums)
    except UnmeasurableError as error:
        return found | {"why_none": str(error)}
    low, high = read.alpha_ci95
    found |= {"alpha": read.alpha_listwise, "alpha_low": low, "alpha_high": high}
    found |= {"omega": read.omega, "sem": read.sem}
    means = sums.complete.sums / sums.complete.persons
    found["rest"] = {
        item: {
            "n": sums.complete.persons,
            "mean": float(mean),
            "item_rest": _finite(read.item_rest[item]),
            "alpha_without": _finite(read.alpha_if_deleted[item]),
        }
        for item, mean in zip(sums.items, means, strict=True)
    }
    return found


def dif_of(
    scale: Scale, kazakh: Mapping[str, Cell], russian: Mapping[str, Cell]
) -> dict[str, Figures]:
    """How each item differs between the languages at equal sums; cells by region.

    Russian is the reference: a negative effect means lower answers in Kazakh. `effect` compares
    equal sums in the country, `within_regions` equal sums in the same region. Language goes with
    school, region and town or village, so a difference is a reason to look, never a proof.
    """
    if scale.method not in ADDITIVE:
        return {}
    order = sorted({*kazakh, *russian})
    together = dict.fromkeys(order, 0)
    apart = {region: at for at, region in enumerate(order)}
    found = {}
    for item in scale.items:
        whole = _matched(_Match(scale, item, together), kazakh, russian)
        if whole is None:
            continue
        within = _matched(_Match(scale, item, apart), kazakh, russian)
        found[item] = whole | {
            "within_regions": within["effect"] if within else None,
            "class_within_regions": within["class"] if within else None,
        }
    return found


@dataclass(frozen=True, slots=True)
class _Match:
    """Which people are compared: equal sums, and regions of the same number."""

    scale: Scale
    item: str
    regions: Mapping[str, int]

    def counts(self, cells: Mapping[str, Cell]) -> dict[float, dict[float, int]]:
        """Stratum -> weight -> people."""
        found: dict[float, dict[float, int]] = defaultdict(lambda: defaultdict(int))
        for region, cell in cells.items():
            tables = cell.tree["scales"].get(self.scale.id, {}).get("tables", {})
            for total, weights in tables.get(self.item, {}).items():
                # Sums of answers stay far below this, so that regions do not run into each other.
                stratum = self.regions[region] * REGION_APART + float(Fraction(total))
                for weight, n in weights.items():
                    found[stratum][float(Fraction(weight))] += n
        return found


def _matched(
    match: _Match, kazakh: Mapping[str, Cell], russian: Mapping[str, Cell]
) -> Figures | None:
    table = StratifiedTable.of(match.counts(russian), match.counts(kazakh))
    if not table.counts.size:
        return None
    try:
        read = mantel.ordinal_mantel(table)
    except UnmeasurableError:
        return None
    n_ru, n_kk = (int(n) for n in table.counts.sum(axis=(0, 2)))
    return {
        "chi2": read.chi2,
        "p": read.p,
        "smd": read.smd,
        "sd": read.sd,
        "effect": read.effect,
        "class": read.size.value,
        "n_kk": n_kk,
        "n_ru": n_ru,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
