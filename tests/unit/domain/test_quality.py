from fractions import Fraction
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import an_instrument, an_item, answered, answers
from tirek.domain.instruments import Answer
from tirek.domain.quality import irv, longstring, quality


def test_every_item_is_in_one_state():
    sheet = {"q1": answered(1), "q2": Answer.read("declined"), "q3": Answer.read(None)}
    found = quality(an_instrument(items=5), sheet)
    assert (found.answered, found.declined, found.skipped, found.unseen) == (1, 1, 1, 2)


@pytest.mark.parametrize(
    ("codes", "run"),
    [("", 0), ("0", 1), ("3333", 4), ("0112223", 3), ("11-11", 2), ("---", 0), ("010101", 1)],
)
def test_the_longest_run_of_one_code(codes, run):
    assert longstring([None if code == "-" else code for code in codes]) == run


def test_runs_are_seen_before_reversing_and_in_presentation_order():
    assert quality(an_instrument(items=6), answers("331333")).longstring == 3


def test_items_outside_the_scores_do_not_lengthen_a_run():
    items = (an_item("q1"), an_item("q2"), an_item("q3", is_scored=False))
    assert quality(an_instrument(items=items), answers("000")).longstring == 2


def test_an_index_the_instrument_does_not_ask_for_stays_empty():
    found = quality(an_instrument(quality=()), answers("123"))
    assert (found.longstring, found.irv) == (None, None)


def test_the_same_answer_everywhere_has_no_variability():
    assert quality(an_instrument(), answers("222")).irv == 0


@pytest.mark.parametrize("weights", [[], [Fraction(1)]])
def test_one_answer_has_no_spread_to_speak_of(weights):
    assert irv(weights) is None


@given(st.lists(st.integers(0, 5), min_size=2))
def test_variability_is_the_sample_standard_deviation(weights):
    assert irv([Fraction(weight) for weight in weights]) == pytest.approx(stdev(weights))
