"""Items that depend on earlier answers: what is asked, scored, flagged and laid out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.builders import a_flag, a_missing_rule, a_scale, an_instrument, an_item, answered
from tirek.domain.administration import (
    page_after,
    page_before,
    page_to_show,
    pages_for,
    shown_pages,
    waiting_page,
)
from tirek.domain.flagging import critical_flags, flags_for
from tirek.domain.instruments import SKIPPED, UNSEEN, Answer, AnswerState
from tirek.domain.interpretation import (
    AllItems,
    AnyItem,
    ItemAtLeast,
    ItemRefused,
    ItemUnanswered,
    Moment,
)
from tirek.domain.quality import quality
from tirek.domain.scales import HiddenAs, Method
from tirek.domain.scoring import Reason, score
from tirek.domain.showing import asked_answers, hidden_items

DECLINED = Answer(AnswerState.DECLINED)
ONE = Fraction(1)
YES_OR_NO_WORD = AnyItem((ItemAtLeast("q1", ONE), ItemRefused("q1")))
BOTH = AllItems((ItemAtLeast("q1", ONE), ItemAtLeast("q2", Fraction(2))))


def a_conditional(show_if=YES_OR_NO_WORD, scales=(), **given_parts):
    """q1, q2, and q3 that is asked only under a condition."""
    items = (an_item("q1"), an_item("q2"), an_item("q3", show_if=show_if))
    return an_instrument(*scales, items=items, **given_parts)


def total_of(instrument, sheet):
    (total,) = score(instrument, sheet)
    return total


@pytest.mark.parametrize(
    ("first", "hidden"),
    [
        (answered(0), {"q3"}),
        (answered(1), set()),
        (answered(3), set()),
        (DECLINED, set()),
        (SKIPPED, set()),
        (UNSEEN, {"q3"}),
    ],
)
def test_any_of_several_answers_shows_an_item(first, hidden):
    assert hidden_items(a_conditional(), {"q1": first}) == hidden


def test_what_was_never_shown_is_not_refused():
    assert hidden_items(a_conditional(), {}) == {"q3"}


@pytest.mark.parametrize(
    ("codes", "is_hidden"), [((1, 2), False), ((1, 1), True), ((0, 3), True), ((0, 0), True)]
)
def test_all_of_several_answers_show_an_item(codes, is_hidden):
    sheet = {f"q{number}": answered(code) for number, code in enumerate(codes, start=1)}
    assert ("q3" in hidden_items(a_conditional(BOTH), sheet)) is is_hidden


def test_an_answer_to_a_hidden_item_shows_nothing_further():
    items = (
        an_item("q1"),
        an_item("q2", show_if=AnyItem((ItemAtLeast("q1", ONE),))),
        an_item("q3", show_if=AnyItem((ItemAtLeast("q2", ONE),))),
    )
    instrument = an_instrument(items=items)
    sheet = {"q1": answered(1), "q2": answered(1), "q3": answered(2)}
    assert hidden_items(instrument, sheet) == set()
    gone_back = sheet | {"q1": answered(0)}
    assert hidden_items(instrument, gone_back) == {"q2", "q3"}
    assert asked_answers(instrument, gone_back) == {"q1": answered(0)}


@given(
    some.dictionaries(
        some.sampled_from(["q1", "q2", "q3"]),
        some.sampled_from(["0", "1", "2", "3", "declined", "skipped", "unseen"]),
    )
)
def test_what_stands_behind_a_hidden_item_changes_nothing(written):
    instrument = a_conditional(scales=(a_scale(missing=a_missing_rule(hidden_as=HiddenAs.ZERO)),))
    sheet = {item: Answer.read(code) for item, code in written.items()}
    if "q3" in hidden_items(instrument, sheet):
        for code in ("0", "3", "declined"):
            other = sheet | {"q3": Answer.read(code)}
            assert score(instrument, other) == score(instrument, sheet)
            assert quality(instrument, other) == quality(instrument, sheet)


def a_scored(method, hidden_as, blanks=0):
    scale = a_scale(
        method=method, missing=a_missing_rule(blanks, hidden_as=hidden_as), thresholds=None
    )
    return a_conditional(scales=(scale,))


# q3 was answered with 3 before q1 was changed to 0.
GONE_BACK = {"q1": answered(0), "q2": answered(2), "q3": answered(3)}


@pytest.mark.parametrize(
    ("method", "hidden_as", "value"),
    [
        (Method.SUM, HiddenAs.ZERO, 2),
        (Method.MEAN, HiddenAs.ZERO, Fraction(2, 3)),
        (Method.MEAN, HiddenAs.LEFT_OUT, 1),
        (Method.MAX, HiddenAs.LEFT_OUT, 2),
    ],
)
def test_a_hidden_item_counts_as_the_instrument_says(method, hidden_as, value):
    total = total_of(a_scored(method, hidden_as), GONE_BACK)
    assert (total.value, total.answered) == (value, 2)


@pytest.mark.parametrize("hidden_as", [None, HiddenAs.BLANK])
def test_without_a_rule_a_hidden_item_is_missing(hidden_as):
    total = total_of(a_scored(Method.SUM, hidden_as), GONE_BACK)
    assert (total.value, total.reason) == (None, Reason.TOO_MANY_MISSING)


def test_a_hidden_item_spares_no_other_blank():
    sheet = {"q1": answered(0), "q2": SKIPPED}
    total = total_of(a_scored(Method.SUM, HiddenAs.ZERO), sheet)
    assert total.reason is Reason.TOO_MANY_MISSING


def test_a_shown_item_without_an_answer_is_missing_as_ever():
    sheet = {"q1": answered(1), "q2": answered(1)}
    total = total_of(a_scored(Method.SUM, HiddenAs.ZERO), sheet)
    assert total.reason is Reason.TOO_MANY_MISSING


FLAGS = (
    a_flag("acts", ItemAtLeast("q3", ONE), at=Moment.ANSWER),
    a_flag("silent", ItemRefused("q3"), at=Moment.ANSWER),
    a_flag("blank", ItemUnanswered("q3")),
    a_flag("any", AnyItem((ItemAtLeast("q1", ONE), ItemRefused("q2"))), at=Moment.ANSWER),
)


def raised(instrument, sheet):
    return {flag.id for flag in flags_for(instrument, score(instrument, sheet), sheet)}


def test_a_hidden_item_raises_nothing_at_the_end_not_even_for_its_blank():
    assert raised(a_conditional(flags=FLAGS), GONE_BACK) == set()
    assert raised(a_conditional(flags=FLAGS), {"q1": answered(0)}) == set()


def test_a_shown_item_does():
    shown = {"q1": answered(1), "q2": answered(0)}
    assert raised(a_conditional(flags=FLAGS), shown | {"q3": answered(2)}) == {"acts", "any"}
    assert raised(a_conditional(flags=FLAGS), shown) == {"blank", "any"}
    assert raised(a_conditional(flags=FLAGS), shown | {"q3": DECLINED}) == {
        "silent",
        "blank",
        "any",
    }


@pytest.mark.parametrize(
    ("item", "answer", "ids"),
    [
        ("q1", answered(1), {"any"}),
        ("q1", answered(0), set()),
        # The condition on q1 is its weight, the one on q2 its refusal.
        ("q1", DECLINED, set()),
        ("q2", DECLINED, {"any"}),
        ("q2", SKIPPED, {"any"}),
        ("q2", UNSEEN, set()),
        ("q2", answered(3), set()),
        ("q3", answered(1), {"acts"}),
        ("q3", SKIPPED, {"silent"}),
    ],
)
def test_one_answer_acts_at_once_also_where_it_is_hidden_meanwhile(item, answer, ids):
    instrument = a_conditional(flags=FLAGS)
    assert {flag.id for flag in critical_flags(instrument, item, answer)} == ids
    assert instrument.is_critical(item)


def test_only_some_refusals_act():
    instrument = a_conditional(flags=FLAGS)
    assert [instrument.acts_on_refusal(f"q{n}") for n in (1, 2, 3)] == [False, True, True]


def test_quality_counts_a_hidden_answer_as_unseen():
    found = quality(a_conditional(), GONE_BACK)
    assert (found.answered, found.unseen) == (2, 1)


def test_an_item_never_stands_with_what_decides_about_it():
    assert pages_for(a_conditional(), 15) == (("q1", "q2"), ("q3",))


PAGES = (("q1", "q2"), ("q3",))


def path_of(sheet):
    return shown_pages(a_conditional(), PAGES, sheet)


def test_a_hidden_page_is_passed_by_and_keeps_its_address():
    no, yes = {"q1": answered(0), "q2": answered(0)}, {"q1": answered(1), "q2": answered(0)}
    assert path_of(no) == {0: ("q1", "q2")}
    assert path_of(yes) == {0: ("q1", "q2"), 1: ("q3",)}
    assert page_after(path_of(no), no, 0) is None
    assert page_after(path_of(yes), yes, 0) == 1
    assert page_before(path_of(yes), 1) == 0
    assert page_before(path_of(no), 0) == 0
    assert waiting_page(path_of(no), no) is None
    assert waiting_page(path_of(yes), yes) == 1


def test_what_a_hidden_page_s_old_tab_sent_is_followed_by_the_next_of_the_form():
    no = {"q1": answered(0), "q2": answered(0), "q3": answered(1)}
    assert page_after(path_of(no), no, 1) is None
    assert page_before(path_of(no), 1) == 0


def test_after_the_last_page_comes_what_was_jumped_over():
    jumped = {"q1": answered(1), "q3": answered(0)}
    assert page_after(path_of(jumped), jumped, 1) == 0


def test_chosen_questions_stand_in_the_order_of_their_choice():
    path = {4: ("q5",), 0: ("q1",), 2: ("q3",)}
    known = {"q5": answered(1), "q1": answered(1)}
    assert [page_after(path, known, n) for n in (4, 0)] == [0, 2]
    assert [page_before(path, n) for n in (4, 0, 2)] == [4, 4, 0]
    assert page_to_show(path, known) == 2
    assert page_to_show(path, known | {"q3": answered(0)}) == 2
    assert page_to_show({}, {}) == 0
