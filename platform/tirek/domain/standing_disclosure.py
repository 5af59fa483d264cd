"""Which of a night's figures may be shown: nothing about fewer than ten, nor what gives it away.

A share of whom there are one to nine is hidden, and so is a group when subtracting it from a shown
one would leave one to nine (secondary suppression; Hundepool et al. 2012, ch. 4).
"""

from collections.abc import Mapping
from typing import Any

FEWEST_SHOWN = 10
HIDDEN = "<10"
# A mean of few, written finely, would tell the sum, and two nights' sums a child.
FINE, COARSE, MANY = 2, 1, 100
# Rounded figures of so many leave several children's worth open.
LARGE = 10_000
SHARE_DIGITS, FIGURE_DIGITS = 3, 3

# Language and sex; empty stands for all.
Group = tuple[str, str]
Counts = Mapping[Group, int]
# How many sheets a group has, and what was summed of them.
State = tuple[int, Mapping[str, Any]]


def is_small(count: int) -> bool:
    """Whether so few stand behind a figure that it is not shown."""
    return 0 < count < FEWEST_SHOWN


def may_show(counts: Counts, group: Group) -> bool:
    """Whether figures of a group may be shown beside those of all others; `counts` of all nine."""
    language, sex = group
    whole = counts.get(("", ""), 0)
    own = counts.get(group, 0)
    of_language, of_sex = counts.get((language, ""), 0), counts.get(("", sex), 0)
    # Who is in neither, of the language only, of the sex only: each could be found by subtraction.
    rests = (own, of_language - own, of_sex - own, whole - of_language - of_sex + own)
    if own < FEWEST_SHOWN or any(map(is_small, rests)):
        return False
    return not (sex and any(_tells_of_unknown(counts, one) for one in {"", language}))


def _tells_of_unknown(counts: Counts, language: str) -> bool:
    """Whether girls and boys taken from all would tell of the few whose sex nobody has said."""
    whole = counts.get((language, ""), 0)
    known = counts.get((language, "f"), 0) + counts.get((language, "m"), 0)
    return whole < LARGE and is_small(whole - known)


def is_apart(before: Mapping[Group, State], after: Mapping[Group, State]) -> bool:
    """Whether a night may stand beside the one before: no group differs by one to nine children.

    Subtracted from each other, two nights give the sums of whoever came between them, so each
    group, and those whose sex nobody has said, must be as it was or ten apart.
    """
    if not before:
        return True
    groups = {*before, *after, ("", "")}
    empty: State = (0, {})
    steps = [(after.get(group, empty)[0] - before.get(group, empty)[0], group) for group in groups]
    if any(0 < abs(step) < FEWEST_SHOWN for step, _ in steps):
        return False
    if any(
        step == 0 and after.get(group, empty)[1] != before.get(group, empty)[1]
        for step, group in steps
    ):
        return False
    languages = {language for language, _ in groups}
    return not any(is_small(abs(_unknown(after, one) - _unknown(before, one))) for one in languages)


def _unknown(states: Mapping[Group, State], language: str) -> int:
    """How many of a language there are whose sex nobody has said."""
    whole, girls, boys = (states.get((language, sex), (0, {}))[0] for sex in ("", "f", "m"))
    return whole - girls - boys


def disclosed(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A row's figures as they may leave: rounded, and `HIDDEN` for what is about one to nine."""
    n, scored, paced = figures["n"], figures["scored"], figures["paced"]
    digits = FINE if scored >= MANY else COARSE
    shown = dict(figures)
    for name in ("mean", "sd", "sem"):
        shown[name] = _rounded(figures.get(name), digits)
    for name in ("alpha", "alpha_low", "alpha_high", "omega"):
        shown[name] = _rounded(figures.get(name), FIGURE_DIGITS)
    for name in ("floor", "ceiling"):
        shown[name] = share(figures[name], scored)
    shown["fast"] = share(figures["fast"], paced)
    shown["not_computable"] = count(figures["not_computable"])
    for name in ("scored", "complete"):
        shown[name] = None if is_small(n - figures.get(name, n)) else figures.get(name)
    shown["levels"] = _levels(figures["levels"], n)
    shown["rounds"] = {name: _round(one) for name, one in figures["rounds"].items()}
    shown["items"] = [_item(one) for one in figures["items"]]
    return shown


def _levels(counts: Mapping[str, int], n: int) -> dict[str, float | str | None]:
    """The shares of a night's levels; None for one by which the few outside it could be found."""
    shown = {name: share(number / n, n) for name, number in counts.items()}
    told = [name for name, cell in shown.items() if isinstance(cell, float) and counts[name]]
    if told and is_small(n - sum(counts[name] for name in told)):
        shown[min(told, key=lambda name: (counts[name], name))] = None
    return shown


def share(value: float | None, n: int) -> float | str | None:
    """A share of n; `HIDDEN` where it stands for one to nine, None for all but one to nine."""
    if value is None or n < FEWEST_SHOWN:
        return None
    if is_small(n - round(value * n)):
        # All but a few: that would tell of the few as well.
        return None
    return HIDDEN if is_small(round(value * n)) else round(value, SHARE_DIGITS)


def count(number: int) -> int | str:
    """A number of children, or `HIDDEN`."""
    return HIDDEN if is_small(number) else number


def _round(one: Mapping[str, int]) -> dict[str, Any]:
    n = one["n"]
    if is_small(n):
        return {"n": HIDDEN, "flagged": None}
    return {"n": n, "flagged": share(one["flagged"] / n if n else None, n)}


def _item(one: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(one)
    for name in ("mean", "item_rest", "alpha_without"):
        shown[name] = _rounded(one.get(name), FIGURE_DIGITS - (name == "mean"))
    for name in ("missing", "declined"):
        shown[name] = share(one.get(name), one["shown"])
    if one["timed"] < FEWEST_SHOWN:
        shown["seconds"] = None
    dif = one.get("dif")
    if dif is not None:
        is_few = min(dif["n_kk"], dif["n_ru"]) < FEWEST_SHOWN
        shown["dif"] = None if is_few else _dif(dif)
    return shown


def _dif(dif: Mapping[str, Any]) -> dict[str, Any]:
    names = ("chi2", "p", "smd", "sd", "effect", "within_regions", "within_schools")
    return dict(dif) | {name: _rounded(dif.get(name), FIGURE_DIGITS) for name in names}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
