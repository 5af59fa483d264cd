"""Areas by their definition, person by person; Hanley & McNeil's readings; Wilson's interval."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.predictive import (
    negative_predictive_value,
    positive_predictive_value,
)
from tirek.domain.measurement.roc import (
    ScoreCounts,
    area,
    best_cut_off,
    cut_offs,
    wilson_interval,
)
from tirek.domain.measurement.roc_comparison import PairCounts, compare

PERSONS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40)
# Hanley & McNeil 1982, table I: 58 normal and 51 abnormal patients, rated 1 to 5.
RATINGS = {1: (3, 33), 2: (2, 6), 3: (2, 6), 4: (11, 11), 5: (33, 2)}


def of(persons) -> ScoreCounts:
    return ScoreCounts.of([score for score, _ in persons], [outcome for _, outcome in persons])


def groups(persons) -> tuple[list[int], list[int]]:
    confirmed = [score for score, outcome in persons if outcome]
    others = [score for score, outcome in persons if not outcome]
    assume(len(confirmed) > 1 and len(others) > 1)
    return confirmed, others


def wins(one: float, other: float) -> float:
    return (one > other) + (one == other) / 2


@given(PERSONS)
def test_area_and_variance_are_delongs_definition(persons) -> None:
    confirmed, others = groups(persons)
    found = area(of(persons))
    v10 = [np.mean([wins(x, y) for y in others]) for x in confirmed]
    v01 = [np.mean([wins(x, y) for x in confirmed]) for y in others]
    assert found.auc == pytest.approx(np.mean(v10))
    expected = np.var(v10, ddof=1) / len(confirmed) + np.var(v01, ddof=1) / len(others)
    assert found.variance == pytest.approx(expected, abs=1e-12)
    assert 0 <= found.ci95[0] <= found.auc <= found.ci95[1] <= 1


def test_readings_of_hanley_and_mcneil() -> None:
    found = area(ScoreCounts.from_counts(RATINGS))
    assert (found.n_positive, found.n_negative) == (51, 58)
    assert found.auc == pytest.approx(0.893, abs=5e-4)
    # Stata's manual (roctab) prints DeLong's error and interval of the same table.
    assert found.auc == pytest.approx(0.8932, abs=5e-5)
    assert found.variance**0.5 == pytest.approx(0.0307, abs=5e-5)
    assert found.ci95 == pytest.approx((0.83295, 0.95339), abs=1e-5)


@given(PERSONS, st.data())
def test_any_partition_merged_is_the_whole(persons, data) -> None:
    cut = data.draw(st.integers(0, len(persons)))
    merged = of(persons[cut:]).merge(of(persons[:cut]))
    whole = of(persons)
    assert json.dumps(merged.as_json()) == json.dumps(whole.as_json())
    again = ScoreCounts.from_json(json.loads(json.dumps(whole.as_json())))
    assert json.dumps(again.as_json()) == json.dumps(whole.as_json())


@given(PERSONS)
def test_turning_the_score_round_turns_the_area_round(persons) -> None:
    groups(persons)
    turned = [(-score, outcome) for score, outcome in persons]
    assert area(of(turned)).auc == pytest.approx(1 - area(of(persons)).auc)
    assert area(of(turned)).variance == pytest.approx(area(of(persons)).variance)


@given(PERSONS)
def test_every_cut_off_counts_whom_it_says(persons) -> None:
    confirmed, others = groups(persons)
    for one in cut_offs(of(persons)):
        hits = sum(score >= one.cut for score in confirmed)
        rejected = sum(score < one.cut for score in others)
        assert one.sensitivity.value == hits / len(confirmed)
        assert one.specificity.value == rejected / len(others)
        assert one.ppv.hits == hits
        assert one.ppv.n == hits + len(others) - rejected
        assert one.npv.n == rejected + len(confirmed) - hits
    cuts = cut_offs(of(persons))
    rising = [one.specificity.hits for one in cuts]
    falling = [one.sensitivity.hits for one in cuts]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


@given(PERSONS)
def test_the_best_cut_off_is_the_lowest_of_the_best(persons) -> None:
    groups(persons)
    cuts = cut_offs(of(persons))
    best = best_cut_off(cuts)
    assert all(one.youden <= best.youden + 1e-12 for one in cuts)
    assert all(one.youden < best.youden - 1e-12 for one in cuts if one.cut < best.cut)


def test_a_cut_off_names_the_observed_value_and_the_midpoint() -> None:
    first, second = cut_offs(ScoreCounts.of([0.1, 0.3], [False, True]))
    assert (first.cut, first.midpoint) == (0.1, None)
    assert (second.cut, second.midpoint) == (0.3, pytest.approx(0.2))
    assert best_cut_off([first, second]) == second
    assert (first.npv.value, first.npv.ci95) == (None, None)


def test_a_blank_score_counts_nowhere() -> None:
    found = area(ScoreCounts.of([1, float("nan"), 2], [False, True, True]))
    assert (found.n_positive, found.n_negative) == (1, 1)
    assert np.isnan(found.variance)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe 1998, table I, method 3: printed to four digits.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_as_newcombe_prints_it(hits, n, low, high) -> None:
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=30))
def test_two_scores_are_compared_by_the_covariance_of_their_placements(persons) -> None:
    first, second, outcome = ([person[at] for person in persons] for at in range(3))
    assume(1 < sum(outcome) < len(outcome) - 1)
    found = compare(PairCounts.of(first, second, outcome))
    expected = {}
    for kind, places in (("x", (True, False)), ("y", (False, True))):
        own = [at for at, one in enumerate(outcome) if one is places[0]]
        other = [at for at, one in enumerate(outcome) if one is places[1]]
        rows = [
            [np.mean([wins(score[at], score[to]) for to in other]) for at in own]
            for score in (first, second)
        ]
        expected[kind] = np.cov(rows) / len(own)
    s = expected["x"] + expected["y"]
    assert found.difference == pytest.approx(found.first.auc - found.second.auc)
    assert found.variance == pytest.approx(s[0, 0] + s[1, 1] - 2 * s[0, 1], abs=1e-12)
    if found.variance > 1e-9:
        assert found.z == pytest.approx(found.difference / found.variance**0.5)


def test_equal_scores_differ_in_nothing() -> None:
    found = compare(PairCounts.of([1, 2, 3, 4], [1, 2, 3, 4], [False, True, False, True]))
    assert found.difference == 0
    assert np.isnan(found.z)


def test_pairs_of_parts_are_the_pairs_of_the_whole() -> None:
    scores = list(product(range(3), range(3)))
    first, second = zip(*scores, strict=True)
    outcome = [one > other for one, other in scores]
    parts = [
        PairCounts.of(first[part], second[part], outcome[part])
        for part in (slice(0, 4), slice(4, 9))
    ]
    whole, merged = PairCounts.of(first, second, outcome), parts[1].merge(parts[0])
    assert merged.pairs.tolist() == whole.pairs.tolist()
    assert merged.positives.tolist() == whole.positives.tolist()
    assert merged.negatives.tolist() == whole.negatives.tolist()


@pytest.mark.parametrize(
    ("counts", "said"),
    [({}, "same outcome"), ({3: (1, 0), 4: (2, 0)}, "same outcome"), ({3: (0, 5)}, "same outcome")],
)
def test_one_outcome_alone_tells_nothing(counts, said) -> None:
    with pytest.raises(UnmeasurableError, match=said):
        area(ScoreCounts.from_counts(counts))


def test_a_score_without_an_outcome_is_refused() -> None:
    with pytest.raises(UnmeasurableError, match="one outcome"):
        ScoreCounts.of([1, 2], [True])
    with pytest.raises(UnmeasurableError, match="no counts"):
        ScoreCounts.from_json({})
    with pytest.raises(UnmeasurableError, match="two persons"):
        compare(PairCounts.of([1, 2], [1, 3], [False, True]))


# Reference instruments §5.9.
PREDICTIVE = [
    (0.969, 0.876, (0.138, 0.246, 0.333, 0.465), (0.9993, 0.9985, 0.9977, 0.9961)),
    (0.895, 0.775, (0.075, 0.142, 0.203, 0.307), (0.9972, 0.9944, 0.9914, 0.9852)),
    (0.74, 0.75, (0.057, 0.110, 0.159, 0.248), ()),
    (0.60, 0.85, (0.076, 0.143, 0.203, 0.308), ()),
]


@pytest.mark.parametrize(("sensitivity", "specificity", "ppv", "npv"), PREDICTIVE)
def test_predictive_values_at_a_prevalence(sensitivity, specificity, ppv, npv) -> None:
    for prevalence, expected in zip((0.02, 0.04, 0.06, 0.10), ppv, strict=True):
        found = positive_predictive_value(sensitivity, specificity, prevalence)
        assert found == pytest.approx(expected, abs=6e-4)
    for prevalence, expected in zip((0.02, 0.04, 0.06, 0.10), npv, strict=False):
        found = negative_predictive_value(sensitivity, specificity, prevalence)
        assert found == pytest.approx(expected, abs=6e-5)


def test_at_the_prevalence_of_the_data_both_ways_agree() -> None:
    for one in cut_offs(ScoreCounts.from_counts(RATINGS)):
        at = (one.sensitivity.value, one.specificity.value, 51 / 109)
        assert positive_predictive_value(*at) == pytest.approx(one.ppv.value)
        if one.npv.n:
            assert negative_predictive_value(*at) == pytest.approx(one.npv.value)


def test_where_nobody_is_positive_there_is_no_value() -> None:
    assert positive_predictive_value(0, 1, 0.1) is None
    assert negative_predictive_value(1, 0, 0.1) is None
    with pytest.raises(ValueError, match="must lie in"):
        positive_predictive_value(1.2, 0.5, 0.1)
