"""A parent's password: one clear rule, and no first guesses."""

import pytest

from tirek.domain.passwords import PasswordProblem, problem_of

EMAIL = "aigul.serik@example.kz"


@pytest.mark.parametrize(
    "password",
    ["жусан көк төбе", "three green horses", "Ab3!Ab3!Ab3!x", "алтыҚойБір4", "83920174650"],
)
def test_a_few_words_are_enough(password):
    assert problem_of(password, EMAIL) is None


def test_nine_characters_are_too_few_and_ten_are_enough():
    assert problem_of("жол-тау-9", EMAIL) is PasswordProblem.SHORT
    assert problem_of("жол-тау-98", EMAIL) is None


def test_a_book_is_too_long():
    assert problem_of("abcd " * 60, EMAIL) is PasswordProblem.LONG


@pytest.mark.parametrize("password", [EMAIL, EMAIL.upper(), "aigul.serik"])
def test_the_own_address_is_no_password(password):
    assert problem_of(password, EMAIL) is PasswordProblem.ADDRESS


@pytest.mark.parametrize(
    "password",
    ["1234567890", "0987654321", "qwertyuiop", "йцукенгшщзх", "aaaaaaaaaaaa", "abababababab",
     "password123", "Password2026!", "құпиясөз12", "13579135791"],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password):
    assert problem_of(password, EMAIL) is PasswordProblem.PLAIN
