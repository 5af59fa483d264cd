import secrets
from itertools import cycle

import pytest

from tirek.domain.access_code import ALPHABET, CodeFormatError
from tirek.domain.certificate import LENGTH, new_code, normalise, pretty


def test_a_code_holds_more_than_50_bits_and_is_read_in_fours():
    assert 32**LENGTH > 2**54
    code = new_code(secrets.choice)
    groups = pretty(code).split("-")
    assert [len(group) for group in groups] == [4, 4, 4]
    assert normalise(pretty(code)) == code


def test_what_is_copied_from_paper_is_forgiven_its_look_alikes():
    letters = cycle("0156AEKMHCTX")
    code = new_code(lambda _alphabet: next(letters))
    typed = pretty(code).lower().translate(str.maketrans("0156aekmhctx", "оі56аекмнстх"))
    assert normalise(f"  {typed} ") == code


def test_every_wrong_letter_and_every_swap_of_neighbours_is_seen():
    code = new_code(secrets.choice)
    for place in range(LENGTH):
        for letter in set(ALPHABET) - {code[place]}:
            with pytest.raises(CodeFormatError):
                normalise(code[:place] + letter + code[place + 1 :])
        if place and code[place] != code[place - 1]:
            swapped = code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]
            with pytest.raises(CodeFormatError):
                normalise(swapped)


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKMN-PQRS", "ABCD-EFGH-JK!N"])
def test_what_cannot_be_a_code_is_refused(typed: str):
    with pytest.raises(CodeFormatError):
        normalise(typed)
