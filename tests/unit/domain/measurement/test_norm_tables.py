"""Percentile ranks of the worked example (reference instruments §6.8), and what must hold."""

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.norm_tables import (
    RawCounts,
    norm_table,
    percentile_rank,
    stanine,
    sten,
    t_score,
)

WORKED = (3, 5, 5, 7, 8, 8, 8, 10, 12, 15)
SAMPLES = st.lists(st.integers(0, 27), min_size=2, max_size=60).filter(
    lambda one: len(set(one)) > 1
)


@pytest.mark.parametrize(
    ("raw", "middle", "at_or_below"), [(3, 5, 10), (5, 20, 30), (8, 55, 70), (15, 95, 100)]
)
def test_ranks_of_the_worked_example(raw, middle, at_or_below) -> None:
    counts = RawCounts.of(WORKED)
    row = next(row for row in norm_table(counts) if row.raw == raw)
    assert (row.percentile, row.at_or_below) == (middle, at_or_below)
    assert percentile_rank(counts, Fraction(raw)) == middle


def test_a_score_that_nobody_had_has_a_rank_as_well() -> None:
    counts = RawCounts.of(WORKED)
    assert percentile_rank(counts, Fraction(9)) == 70
    assert percentile_rank(counts, Fraction(99)) == 100
    assert percentile_rank(counts, Fraction(-1)) == 0


@given(SAMPLES, st.data())
def test_any_partition_merged_is_the_whole(sample, data) -> None:
    cut = data.draw(st.integers(0, len(sample)))
    assert RawCounts.of(sample[cut:]).merge(RawCounts.of(sample[:cut])) == RawCounts.of(sample)
    stored = json.loads(json.dumps(RawCounts.of(sample).as_json()))
    assert RawCounts.from_json(stored) == RawCounts.of(sample)


@given(SAMPLES)
def test_every_column_rises_with_the_raw_score(sample) -> None:
    rows = norm_table(RawCounts.of(sample))
    for name in ("raw", "percentile", "at_or_below", "t", "t_normalised"):
        column = [getattr(row, name) for row in rows]
        assert all(one < other for one, other in pairwise(column))
    for name, lowest, highest in (("stanine", 1, 9), ("sten", 1, 10)):
        column = [getattr(row, name) for row in rows]
        assert column == sorted(column)
        assert lowest <= column[0]
        assert column[-1] <= highest
    assert rows[0].percentile > 0
    assert rows[-1].percentile < 100
    assert rows[-1].at_or_below == 100


@given(SAMPLES)
def test_the_mean_of_the_sample_is_t_50(sample) -> None:
    counts = RawCounts.of(sample)
    mean = sum(row.t * row.n for row in norm_table(counts)) / counts.n
    assert mean == pytest.approx(50)


@given(SAMPLES, st.fractions(0, 27))
def test_a_rank_lies_between_its_neighbours(sample, score) -> None:
    counts = RawCounts.of(sample)
    below = [row.percentile for row in norm_table(counts) if row.raw <= score]
    above = [row.percentile for row in norm_table(counts) if row.raw >= score]
    assert max(below, default=0) <= percentile_rank(counts, score) <= min(above, default=100)


def test_t_is_linear_and_not_clipped() -> None:
    assert t_score(12, 10, 2) == 60
    assert t_score(30, 10, 2) == 150
    with pytest.raises(ValueError, match="above 0"):
        t_score(1, 1, 0)


@pytest.mark.parametrize(
    ("z", "nine", "ten"),
    [
        (-9, 1, 1),
        (-1.76, 1, 2),
        (-0.26, 4, 5),
        (-0.01, 5, 5),
        (0.01, 5, 6),
        (0.26, 6, 6),
        (9, 9, 10),
    ],
)
def test_bands_of_half_a_standard_deviation(z, nine, ten) -> None:
    assert (stanine(z), sten(z)) == (nine, ten)


def test_a_sample_that_says_nothing_is_refused() -> None:
    for sample in ([], [4], [4, 4]):
        with pytest.raises(UnmeasurableError):
            norm_table(RawCounts.of(sample))
    with pytest.raises(UnmeasurableError, match="persons"):
        percentile_rank(RawCounts.of([]), Fraction(1))
