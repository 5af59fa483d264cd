import pytest

from tests.builders import a_flag, an_instrument, an_item, answered
from tirek.domain.instruments import (
    UNSEEN,
    Answer,
    AnswerState,
    UnknownItemError,
    UnknownLanguageError,
    UnknownOptionError,
    UnknownScaleError,
)
from tirek.domain.interpretation import ItemAtLeast, ItemUnanswered, Moment


@pytest.mark.parametrize(
    ("written", "state", "code"),
    [
        ("0", AnswerState.ANSWERED, "0"),
        (None, AnswerState.SKIPPED, None),
        ("skipped", AnswerState.SKIPPED, None),
        ("declined", AnswerState.DECLINED, None),
        ("unseen", AnswerState.UNSEEN, None),
    ],
)
def test_an_answer_is_read_as_code_or_state(written, state, code):
    assert Answer.read(written) == Answer(state, code)


@pytest.mark.parametrize(
    ("state", "code"), [(AnswerState.ANSWERED, None), (AnswerState.DECLINED, "0")]
)
def test_a_state_and_a_code_cannot_contradict_each_other(state, code):
    with pytest.raises(ValueError, match="code"):
        Answer(state, code)


def test_a_blank_has_no_weight():
    assert an_instrument().weight("q1", UNSEEN) is None


def test_a_chosen_option_has_its_weight():
    assert an_instrument().weight("q1", answered(3)) == 3


def test_an_unknown_option_is_refused():
    with pytest.raises(UnknownOptionError, match="moods q1 has no option '4'"):
        an_instrument().weight("q1", answered(4))


def test_an_unknown_item_is_refused():
    with pytest.raises(UnknownItemError, match="moods has no item q4"):
        an_instrument().item("q4")


def test_an_unknown_scale_is_refused():
    with pytest.raises(UnknownScaleError):
        an_instrument().scale("mood")


def test_a_missing_language_is_never_replaced_by_another():
    with pytest.raises(UnknownLanguageError):
        an_instrument().text("en", "title")


def test_a_text_is_in_the_language_asked_for():
    assert an_instrument().text("ru", "title") == "title in ru"


def test_a_missing_text_is_an_error_not_an_empty_page():
    with pytest.raises(KeyError):
        an_instrument().text("kk", "q1.text")


@pytest.mark.parametrize(("age", "fits"), [(10, False), (11, True), (17, True), (18, False)])
def test_ages_are_a_gate_at_both_ends(age, fits):
    assert an_instrument().fits_age(age) is fits


def test_an_item_that_raises_a_flag_at_the_answer_is_critical():
    at_once = a_flag("harm", ItemAtLeast("q1", 1), at=Moment.ANSWER)
    later = a_flag("blank", ItemUnanswered("q2"))
    instrument = an_instrument(flags=(at_once, later))
    assert [instrument.is_critical(item.id) for item in instrument.items] == [True, False, False]


def test_an_item_flagged_only_at_the_end_is_not_critical():
    assert not an_instrument(flags=(a_flag("q1", ItemAtLeast("q1", 1)),)).is_critical("q1")


def test_items_outside_the_scores_are_still_asked():
    instrument = an_instrument(items=(an_item("q1"), an_item("q2", is_scored=False)))
    assert [item.id for item in instrument.scored_items] == ["q1"]
    assert [option.code for option in instrument.options("q2")] == ["0", "1", "2", "3"]
