"""Worked numbers: reference instruments §6.8; Jacobson & Truax 1991."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.measurement.change import (
    Group,
    Outcome,
    cut_between,
    outcome,
    reliable_change_index,
    smallest_reliable_change,
)

SCORES = st.floats(0, 50)


def test_the_index_of_the_worked_examples() -> None:
    assert reliable_change_index(18, 10, 5.5, 0.84) == pytest.approx(-2.571297, abs=1e-6)
    assert reliable_change_index(47.5, 32.5, 7.5, 0.80) == pytest.approx(-3.162278, abs=1e-6)
    assert smallest_reliable_change(5.5, 0.84) == pytest.approx(6.098089, abs=1e-6)


def test_the_cut_of_the_worked_example() -> None:
    assert cut_between(Group(45, 8), Group(70, 10)) == pytest.approx(56.1111, abs=1e-4)


def test_without_error_there_is_no_index() -> None:
    assert reliable_change_index(1, 2, 5.5, 1) is None


def test_two_groups_that_do_not_vary_have_no_cut() -> None:
    with pytest.raises(ValueError, match="varies"):
        cut_between(Group(1, 0), Group(2, 0))


@given(SCORES, SCORES, st.floats(0.1, 20), st.floats(0, 0.99))
def test_there_and_back_is_the_same_distance(before, after, sd, reliability) -> None:
    there = reliable_change_index(before, after, sd, reliability)
    back = reliable_change_index(after, before, sd, reliability)
    assert there is not None
    assert back == pytest.approx(-there)


@given(SCORES, SCORES, st.floats(0.1, 20), st.floats(0.1, 20))
def test_a_cut_lies_between_the_means(one, other, sd_one, sd_other) -> None:
    found = cut_between(Group(one, sd_one), Group(other, sd_other))
    assert min(one, other) - 1e-9 <= found <= max(one, other) + 1e-9


@pytest.mark.parametrize(
    ("index", "before", "after", "cut", "said"),
    [
        (-2.6, 18, 10, 12, Outcome.RECOVERED),
        (-2.6, 18, 12, 12, Outcome.IMPROVED),  # at the cut is not past it
        (-2.6, 12, 5, 12, Outcome.RECOVERED),
        (-2.6, 11, 4, 12, Outcome.IMPROVED),  # was never past the cut
        (-2.6, 18, 10, None, Outcome.IMPROVED),
        (-1.96, 18, 10, 12, Outcome.UNCHANGED),
        (1.9, 10, 14, 12, Outcome.UNCHANGED),
        (2.0, 10, 18, 12, Outcome.DETERIORATED),
    ],
)
def test_what_became_of_a_person(index, before, after, cut, said) -> None:
    assert outcome(index, before, after, cut) is said
