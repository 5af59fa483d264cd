"""What must hold for all answers to all small instruments."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_flag, a_missing_rule, a_scale, an_instrument, answered
from tirek.domain.flagging import flags_for
from tirek.domain.instruments import Answer
from tirek.domain.interpretation import NotComputable, ScaleAtLeast
from tirek.domain.scales import BlankAs, Method, Rounding, Scope
from tirek.domain.scoring import Reason, score

ITEMS = 5
CODES = ("0", "1", "2", "3")
BLANKS = (None, "declined", "unseen", "skipped")
NAMES = tuple(f"q{number}" for number in range(1, ITEMS + 1))
THRESHOLDS = {name: Fraction(2) for name in NAMES}

complete = st.fixed_dictionaries({name: st.sampled_from(CODES).map(answered) for name in NAMES})
any_answer = st.sampled_from([*CODES, *BLANKS]).map(Answer.read)
partial = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, any_answer))


@st.composite
def scales(draw):
    """A first-order scale by any method, with any rule that the loader would admit."""
    method, ways, highest = draw(
        st.sampled_from(
            [
                (Method.SUM, [BlankAs.ZERO], 15),
                (Method.SUM_PRORATED, [BlankAs.PRORATE], 15),
                (Method.MEAN, [BlankAs.NONE, BlankAs.ZERO], 3),
                (Method.MEAN_TIMES_K, [BlankAs.PRORATE], 30),
                (Method.MAX, [BlankAs.NONE, BlankAs.ZERO], 3),
                (Method.COUNT_GE, [BlankAs.NONE], 5),
                (Method.ANY_GE, [BlankAs.NONE], 1),
            ]
        )
    )
    rule = a_missing_rule(
        draw(st.integers(0, ITEMS)),
        draw(st.sampled_from(ways)),
        scope=draw(st.sampled_from(Scope)),
        band_rounding=draw(st.sampled_from(Rounding)),
    )
    reverse = draw(st.sets(st.sampled_from(NAMES)))
    return a_scale(
        items=ITEMS,
        method=method,
        highest=Fraction(highest),
        missing=rule,
        reverse=tuple(sorted(reverse)),
        factor=Fraction(10),
        thresholds=THRESHOLDS,
    )


def scored(scale, sheet):
    return score(an_instrument(scale, items=ITEMS), sheet)[0]


@given(scales(), complete)
def test_complete_answers_always_score_within_the_range(scale, sheet):
    found = scored(scale, sheet)
    assert found.value is not None
    assert scale.covers(found.value)


@given(scales(), partial)
def test_there_is_a_value_or_a_reason_and_never_both(scale, sheet):
    found = scored(scale, sheet)
    assert (found.value is None) is (found.reason is not None)


@given(scales(), partial)
def test_too_many_blanks_fail_closed(scale, sheet):
    blanks = sum(not sheet[name].is_answered if name in sheet else True for name in NAMES)
    found = scored(scale, sheet)
    is_open = found.reason is Reason.CORE_MISSING
    assert is_open <= (scale.method is Method.ANY_GE and blanks > 0)
    is_borne = blanks <= scale.missing.max_blanks and blanks < ITEMS
    assert (found.value is not None or is_open) is is_borne


@given(scales(), complete, st.sampled_from(NAMES))
def test_a_worse_answer_never_betters_the_score(scale, sheet, item):
    worst = "0" if item in scale.reverse else "3"
    before, after = scored(scale, sheet), scored(scale, {**sheet, item: answered(worst)})
    assert after.value >= before.value


@given(scales(), partial, st.randoms())
def test_the_order_of_answers_does_not_matter(scale, sheet, random):
    shuffled = list(sheet.items())
    random.shuffle(shuffled)
    assert scored(scale, dict(shuffled)) == scored(scale, sheet)


@given(scales(), complete, st.sampled_from(NAMES), st.sampled_from(BLANKS))
def test_all_kinds_of_blank_score_alike(scale, sheet, item, blank):
    left_out = {name: answer for name, answer in sheet.items() if name != item}
    assert scored(scale, {**sheet, item: Answer.read(blank)}) == scored(scale, left_out)


@given(scales(), complete, st.sampled_from(NAMES))
def test_a_declined_item_is_a_zero_only_where_the_rule_says_so(scale, sheet, item):
    declined = scored(scale, {**sheet, item: Answer.read("declined")})
    zero = answered("3" if item in scale.reverse else "0")
    if scale.missing.blank_as is BlankAs.ZERO and scale.missing.max_blanks:
        assert declined.value == scored(scale, {**sheet, item: zero}).value
    elif scale.missing.max_blanks == 0:
        assert declined.value is None


@given(scales(), partial, st.sampled_from(NAMES), st.sampled_from(CODES))
def test_any_item_never_changes_its_yes_when_a_blank_is_filled(scale, sheet, item, code):
    before = scored(scale, sheet)
    if scale.method is Method.ANY_GE and before.value == 1 and item not in sheet:
        assert scored(scale, {**sheet, item: answered(code)}).value == 1


@given(scales(), complete)
def test_reversing_twice_is_the_identity(scale, sheet):
    mirrored = {name: answered(3 - int(answer.code)) for name, answer in sheet.items()}
    others = tuple(name for name in NAMES if name not in scale.reverse)
    opposite = a_scale(
        items=ITEMS,
        method=scale.method,
        highest=scale.highest,
        missing=scale.missing,
        reverse=others,
        factor=scale.factor,
        thresholds=THRESHOLDS,
    )
    assert scored(opposite, mirrored).value == scored(scale, sheet).value


@given(scales(), partial, st.integers(1, 15))
def test_a_score_past_its_cut_off_is_flagged_and_a_missing_one_reviewed(scale, sheet, cut):
    flags = (
        a_flag("high", ScaleAtLeast("total", Fraction(cut))),
        a_flag("notScored", NotComputable(("total",))),
    )
    instrument = an_instrument(scale, items=ITEMS, flags=flags)
    scores = score(instrument, sheet)
    raised = {flag.id for flag in flags_for(instrument, scores, sheet)}
    value = scores[0].value
    assert ("notScored" in raised) is (value is None)
    assert ("high" in raised) is (value is not None and scale.banded(value) >= cut)
