import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tirek.domain.measurement.patterns import AnswersError, patterns_of

answers = arrays(np.int64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.integers(-1, 2))


# Few items have a place for every pattern, many are sorted.
@pytest.mark.parametrize("repeats", [1, 7])
@given(answers)
def test_everybody_is_found_again_in_the_patterns(repeats, given_answers):
    given_answers = np.tile(given_answers, (1, repeats))
    found = patterns_of(given_answers, [3, 3, 3] * repeats)
    assert found.people.sum() == len(given_answers)
    whose = found.chosen[found.row]
    for person, row in enumerate(given_answers):
        expected = [int(code == category) for code in row for category in range(3)]
        assert whose[person].tolist() == expected
    assert len(found.chosen) == len(np.unique(given_answers, axis=0))


def test_so_many_items_that_no_number_holds_a_pattern():
    rows = np.random.default_rng(1).integers(0, 5, (4, 60))[[0, 1, 2, 3, 3, 1]]
    found = patterns_of(rows, [5] * 60)
    assert sorted(found.people.tolist()) == [1, 1, 2, 2]
    assert found.row[3] == found.row[4]
    assert found.row[1] == found.row[5]


def test_slices_cover_all_patterns_in_order():
    rows = np.arange(20_000)[:, None] // 3 ** np.arange(10) % 3
    found = patterns_of(rows, [3] * 10)
    parts = list(found.slices())
    assert np.array_equal(np.concatenate([chosen for chosen, _ in parts]), found.chosen)
    assert sum(people.sum() for _, people in parts) == 20_000


def test_columns_say_where_an_items_categories_stand():
    found = patterns_of(np.array([[1, 0]]), [2, 4])
    assert [found.chosen[0, own].tolist() for own in found.columns()] == [[0, 1], [1, 0, 0, 0]]


@pytest.mark.parametrize("wrong", [-2, 3])
def test_a_wrong_answer_is_refused_with_its_place(wrong):
    with pytest.raises(AnswersError, match=f"row 2, item 1: there is no category {wrong}"):
        patterns_of(np.array([[0, 0], [wrong, 0]]), [3, 3])


def test_a_thinned_picture_keeps_the_shares():
    rows = np.random.default_rng(2).integers(0, 3, (5_000, 3))
    whole = patterns_of(rows, [3, 3, 3])
    thin = whole.thinned(10)
    assert thin.people.sum() == 500
    shares = (whole.people @ whole.chosen) / 5_000
    assert (thin.people @ thin.chosen) / 500 == pytest.approx(shares, abs=0.02)
