"""A pupil and a parent about the same things."""

import pytest

from tests.builders import answers
from tests.world import the_catalog
from tirek.domain.informants import PAIRS, agreement, counterpart
from tirek.domain.instruments import Answer


def test_each_form_knows_the_other() -> None:
    assert counterpart("psc-17-y") == "psc-17-p"
    assert counterpart("psc-17-p") == "psc-17-y"
    assert counterpart("phq-a") is None


@pytest.mark.parametrize("pair", PAIRS)
def test_both_forms_of_a_pair_have_the_same_items(pair: tuple[str, str]) -> None:
    catalog = the_catalog()
    mine, theirs = (catalog.instruments[name] for name in pair)
    assert [item.id for item in mine.items] == [item.id for item in theirs.items]


def test_only_what_both_answered_is_compared() -> None:
    youth, parent = (the_catalog().instruments[name] for name in ("psc-17-y", "psc-17-p"))
    mine = {**answers("2010"), "q5": Answer.read(None), "q6": Answer.read("2")}
    theirs = {**answers("0011"), "q5": Answer.read("2"), "q6": Answer.read("declined")}
    found = agreement(youth, mine, parent, theirs)
    assert (found.both, found.alike) == (4, 2)
    assert [(one.item, one.here, one.there) for one in found.apart] == [("q1", "2", "0")]
