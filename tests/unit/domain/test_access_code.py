"""A child may type a code in any way that is not another code."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.access_code import (
    ALPHABET,
    LENGTH,
    CodeFormatError,
    new_code,
    normalise,
    pretty,
)

codes = st.randoms(use_true_random=False).map(lambda random: new_code(random.choice))


def test_a_new_code_is_nine_plain_letters_and_digits():
    code = new_code(secrets.choice)
    assert len(code) == LENGTH + 1
    assert set(code) <= set(ALPHABET)


@given(codes)
def test_what_is_printed_can_be_typed(code):
    assert normalise(pretty(code)) == code
    assert normalise(f"  {pretty(code).lower()}\n") == code


@given(codes, st.integers(0, LENGTH), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_never_another_code(code, place, letter):
    wrong = code[:place] + letter + code[place + 1 :]
    if wrong == code:
        return
    with pytest.raises(CodeFormatError):
        normalise(wrong)


@given(codes, st.integers(0, LENGTH - 2))
def test_two_swapped_characters_are_never_another_code(code, place):
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped == code:
        return
    with pytest.raises(CodeFormatError):
        normalise(swapped)


LATIN_TO_CYRILLIC = str.maketrans("ABCEHKMTXY03", "АВСЕНКМТХУОЗ")


@given(codes)
def test_cyrillic_letters_that_look_alike_are_accepted(code):
    assert normalise(code.translate(LATIN_TO_CYRILLIC)) == code


@given(codes)
def test_letters_that_look_like_digits_are_accepted(code):
    assert normalise(code.replace("0", "O").replace("1", "l")) == code


@pytest.mark.parametrize("typed", ["", "ABC", "ABCDEFGHJK", "ABC DEF GH!", "ҚҒҮҰӘӨҺІЁ"])
def test_what_cannot_be_a_code_is_refused(typed):
    with pytest.raises(CodeFormatError):
        normalise(typed)
