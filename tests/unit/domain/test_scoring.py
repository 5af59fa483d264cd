from dataclasses import replace
from fractions import Fraction

import pytest

from tests.builders import (
    a_missing_rule,
    a_scale,
    a_second_order_scale,
    an_instrument,
    an_item,
    answered,
    answers,
)
from tirek.domain.instruments import Answer, UnknownItemError, UnknownOptionError
from tirek.domain.scales import BlankAs, Method, Rounding, Scope
from tirek.domain.scoring import Reason, ScoreState, as_number, score

PRORATED = a_missing_rule(2, BlankAs.PRORATE, band_rounding=Rounding.HALF_UP)
COUNT = {"q1": Fraction(2), "q2": Fraction(2), "q3": Fraction(1)}


def value_of(scale, row, **given):
    items = max(len(row), 3)
    return score(an_instrument(scale, items=items, **given), answers(row))[0].value


def reason_of(scale, row):
    return score(an_instrument(scale, items=max(len(row), 3)), answers(row))[0].reason


def test_a_sum_adds_the_weights():
    assert value_of(a_scale(), "123") == 6


def test_a_sum_without_a_rule_for_blanks_has_no_value():
    (found,) = score(an_instrument(), answers("12-"))
    assert (found.value, found.state) == (None, ScoreState.NOT_COMPUTABLE)
    assert found.reason is Reason.TOO_MANY_MISSING
    assert found.answered == 2


@pytest.mark.parametrize("blank", [None, "declined", "unseen", "skipped"])
def test_no_kind_of_blank_is_a_zero(blank):
    sheet = {**answers("12"), "q3": Answer.read(blank)}
    assert score(an_instrument(), sheet)[0].reason is Reason.TOO_MANY_MISSING


def test_an_item_that_is_not_named_was_not_answered():
    assert score(an_instrument(), answers("12"))[0].reason is Reason.TOO_MANY_MISSING


def test_a_blank_is_a_zero_where_the_instrument_says_so():
    scale = a_scale(missing=a_missing_rule(1, BlankAs.ZERO))
    assert value_of(scale, "12-") == 3
    assert reason_of(scale, "1--") is Reason.TOO_MANY_MISSING


def test_a_scale_without_any_answer_has_no_value_whatever_the_rule():
    assert reason_of(a_scale(missing=a_missing_rule(3, BlankAs.ZERO)), "---") is not None


def test_blanks_are_counted_over_the_form_where_the_instrument_says_so():
    first = a_scale("first", items=2, missing=a_missing_rule(1, BlankAs.ZERO, scope=Scope.FORM))
    assert value_of(first, "12-") == 3
    assert reason_of(first, "12--") is Reason.TOO_MANY_MISSING


def test_items_outside_the_scores_do_not_count_as_blanks():
    items = (an_item("q1"), an_item("q2"), an_item("q3", is_scored=False))
    scale = a_scale(items=2, missing=a_missing_rule(0, BlankAs.NONE, scope=Scope.FORM))
    assert score(an_instrument(scale, items=items), answers("12-"))[0].value == 3


def test_proration_is_exact():
    scale = a_scale(items=9, method=Method.SUM_PRORATED, missing=PRORATED)
    (found,) = score(an_instrument(scale, items=9), answers("22-2110-0"))
    assert found.value == Fraction(72, 7)
    assert found.prorated
    assert found.answered == 7


def test_a_complete_prorated_sum_is_the_sum():
    scale = a_scale(items=9, method=Method.SUM_PRORATED, missing=PRORATED)
    (found,) = score(an_instrument(scale, items=9), answers("222220000"))
    assert (found.value, found.prorated) == (10, False)


def test_the_band_is_read_on_the_rounded_value_and_the_value_stays_exact():
    scale = a_scale(items=7, method=Method.SUM_PRORATED, missing=PRORATED)
    instrument = an_instrument(scale, items=7, bands={"total": {"mild": 10, "more": 21}})
    (found,) = score(instrument, answers("222111-"))
    assert (found.value, found.band) == (Fraction("10.5"), "more")


