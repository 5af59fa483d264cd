"""Conversations against scores, and the drafts that come of them."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml

from tests.world import the_catalog
from tirek.domain.measurement.roc import cut_offs
from tirek.domain.standing import Verdict
from tirek.domain.standing_drafts import (
    DraftPlace,
    cut_off_lines,
    norm_figures,
    norm_lines,
    possible,
)
from tirek.domain.standing_outcomes import (
    Group,
    Judged,
    accuracy,
    best_by_sensitivity,
    counts_of,
    groups,
    may_suggest,
    of_group,
)

PLACE = DraftPlace("phq-a", "total", "kk", "f", 14, 15)
SCALE = the_catalog().instruments["phq-a"].scale("total")


def judged(value: int, verdict: str, *, flagged: bool = True, blind: bool = True) -> Judged:
    return Judged("kk", 14, Verdict(verdict), blind, flagged, Decimal(value))


def some(true: int, false: int, missed: int, calm: int) -> list[Judged]:
    return [
        *(judged(20, "confirmed") for _ in range(true)),
        *(judged(15, "not_confirmed") for _ in range(false)),
        *(judged(5, "confirmed", flagged=False) for _ in range(missed)),
        *(judged(2, "not_confirmed", flagged=False) for _ in range(calm)),
    ]


def test_accuracy_by_hand() -> None:
    found = accuracy([*some(30, 10, 10, 40), judged(9, "unclear")])
    assert found is not None
    assert (found.confirmed, found.not_confirmed, found.unclear, found.not_flagged) == (
        40, 50, 1, 50,
    )  # fmt: skip
    assert found.sensitivity.value == 0.75
    assert found.specificity.value == 0.8
    assert found.ppv.value == 0.75
    assert found.npv.value == 0.8
    # Wilson by R: binom::binom.confint(30, 40, methods = "wilson").
    assert found.sensitivity.ci95 == pytest.approx((0.5981, 0.8581), abs=1e-4)


def test_too_few_of_either_say_nothing() -> None:
    assert accuracy(some(9, 30, 0, 30)) is None
    assert counts_of(some(30, 9, 3, 0), worse_is_high=True) is None


def test_where_low_is_worse_the_scale_is_turned() -> None:
    high = counts_of(some(30, 10, 10, 40), worse_is_high=True)
    low = counts_of(some(30, 10, 10, 40), worse_is_high=False)
    assert high is not None
    assert low is not None
    assert low.scores.tolist() == [-20, -15, -5, -2]
    assert high.scores.tolist() == [2, 5, 15, 20]


def test_the_cut_off_that_keeps_sensitivity_is_the_sharpest_one() -> None:
    counts = counts_of(some(36, 30, 4, 20), worse_is_high=True)
    assert counts is not None
    found = best_by_sensitivity(cut_offs(counts))
    assert found is not None
    assert found.cut == 20
    counts = counts_of(some(35, 30, 5, 20), worse_is_high=True)
    assert counts is not None
    found = best_by_sensitivity(cut_offs(counts))
    assert found is not None
    assert found.cut == 5


def test_without_unflagged_children_no_cut_off_is_suggested() -> None:
    assert not may_suggest(some(60, 60, 0, 0))
    assert not may_suggest(some(49, 30, 0, 30))
    assert may_suggest(some(50, 30, 0, 30))


def test_blind_and_not_blind_are_counted_apart() -> None:
    both = [judged(9, "confirmed"), judged(9, "confirmed", blind=False)]
    kinds = [one for one in groups(both) if one.is_blind is not None]
    assert [len(of_group(both, one)) for one in kinds] == [1, 1]
    assert len(of_group(both, Group())) == 2


def test_a_norm_needs_five_hundred_and_holds_every_score() -> None:
    scores = Counter({Fraction(0): 250, Fraction(10): 249})
    assert norm_figures(SCALE, scores) is None
    figures = norm_figures(SCALE, scores + Counter({Fraction(27): 1}))
    assert figures is not None
    assert len(figures["percentiles"]) == len(possible(SCALE)) == 28
    by_score = dict(map(tuple, figures["percentiles"]))
    assert (by_score[0], by_score[1], by_score[10], by_score[27]) == (25.0, 50.0, 74.9, 99.9)


def test_the_lines_are_what_the_files_want() -> None:
    scores = Counter({Fraction(at): 20 for at in range(28)})
    figures = norm_figures(SCALE, scores)
    assert figures is not None
    (norm,) = yaml.safe_load(norm_lines(PLACE, figures, 2026))
    assert (norm["sex"], norm["ages"], norm["lang"]) == ("f", {"min": 14, "max": 15}, ["kk"])
    assert len(norm["percentiles"]["rows"]) == 28
    shown = {
        "worse": "high", "rule": "youden", "sensitivity": 0.9, "specificity": 0.8,
        "confirmed": 60, "not_confirmed": 70, "not_flagged": 20,
    }  # fmt: skip
    (flag,) = yaml.safe_load(cut_off_lines(PLACE, shown, Decimal("11.0000")))
    assert flag["when"] == {"scale": "total", "ge": 11}
