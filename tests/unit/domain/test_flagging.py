from fractions import Fraction

import pytest

from tests.builders import a_flag, a_missing_rule, a_scale, an_instrument, answered, answers
from tirek.domain.flagging import Flag, critical_flags, flags_for
from tirek.domain.instruments import Answer, UnknownItemError, UnknownOptionError
from tirek.domain.interpretation import (
    ItemAtLeast,
    ItemUnanswered,
    Moment,
    NotComputable,
    ScaleAtLeast,
    ScaleAtMost,
)
from tirek.domain.levels import Level
from tirek.domain.scales import BlankAs, Method, Rounding
from tirek.domain.scoring import score

HARM = a_flag("harm", ItemAtLeast("q3", 1), at=Moment.ANSWER, level=Level.IMMEDIATE)


def raised(instrument, row):
    sheet = answers(row)
    return [flag.id for flag in flags_for(instrument, score(instrument, sheet), sheet)]


def test_a_critical_answer_acts_alone():
    flags = critical_flags(an_instrument(flags=(HARM,)), "q3", answered(1))
    assert flags == (Flag("harm", Level.IMMEDIATE, Moment.ANSWER, item="q3"),)


@pytest.mark.parametrize("answer", [answered(0), Answer.read("declined"), Answer.read(None)])
def test_a_harmless_or_blank_answer_raises_nothing_at_once(answer):
    assert critical_flags(an_instrument(flags=(HARM,)), "q3", answer) == ()


def test_another_item_does_not_raise_the_flag():
    assert critical_flags(an_instrument(flags=(HARM,)), "q2", answered(3)) == ()


def test_flags_of_the_end_wait_for_the_end():
    later = a_flag("later", ItemAtLeast("q3", 1))
    assert critical_flags(an_instrument(flags=(later,)), "q3", answered(3)) == ()


@pytest.mark.parametrize(
    ("item", "code", "error"), [("q9", "1", UnknownItemError), ("q3", "9", UnknownOptionError)]
)
def test_a_wrong_answer_is_refused_at_once(item, code, error):
    with pytest.raises(error):
        critical_flags(an_instrument(flags=(HARM,)), item, answered(code))


def test_a_critical_item_counts_at_the_end_too():
    assert raised(an_instrument(flags=(HARM,)), "--1") == ["harm"]


@pytest.mark.parametrize(("row", "flags"), [("122", []), ("222", ["high"]), ("333", ["high"])])
def test_a_cut_off_belongs_to_the_flag(row, flags):
    high = a_flag("high", ScaleAtLeast("total", 6))
    assert raised(an_instrument(flags=(high,)), row) == flags


@pytest.mark.parametrize(("row", "flags"), [("111", ["low"]), ("112", []), ("000", ["low"])])
def test_a_low_score_can_be_the_worse_one(row, flags):
    low = a_flag("low", ScaleAtMost("total", 3))
    assert raised(an_instrument(flags=(low,)), row) == flags


def test_a_score_that_failed_is_neither_high_nor_low_but_reviewed():
    flags = (
        a_flag("high", ScaleAtLeast("total", 0)),
        a_flag("low", ScaleAtMost("total", 9)),
        a_flag("notScored", NotComputable(("total",)), level=Level.REVIEW),
    )
    assert raised(an_instrument(flags=flags), "33-") == ["notScored"]


def test_one_failed_scale_of_several_is_enough_for_a_review():
    scales = (a_scale("first", items=1), a_scale("all", items=3))
    rule = a_flag("notScored", NotComputable(("first", "all")), level=Level.REVIEW)
    instrument = an_instrument(*scales, flags=(rule,))
    sheet = answers("33-")
    (flag,) = flags_for(instrument, score(instrument, sheet), sheet)
    assert flag.scale == "all"


@pytest.mark.parametrize("blank", [None, "declined", "unseen"])
def test_a_blank_item_can_be_asked_about(blank):
    instrument = an_instrument(flags=(a_flag("ask", ItemUnanswered("q3")),))
    sheet = {**answers("11"), "q3": Answer.read(blank)}
    assert [flag.id for flag in flags_for(instrument, score(instrument, sheet), sheet)] == ["ask"]


def test_an_answered_item_is_not_asked_about():
    assert raised(an_instrument(flags=(a_flag("ask", ItemUnanswered("q3")),)), "110") == []


def test_band_and_flag_never_disagree_about_a_prorated_score():
    rule = a_missing_rule(1, BlankAs.PRORATE, band_rounding=Rounding.HALF_UP)
    scale = a_scale(items=7, method=Method.SUM_PRORATED, missing=rule)
    high = a_flag("high", ScaleAtLeast("total", Fraction(11)))
    assert raised(an_instrument(scale, items=7, flags=(high,)), "222111-") == ["high"]


def test_the_most_urgent_flag_comes_first():
    flags = (
        a_flag("medium", ScaleAtLeast("total", 1)),
        a_flag("review", ScaleAtLeast("total", 1), level=Level.REVIEW),
        HARM,
    )
    assert raised(an_instrument(flags=flags), "003") == ["harm", "medium", "review"]