def test_a_score_can_be_rounded_itself():
    rule = a_missing_rule(1, BlankAs.PRORATE, rounding=Rounding.HALF_UP)
    assert value_of(a_scale(method=Method.SUM_PRORATED, missing=rule), "12-") == 5


def test_a_reversed_item_is_mirrored_within_its_options():
    assert value_of(a_scale(reverse=("q1",)), "300") == 0
    scale = a_scale(reverse=("q1",), lowest=Fraction(3), highest=Fraction(15))
    assert value_of(scale, "111", weights=(1, 2, 3, 4, 5)) == 7


def test_a_multiple_follows_its_source():
    index = a_second_order_scale("index", "total", Method.MULTIPLE, factor=Fraction(4))
    instrument = an_instrument(a_scale(), index)
    assert [found.value for found in score(instrument, answers("123"))] == [6, 24]
    assert {found.reason for found in score(instrument, answers("12-"))} == {
        Reason.TOO_MANY_MISSING
    }


def test_a_mean_is_exact():
    assert value_of(a_scale(method=Method.MEAN), "112") == Fraction(4, 3)


def test_a_mean_of_the_answered_items_where_the_instrument_says_so():
    scale = a_scale(method=Method.MEAN, missing=a_missing_rule(1, BlankAs.NONE))
    assert value_of(scale, "12-") == Fraction(3, 2)


def test_a_mean_times_k_is_prorated_to_k_items():
    rule = a_missing_rule(1, BlankAs.PRORATE)
    scale = a_scale(method=Method.MEAN_TIMES_K, factor=Fraction(10), missing=rule, highest=30)
    (found,) = score(an_instrument(scale), answers("12-"))
    assert (found.value, found.prorated) == (15, True)


def test_a_maximum_is_the_highest_weight():
    assert value_of(a_scale(method=Method.MAX), "013") == 3


def test_a_count_has_a_threshold_for_each_item():
    scale = a_scale(method=Method.COUNT_GE, thresholds=COUNT)
    assert [value_of(scale, row) for row in ("221", "110", "001")] == [3, 0, 1]


def test_a_tolerated_blank_is_not_counted():
    rule = a_missing_rule(1, BlankAs.NONE)
    scale = a_scale(method=Method.COUNT_GE, thresholds=COUNT, missing=rule)
    (found,) = score(an_instrument(scale), answers("2-1"))
    assert (found.value, found.prorated) == (2, False)


@pytest.mark.parametrize(
    ("row", "pattern"),
    [
        ("222220000", 2),
        ("022222220", 2),
        ("002222222", 0),
        ("220000000", 1),
        ("200000001", 1),
        ("200000000", 0),
        ("111111110", 0),
        ("333333333", 2),
    ],
)
def test_a_symptom_pattern_needs_a_core_symptom(row, pattern):
    assert a_pattern(row).value == pattern


def test_a_blank_core_item_leaves_the_pattern_open():
    assert a_pattern("0-2222222").reason is Reason.CORE_MISSING


def test_a_blank_core_item_does_not_matter_when_the_other_is_met():
    assert a_pattern("2-2222000").value == 2


def test_a_blank_core_item_does_not_matter_when_symptoms_are_few():
    assert a_pattern("0-2000000").value == 0


def test_a_pattern_has_no_value_when_its_count_has_none():
    assert a_pattern("2222---00").reason is Reason.TOO_MANY_MISSING


def a_pattern(row):
    thresholds = {f"q{n}": Fraction(1 if n == 9 else 2) for n in range(1, 10)}
    rule = a_missing_rule(2, BlankAs.NONE)
    count = a_scale(
        "symptoms", items=9, method=Method.COUNT_GE, thresholds=thresholds, missing=rule
    )
    pattern = a_second_order_scale(
        "pattern",
        "symptoms",
        Method.SYMPTOM_PATTERN,
        core=("q1", "q2"),
        other_count=2,
        major_count=5,
    )
    return score(an_instrument(count, pattern, items=9), answers(row))[1]


