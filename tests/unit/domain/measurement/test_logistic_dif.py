"""R MASS::polr on `housing` (Venables & Ripley 2002, 7.3), and what must hold of any fit."""

import numpy as np
import pytest

from tests.unit.domain.measurement.real_answers import bfi, bfi_column, housing
from tirek.domain.measurement.answer_counts import AnswerCounts, StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.logistic_dif import logistic_dif
from tirek.domain.measurement.mantel import DifClass
from tirek.domain.measurement.proportional_odds import fit, null_loglik

ITEMS = tuple("abcde")


def test_satisfaction_with_housing_as_polr_prints_it() -> None:
    rows: dict[tuple[float, ...], list[int]] = {}
    for predictors, level, persons in housing():
        rows.setdefault(predictors, [0, 0, 0])[level] += persons
    found = fit(np.array(list(rows)), np.array(list(rows.values())))
    assert -2 * found.loglik == pytest.approx(3479.149, abs=5e-4)
    assert found.slopes == pytest.approx(
        [0.5663937, 1.2888191, -0.5723501, -0.3661866, -1.0910149, 0.3602841], abs=1e-5
    )
    # polr's zeta is logit P(y <= j), our cuts are logit P(y > j).
    assert -found.cuts == pytest.approx([-0.4961353, 0.6907083], abs=1e-5)
    assert found.errors[0] == pytest.approx(0.1046528, rel=0.01)


def a_group(rng, n: int, shift: float, slope: float = 1.7) -> np.ndarray:
    """Five items of four codes; the first is `shift` easier, and answers `slope` to the trait."""
    trait = rng.normal(size=n)
    answers = np.empty((n, 5))
    for place in range(5):
        pull = slope if place == 0 else 1.7
        found = trait * pull + rng.logistic(size=n) + (shift if place == 0 else 0)
        answers[:, place] = np.digitize(found, [-1.5, 0, 1.5])
    return answers


def counts_of(rng, shift: float, slope: float = 1.7, n: int = 4000) -> AnswerCounts:
    answers = np.concatenate([a_group(rng, n, 0), a_group(rng, n, shift, slope)])
    return AnswerCounts.of(ITEMS, answers, ["kk"] * n + ["ru"] * n)


def test_a_planted_difference_is_found_where_it_is(rng) -> None:
    counts = counts_of(rng, shift=1.5)
    found = {item: logistic_dif(counts.table(item, "kk", "ru")) for item in ITEMS}
    assert found["a"].size in {DifClass.B, DifClass.C}
    assert found["a"].chi2_uniform > 50 * found["a"].chi2_nonuniform
    assert all(found[item].size is DifClass.A for item in "bcde")


def test_a_difference_that_turns_with_the_score_is_not_uniform(rng) -> None:
    found = logistic_dif(counts_of(rng, shift=0, slope=0.4).table("a", "kk", "ru"))
    assert found.p_nonuniform < 1e-6
    assert found.chi2_nonuniform > 5 * found.chi2_uniform


def test_chi_squares_and_sizes_add_up(rng) -> None:
    found = logistic_dif(counts_of(rng, shift=0.5).table("a", "kk", "ru"))
    assert found.chi2_total == pytest.approx(found.chi2_uniform + found.chi2_nonuniform)
    assert found.r2_total == pytest.approx(found.r2_uniform + found.r2_nonuniform)
    assert 0 < found.r2_total < 1


def test_the_unit_of_the_matching_score_and_the_names_of_the_groups_do_not_matter(rng) -> None:
    counts = counts_of(rng, shift=0.5)
    table, turned = (counts.table("a", *pair) for pair in (("kk", "ru"), ("ru", "kk")))
    scaled = StratifiedTable(table.levels * 7 - 30, table.scores, table.counts)
    found = logistic_dif(table)
    for other in (turned, scaled):
        again = logistic_dif(other)
        assert again.chi2_uniform == pytest.approx(found.chi2_uniform, abs=1e-6)
        assert again.chi2_nonuniform == pytest.approx(found.chi2_nonuniform, abs=1e-6)


def test_counts_and_single_persons_have_the_same_fit(rng) -> None:
    table = counts_of(rng, shift=0.3, n=150).table("a", "kk", "ru")
    predictors = np.repeat(table.levels, 2)[:, None]
    rows = table.counts.reshape(-1, table.counts.shape[2])
    used = rows.any(axis=1)
    together = fit(predictors[used], rows[used])
    at, codes = np.repeat(np.argwhere(rows), rows[rows > 0], axis=0).T
    apart = fit(predictors[at], np.eye(rows.shape[1], dtype=np.int64)[codes])
    assert together.loglik == pytest.approx(apart.loglik, abs=1e-8)
    assert together.slopes == pytest.approx(apart.slopes, abs=1e-7)


def test_without_predictors_each_code_is_as_likely_as_it_is_frequent() -> None:
    counts = np.array([[3, 4, 5], [1, 0, 7]])
    assert fit(np.empty((2, 0)), counts).loglik == pytest.approx(null_loglik(counts))


def test_women_and_men_of_equal_neuroticism() -> None:
    gender = ["" if value != value else f"{value:g}" for value in bfi_column("gender")]  # noqa: PLR0124
    counts = AnswerCounts.of(ITEMS, bfi("N"), gender)
    found = [logistic_dif(counts.table(item, "1", "2")) for item in ITEMS]
    # Everything is small, though with 2,694 people four of five are significant.
    assert {one.size for one in found} == {DifClass.A}
    assert sum(one.p_total < 0.05 for one in found) == 4


def a_table(counts) -> StratifiedTable:
    table = np.array(counts, dtype=np.int64)
    levels, scores = np.arange(len(table)) * 1.0, np.arange(table.shape[2]) * 1.0
    return StratifiedTable(levels, scores, table)


def test_an_item_that_the_score_gives_away_differs_in_nothing() -> None:
    """The slope has no end there, the likelihood has."""
    found = logistic_dif(a_table([[[9, 0], [8, 0]], [[0, 9], [0, 8]]]))
    assert found.chi2_total == pytest.approx(0, abs=1e-6)
    assert found.size is DifClass.A


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([[[3], [4]], [[1], [2]]], "same answer"),
        ([[[3, 1], [4, 2]]], "same matching score"),
        ([[[3, 1], [0, 0]], [[1, 3], [0, 0]]], "is empty"),
    ],
)
def test_what_has_no_fit_is_said(counts, said) -> None:
    with pytest.raises(UnmeasurableError, match=said):
        logistic_dif(a_table(counts))


def test_predictors_that_say_the_same_are_refused() -> None:
    with pytest.raises(UnmeasurableError, match="told apart"):
        fit(np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([[3, 4], [5, 6]]))
