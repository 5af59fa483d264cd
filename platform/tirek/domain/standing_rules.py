"""When a night's figures raise an alarm.

Each threshold says whose it is. Those marked [K] are from memory of the literature and were not
opened again; "product rule" is ours, and the methodologists may change it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Any

from tirek.domain.measurement.roc import wilson_interval
from tirek.domain.standing import AlarmKind

# A jump of a share is looked for each night, so the interval is wider than that of a figure.
CONFIDENCE, CONFIDENCE_OF_JUMP = 0.95, 0.99
# Below these numbers of sheets nothing is said; product rules, but for DIF (§5.6 [K]).
FEWEST, FEWEST_OF_SCALE, FEWEST_PER_LANGUAGE = 100, 50, 200
# Streiner & Norman [K]: an item below .20 adds nothing to its scale.
LEAST_ITEM_REST = 0.20
# Nunnally 1978 [K]: enough to compare groups; to speak of one child more would be needed.
LEAST_RELIABILITY = 0.70
# Three items are needed before a reliability says anything about a scale; product rule.
FEWEST_ITEMS = 3
# Product rule, near the 5 % of Schafer 1999 [K].
MOST_MISSING = 0.05
# Terwee 2007 [K]: floor and ceiling effects from 15 % on. Asked at the worse end only (product
# rule): that most children have no symptom at all is good news, not a fault of the scale.
MOST_AT_END = 0.15
# Huang 2012 [K]: nobody reads and answers a question within two seconds.
SECONDS_TO_READ = 2
MOST_FAST = 0.10
# Product rule: so many points of a hundred more or fewer, and the 99 % interval without zero.
LEAST_JUMP = 0.05


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to look at: its kind, its item (empty: the whole scale), and the figures behind."""

    kind: AlarmKind
    item: str
    figures: Mapping[str, Any]


def alarms(figures: Mapping[str, Any]) -> tuple[Alarm, ...]:
    """What one night's figures of one scale and language warn of.

    `figures` are those of `standing_figures.figures_of`; what they lack raises nothing.
    """
    found = [*_of_scale(figures), *_of_rounds(figures.get("rounds", {}))]
    for item in figures.get("items", ()):
        found.extend(_of_item(item))
    return tuple(found)


def fisher(r: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a correlation from n pairs (Fisher 1921); -1 to 1, n above 3."""
    # scipy.special is loaded on first use, as in domain/precision.py.
    from scipy.special import ndtri  # noqa: PLC0415

    if abs(r) >= 1:
        return (r, r)
    half = float(ndtri((1 + CONFIDENCE) / 2)) / sqrt(n - 3)
    return (tanh(atanh(r) - half), tanh(atanh(r) + half))


def share_difference(
    one: tuple[int, int], other: tuple[int, int], confidence: float = CONFIDENCE_OF_JUMP
) -> tuple[float, float, float]:
    """The difference of two shares (count, n) and its interval (Newcombe 1998, method 10)."""
    (a, n), (b, m) = one, other
    p, q = a / n, b / m
    p_low, p_high = wilson_interval(a, n, confidence)
    q_low, q_high = wilson_interval(b, m, confidence)
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return (p - q, low, high)


def _of_item(item: Mapping[str, Any]) -> Iterator[Alarm]:
    name, rest, n = item["item"], item.get("item_rest"), item.get("n", 0)
    if rest is not None and n >= FEWEST:
        low, high = fisher(rest, n)
        said = {"item_rest": rest, "low": low, "high": high, "n": n}
        if high < 0:
            yield Alarm(AlarmKind.NEGATIVE_ITEM_REST, name, said)
        elif rest < LEAST_ITEM_REST:
            yield Alarm(AlarmKind.LOW_ITEM_REST, name, said)
    shown, missing = item.get("shown", 0), item.get("missing")
    if missing is not None and shown >= FEWEST and missing > MOST_MISSING:
        yield Alarm(AlarmKind.MISSING, name, {"share": missing, "n": shown})
    dif = item.get("dif")
    if dif and dif["class"] == "C" and min(dif["n_kk"], dif["n_ru"]) >= FEWEST_PER_LANGUAGE:
        yield Alarm(AlarmKind.DIF_LANGUAGE, name, dict(dif))


def _of_scale(figures: Mapping[str, Any]) -> Iterator[Alarm]:
    n, alpha = figures.get("complete", 0), figures.get("alpha")
    is_long = len(figures.get("items", ())) >= FEWEST_ITEMS
    if alpha is not None and is_long and n >= FEWEST and alpha < LEAST_RELIABILITY:
        said = {name: figures.get(name) for name in ("alpha", "alpha_low", "alpha_high", "omega")}
        yield Alarm(AlarmKind.LOW_RELIABILITY, "", said | {"n": n})
    scored = figures.get("scored", 0)
    kind = AlarmKind.FLOOR if figures.get("worse") == "low" else AlarmKind.CEILING
    share = figures.get(kind.value)
    if share is not None and scored >= FEWEST_OF_SCALE and share > MOST_AT_END:
        yield Alarm(kind, "", {"share": share, "n": scored})
    fast, paced = figures.get("fast"), figures.get("paced", 0)
    if fast is not None and paced >= FEWEST and fast > MOST_FAST:
        yield Alarm(AlarmKind.FAST, "", {"share": fast, "n": paced})


def _of_rounds(rounds: Mapping[str, Mapping[str, int]]) -> Iterator[Alarm]:
    """The last round against all earlier ones together."""
    order = sorted(rounds)
    if not order:
        return
    last, before = rounds[order[-1]], [rounds[name] for name in order[:-1]]
    now = (last["flagged"], last["n"])
    earlier = (sum(one["flagged"] for one in before), sum(one["n"] for one in before))
    if min(now[1], earlier[1]) < FEWEST:
        return
    difference, low, high = share_difference(now, earlier)
    if abs(difference) >= LEAST_JUMP and (low > 0 or high < 0):
        said = {"share": now[0] / now[1], "before": earlier[0] / earlier[1], "n": now[1]}
        said |= {"n_before": earlier[1], "difference": difference, "low": low, "high": high}
        yield Alarm(AlarmKind.FLAGGED_SHARE, "", said | {"round": order[-1]})


def of_languages(found: Mapping[str, Iterable[Alarm]]) -> Iterator[tuple[str, Alarm]]:
    """Each alarm with its language; both together ('') where it shows in both, or in neither alone.

    A key that was turned round in one wording only must be looked for there.
    """
    seen: dict[tuple[AlarmKind, str], dict[str, Alarm]] = {}
    for language, raised in found.items():
        for one in raised:
            seen.setdefault((one.kind, one.item), {})[language] = one
    for by_language in seen.values():
        alone = [language for language in by_language if language]
        if "" in by_language and len(alone) != 1:
            yield "", by_language[""]
        else:
            for language in alone:
                yield language, by_language[language]
