"""Estimates from calibrated items as scores: exact to the place, with their error, never faked."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import exp, sqrt

import pytest

from tests.builders import answered
from tests.short_runs import FOLDER, NAME
from tirek.catalog.instruments import load_instruments
from tirek.domain.calibration import (
    Calibration,
    CalibrationStatus,
    Parameters,
    category_of,
    fit_of,
    step_after,
)
from tirek.domain.flagging import flags_for
from tirek.domain.instruments import SKIPPED
from tirek.domain.scoring import Reason, score
from tirek.services.adaptive import may_be_short

MOOD = load_instruments(FOLDER)[NAME]
ITEMS = [f"q{number}" for number in range(1, 9)]
GRID = [-6 + 0.1 * step for step in range(121)]


def expected(categories: dict[str, int]) -> tuple[float, float]:
    """Mean and error of the posterior, written down plainly: the oracle of these tests."""
    weights = []
    for theta in GRID:
        chance = exp(-theta * theta / 2)
        for item, category in categories.items():
            parameters = MOOD.scoring.calibration.parameters[item]
            above = [
                1.0,
                *(1 / (1 + exp(-float(parameters.a) * (theta - float(b)))) for b in parameters.b),
                0.0,
            ]
            chance *= above[category] - above[category + 1]
        weights.append(chance)
    whole = sum(weights)
    mean = sum(w * theta for w, theta in zip(weights, GRID, strict=True)) / whole
    spread = sum(w * (theta - mean) ** 2 for w, theta in zip(weights, GRID, strict=True)) / whole
    return mean, sqrt(spread)


def by_scale(answers, unasked=frozenset()):
    return {one.scale: one for one in score(MOOD, answers, unasked)}


@pytest.mark.parametrize("codes", list(product((0, 1, 3), repeat=3)))
def test_the_estimate_of_a_shorter_run_and_its_error(codes):
    asked = dict(zip(("q2", "q4", "q6"), codes, strict=True))
    sheet = {item: answered(code) for item, code in asked.items()}
    found = by_scale(sheet, frozenset({*ITEMS} - {*asked}))
    mean, error = expected(asked)
    assert found["trait"].value == Fraction(round(mean * 10_000), 10_000)
    assert found["trait"].error == Fraction(round(error * 10_000), 10_000)
    assert found["trait"].answered == 3


def test_a_sum_of_what_was_not_asked_is_not_filled_in():
    sheet = {item: answered(3) for item in ITEMS[:7]}
    total = by_scale(sheet, frozenset({"q8"}))["total"]
    assert (total.value, total.reason, total.prorated) == (None, Reason.NOT_ASKED, False)


def test_a_rule_for_blanks_does_not_fill_it_in_either():
    (first, *others) = MOOD.scoring.scales
    bearing = replace(first, missing=replace(first.missing, max_blanks=3))
    lenient = replace(MOOD, scoring=replace(MOOD.scoring, scales=(bearing, *others)))
    sheet = {item: answered(3) for item in ITEMS[:7]}
    (total, _) = score(lenient, sheet, frozenset({"q8"}))
    assert total.reason is Reason.NOT_ASKED


def test_a_blank_among_the_asked_counts_and_an_unasked_item_does_not():
    asked = {"q1": SKIPPED, "q2": SKIPPED, "q3": answered(2)}
    unasked = frozenset(ITEMS[3:])
    assert by_scale(asked, unasked)["trait"].value is not None
    too_many = {**asked, "q4": SKIPPED}
    trait = by_scale(too_many, frozenset(ITEMS[4:]))["trait"]
    assert trait.reason is Reason.TOO_MANY_MISSING


def test_an_open_sum_of_a_shorter_run_calls_nobody_and_a_high_estimate_does():
    sheet = {item: answered(3) for item in ("q2", "q4", "q6")} | {"q9": answered(0)}
    unasked = frozenset({*ITEMS} - {*sheet})
    found = flags_for(MOOD, score(MOOD, sheet, unasked), sheet, unasked)
    assert [flag.id for flag in found] == ["traitHigh"]


def test_an_open_estimate_calls_somebody():
    sheet = {"q2": SKIPPED, "q4": SKIPPED, "q6": SKIPPED, "q9": answered(0)}
    unasked = frozenset({*ITEMS} - {*sheet})
    found = flags_for(MOOD, score(MOOD, sheet, unasked), sheet, unasked)
    assert [flag.id for flag in found] == ["notScored"]


def test_a_whole_run_has_both():
    found = by_scale({item: answered(1) for item in ITEMS})
    assert found["total"].value == 8
    assert found["trait"].value == Fraction(
        round(expected(dict.fromkeys(ITEMS, 1))[0] * 10_000), 10_000
    )


def test_categories_are_counted_from_the_lowest_weight():
    weights = [Fraction(5), Fraction(0), Fraction(1), Fraction(3)]
    assert [category_of(weights, weight) for weight in sorted(weights)] == [0, 1, 2, 3]


def test_the_critical_item_is_asked_in_every_run():
    plan = MOOD.scoring.calibration, MOOD.scoring.short
    for codes in product((0, 3), repeat=5):
        asked, left = [], [*codes]
        while (step := step_after(*plan, asked)).item is not None:
            asked.append((step.item, left.pop(0) if step.item != "q9" else 0))
        assert "q9" in {item for item, _ in asked}
        assert len(asked) <= MOOD.scoring.short.most + 1


def test_only_what_is_calibrated_here_in_every_language_may_be_short():
    assert may_be_short(MOOD)
    known = MOOD.scoring.calibration
    for other in (replace(known, langs=("ru",)), replace(known, status="published"), None):
        changed = replace(MOOD, scoring=replace(MOOD.scoring, calibration=other))
        assert not may_be_short(changed)


def test_answers_that_hang_together_fit_better_than_those_that_do_not() -> None:
    known = Calibration(
        {f"q{n}": Parameters(Fraction(2), (Fraction(n - 4),)) for n in range(1, 8)},
        "invented", "nobody", ("kk",), CalibrationStatus.PUBLISHED,
    )  # fmt: skip
    # The easy ones yes and the hard ones no; and the other way round.
    usual = fit_of(known, {f"q{n}": int(n <= 4) for n in range(1, 8)})
    odd = fit_of(known, {f"q{n}": int(n > 4) for n in range(1, 8)})
    assert usual is not None
    assert odd is not None
    assert odd < -2 < 0 < usual
    assert fit_of(known, {"q1": 1, "q2": None}) is None