@pytest.mark.parametrize(
    ("row", "value"),
    [("000", 0), ("110", 0), ("200", 1), ("001", 1), ("333", 1), ("2--", 1), ("--1", 1)],
)
def test_any_one_item_at_its_threshold_decides_whatever_is_blank_beside_it(row, value):
    assert value_of(AN_ANY, row) == value


@pytest.mark.parametrize("row", ["00-", "-10", "1--"])
def test_a_blank_that_may_be_the_one_leaves_any_open(row):
    assert reason_of(AN_ANY, row) is Reason.CORE_MISSING


def test_any_bears_no_more_blanks_than_its_rule_and_is_never_read_from_nothing():
    strict = a_scale(method=Method.ANY_GE, thresholds=COUNT, highest=Fraction(1))
    assert reason_of(strict, "2-0") is Reason.TOO_MANY_MISSING
    assert reason_of(AN_ANY, "---") is Reason.TOO_MANY_MISSING


AN_ANY = a_scale(
    method=Method.ANY_GE,
    thresholds=COUNT,
    highest=Fraction(1),
    missing=a_missing_rule(2, BlankAs.NONE),
)


def a_role(row):
    """The part played, from three items suffered and three items done."""
    limits = {f"q{n}": Fraction(2) for n in range(1, 7)}
    rule = a_missing_rule(2, BlankAs.NONE)
    suffered, did = (
        a_scale(
            name,
            items=6,
            method=Method.ANY_GE,
            highest=Fraction(1),
            thresholds=limits,
            missing=rule,
        )
        for name in ("suffered", "did")
    )
    suffered = replace(suffered, items=("q1", "q2", "q3"))
    did = replace(did, items=("q4", "q5", "q6"))
    role = a_second_order_scale("role", "suffered", Method.ROLES, beside="did", highest=Fraction(3))
    return score(an_instrument(suffered, did, role, items=6), answers(row))[2]


@pytest.mark.parametrize(
    ("row", "role"),
    [("000000", 0), ("111111", 0), ("200000", 1), ("011012", 2), ("001200", 2), ("030003", 3)],
)
def test_a_role_is_what_was_suffered_and_what_was_done(row, role):
    assert a_role(row).value == role


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("000---", Reason.TOO_MANY_MISSING),
        ("---200", Reason.TOO_MANY_MISSING),
        ("00-200", Reason.CORE_MISSING),
        ("20001-", Reason.CORE_MISSING),
    ],
)
def test_a_role_is_not_guessed_at_while_one_side_is_open(row, reason):
    assert (a_role(row).value, a_role(row).reason) == (None, reason)


def test_a_role_reads_its_answered_items_past_a_blank():
    assert a_role("2-030-").value == 3


def test_a_value_outside_the_declared_range_is_no_value():
    assert reason_of(a_scale(highest=Fraction(5)), "123") is Reason.OUT_OF_RANGE


def test_an_answer_to_an_unknown_item_is_refused():
    with pytest.raises(UnknownItemError):
        score(an_instrument(), answers("1231"))


def test_an_answer_that_is_no_option_is_refused():
    with pytest.raises(UnknownOptionError):
        score(an_instrument(), {"q1": answered("7")})


def test_an_answer_that_is_no_option_is_refused_outside_the_scores_too():
    items = (an_item("q1"), an_item("q2", is_scored=False))
    with pytest.raises(UnknownOptionError):
        score(an_instrument(items=items), {"q2": answered("7")})


@pytest.mark.parametrize(
    "broken",
    [
        a_scale(missing=None),
        a_scale(method=Method.COUNT_GE),
        a_scale(method=Method.ANY_GE),
        a_scale(method=Method.MULTIPLE),
        a_scale(method=Method.ROLES),
    ],
)
def test_a_scale_that_no_loader_would_make_is_not_guessed_at(broken):
    with pytest.raises(TypeError):
        score(an_instrument(broken), answers("123"))


@pytest.mark.parametrize(
    ("value", "number"), [("7", 7), ("12.375", 12.375), ("72/7", 10.285714285714286)]
)
def test_a_number_is_as_exact_as_json_can_hold(value, number):
    found = as_number(Fraction(value))
    assert (found, type(found)) == (number, type(number))
