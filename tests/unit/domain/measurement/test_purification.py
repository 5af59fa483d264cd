"""R difR `difMH(verbal, "Gender", focal.name = 1, purify = TRUE)`, as its help prints it."""

import numpy as np
import pytest

from tests.unit.domain.measurement.real_answers import verbal_aggression
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.mantel import mantel_haenszel
from tirek.domain.measurement.purification import MOST_ROUNDS, purified

PAIR = ("F", "M")
# Statistic with correction and alpha, of some items of each kind.
PRINTED = {
    "S1WantCurse": (0.0069, 1.1054),
    "S2WantShout": (4.2680, 2.2088),
    "S3WantScold": (4.3724, 0.4593),
    "S2DoCurse": (9.6672, 0.2658),
    "S2DoScold": (11.9436, 0.3014),
    "S4DoScold": (5.7987, 0.4148),
    "S4DoShout": (0.3223, 1.4040),
}
SET_ASIDE = {
    "S2WantShout",
    "S3WantScold",
    "S1DoScold",
    "S2DoCurse",
    "S2DoScold",
    "S3DoCurse",
    "S3DoScold",
    "S4DoCurse",
    "S4DoScold",
}


def is_significant(_item, table) -> bool:
    return mantel_haenszel(table).p < 0.05


def test_verbal_aggression_matched_by_what_does_not_differ() -> None:
    people = verbal_aggression()
    found = purified(people.items, people.answers, people.genders, PAIR, is_significant)
    assert found.has_settled
    assert found.set_aside == SET_ASIDE
    for item, (chi2, alpha) in PRINTED.items():
        seen = mantel_haenszel(found.tables[item])
        assert (seen.chi2, seen.odds_ratio) == pytest.approx((chi2, alpha), abs=6e-5)


def test_where_nothing_differs_one_round_is_enough() -> None:
    people = verbal_aggression()
    found = purified(people.items, people.answers, people.genders, PAIR, lambda *_: False)
    assert (found.rounds, found.has_settled, found.set_aside) == (1, True, frozenset())


def test_who_left_a_blank_is_left_out() -> None:
    answers = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, np.nan], [0.0, 0.0]])
    found = purified("ab", answers, ["F", "M", "M", "F"], PAIR, lambda *_: False)
    assert found.tables["a"].counts.sum() == 3


def test_a_choice_that_turns_round_and_round_is_ended() -> None:
    calls = []

    def takes_turns(item, _table) -> bool:
        calls.append(item)
        return (item == "a") is (len(calls) % 4 in {1, 2})

    answers = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    found = purified("ab", answers, ["F", "M", "M", "F"], PAIR, takes_turns)
    assert (found.rounds, found.has_settled) == (MOST_ROUNDS, False)


def test_where_every_item_differs_nobody_can_be_matched() -> None:
    answers = np.array([[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(UnmeasurableError, match="every item differs"):
        purified("ab", answers, ["F", "M"], PAIR, lambda *_: True)
