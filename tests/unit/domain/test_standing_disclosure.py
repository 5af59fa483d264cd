"""Nothing about fewer than ten leaves, nor what would give it away."""

from itertools import product
from random import Random
from typing import Any

import pytest

from tirek.domain.standing_disclosure import (
    HIDDEN,
    Group,
    State,
    disclosed,
    is_apart,
    may_show,
    share,
)

ALL = [(language, sex) for language in ("", "kk", "ru") for sex in ("", "f", "m")]


def counts(kk_f: int, kk_m: int, ru_f: int, ru_m: int, unknown: int = 0) -> dict[Any, int]:
    cells = {("kk", "f"): kk_f, ("kk", "m"): kk_m, ("ru", "f"): ru_f, ("ru", "m"): ru_m}
    cells["kk", "?"] = unknown
    return {
        (language, sex): sum(
            n for (lang, s), n in cells.items() if language in {"", lang} and sex in {"", s}
        )
        for language, sex in ALL
    }


@pytest.mark.parametrize(
    ("found", "group", "is_shown"),
    [
        (counts(10, 10, 10, 10), ("kk", "f"), True),
        (counts(9, 20, 20, 20), ("kk", "f"), False),
        # All girls and the Russian ones would tell of the nine.
        (counts(9, 20, 20, 20), ("ru", "f"), False),
        (counts(9, 20, 20, 20), ("kk", "m"), False),
        # All, Kazakh and girls together would tell of the nine Russian boys.
        (counts(20, 20, 20, 9), ("kk", "f"), False),
        (counts(20, 20, 0, 0), ("kk", ""), True),
        (counts(20, 20, 0, 0), ("", ""), True),
        (counts(20, 20, 4, 5), ("kk", ""), False),
        (counts(20, 20, 20, 20, unknown=3), ("kk", "f"), False),
        (counts(4, 5, 0, 0), ("", ""), False),
    ],
)
def test_which_groups_are_shown(found: dict[Any, int], group: Any, is_shown: bool) -> None:
    assert may_show(found, group) is is_shown


def test_no_small_cell_follows_from_what_is_shown() -> None:
    """Any sum and difference of up to four shown groups is zero or at least ten, wherever it
    is one of the cells."""
    chance = Random(4)  # noqa: S311
    for _ in range(300):
        found = counts(*(chance.choice([0, 3, 9, 10, 40]) for _ in range(4)))
        shown = [group for group in ALL if may_show(found, group)]
        for cell in product(("kk", "ru"), "fm"):
            lang, sex = cell
            ways = [{cell}, {(lang, ""), (lang, "fm"[sex == "f"])}]
            ways += [{("", sex), ("kk" if lang == "ru" else "ru", sex)}]
            for way in ways:
                if way <= set(shown):
                    assert not 0 < found[cell] < 10, (found, cell, way)


def test_a_share_of_a_few_is_hidden() -> None:
    assert share(0.0, 500) == 0
    assert share(9 / 500, 500) == HIDDEN
    assert share(10 / 500, 500) == 0.02
    assert share(0.5, 9) is None
    assert share(None, 500) is None


def test_figures_leave_rounded_and_without_small_cells() -> None:
    figures = {
        "n": 200, "scored": 200, "paced": 200, "mean": 6.123456, "sd": 5.0, "alpha": 0.81234,
        "floor": 0.02, "ceiling": 0.2, "fast": 0.0, "not_computable": 3,
        "levels": {"immediate": 4, "medium": 30},
        "rounds": {"2025.1": {"n": 5, "flagged": 1}, "2026.1": {"n": 195, "flagged": 34}},
        "items": [{
            "item": "q1", "shown": 200, "missing": 0.015, "declined": 0.0, "seconds": 4.0,
            "timed": 9, "item_rest": 0.44444,
            "dif": {"n_kk": 9, "n_ru": 191, "class": "A", "effect": 0.1},
        }],
    }  # fmt: skip
    shown = disclosed(figures)
    assert (shown["mean"], shown["alpha"]) == (6.12, 0.812)
    assert (shown["floor"], shown["ceiling"], shown["not_computable"]) == (HIDDEN, 0.2, HIDDEN)
    assert shown["levels"] == {"immediate": HIDDEN, "medium": 0.15}
    assert shown["rounds"]["2025.1"] == {"n": HIDDEN, "flagged": None}
    (item,) = shown["items"]
    assert (item["missing"], item["seconds"], item["dif"]) == (HIDDEN, None, None)


def of_forty(*, scored: int = 40, complete: int = 40, levels: dict[str, int]) -> dict[str, Any]:
    return {
        "n": 40,
        "scored": scored,
        "complete": complete,
        "paced": 40,
        "floor": 0.0,
        "ceiling": 0.0,
        "fast": 0.0,
        "not_computable": 40 - scored,
        "levels": levels,
        "rounds": {},
        "items": [],
    }


def test_what_is_hidden_is_not_found_by_subtraction() -> None:
    few = disclosed(of_forty(scored=37, complete=36, levels={}))
    assert (few["not_computable"], few["scored"], few["complete"]) == (HIDDEN, None, None)
    many = disclosed(of_forty(scored=30, complete=25, levels={}))
    assert (many["not_computable"], many["scored"], many["complete"]) == (10, 30, 25)


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        ({"soon": 12, "routine": 12}, {"soon": 0.3, "routine": 0.3}),
        # All the others would tell of the four.
        ({"immediate": 4, "soon": 36}, {"immediate": HIDDEN, "soon": None}),
        # Thirty-six of forty tell of the four who have no flag.
        ({"soon": 36}, {"soon": None}),
        ({"immediate": 4, "soon": 12}, {"immediate": HIDDEN, "soon": 0.3}),
        ({"soon": 40}, {"soon": 1.0}),
    ],
)
def test_levels_and_no_flag_are_one_sum(levels: dict[str, int], found: dict[str, Any]) -> None:
    assert disclosed(of_forty(levels=levels))["levels"] == found


def states(girls: int, boys: int, unknown: int = 0, told: int = 0) -> dict[Group, State]:
    """All, girls and boys; `told` stands for what was summed."""
    whole = girls + boys + unknown
    found: dict[Group, State] = {("", ""): (whole, {"total": {"sum": whole + told}})}
    for sex, n in (("f", girls), ("m", boys)):
        found["", sex] = (n, {"total": {"sum": n + (told if sex == "f" else 0)}})
    return found


@pytest.mark.parametrize(
    ("after", "apart"),
    [
        (states(20, 20), True),
        (states(30, 20), True),
        (states(30, 30), True),
        (states(21, 20), False),
        (states(29, 20), False),
        (states(30, 21), False),
        # Nobody new, but somebody answered again.
        (states(20, 20, told=3), False),
        # The few whose sex nobody has said would follow by subtraction.
        (states(30, 30, unknown=4), False),
        (states(30, 30, unknown=10), True),
        # Somebody's answers were erased.
        (states(19, 20), False),
    ],
)
def test_two_nights_do_not_tell_of_whoever_came_between(after, apart: bool) -> None:
    assert is_apart(states(20, 20), after) is apart


def test_the_first_night_stands_alone() -> None:
    assert is_apart({}, states(12, 0))


def test_all_but_a_few_is_no_share() -> None:
    assert share(0.9, 40) is None
    assert share(0.75, 40) == 0.75
    assert share(1.0, 40) == 1.0
    assert share(0.1, 40) == HIDDEN
