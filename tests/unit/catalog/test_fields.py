from fractions import Fraction
from pathlib import Path

import pytest

from tests.finding_words import without_words
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import parse
from tirek.domain.levels import Level

PATH = Path("some.yaml")


def fields(text):
    return Fields(PATH, parse(PATH, text))


def refusal(text, read):
    with pytest.raises(CatalogError) as caught, fields(text) as found:
        read(found)
    assert without_words([caught.value.reason]) == []
    return caught.value.line, caught.value.reason


def test_an_unknown_field_is_refused_at_its_line():
    assert refusal("a: x\nb: z", lambda f: f.text("a")) == (2, "unknown field 'b'")


def test_a_missing_field_is_refused_at_the_mapping():
    assert refusal("\na: x", lambda f: f.text("b")) == (2, "field 'b' is missing")


def test_an_error_inside_is_not_hidden_by_unknown_fields():
    assert refusal("a: 1\nb: 2", lambda f: f.text("a")) == (1, "'a' must be a text")


@pytest.mark.parametrize(
    ("kind", "wrong", "reason"),
    [
        ("text", "1", "'a' must be a text"),
        ("text", '" "', "'a' must be a text"),
        ("text", "[x]", "'a' must be a single value"),
        ("integer", '"1"', "'a' must be a whole number"),
        ("integer", "true", "'a' must be a whole number"),
        ("integer", "1.5", "'a' must be a whole number"),
        ("number", '"1.5"', "'a' must be a number"),
        ("number", "true", "'a' must be a number"),
        ("exact", '"1/0"', "'a' must be a number or a fraction"),
        ("exact", '"x"', "'a' must be a number or a fraction"),
        ("boolean", '"true"', "'a' must be true or false"),
        ("texts", "x", "'a' must be a list"),
        ("texts", "[1]", "'a' must hold texts (quote numbers)"),
        ("named_texts", "[x]", "'a' must be named values"),
        ("numbers", '["1"]', "'a' must be a number"),
        ("fields", "[x]", "expected named fields"),
    ],
)
def test_a_field_of_another_type_is_refused(kind, wrong, reason):
    assert refusal(f"a: {wrong}", lambda f: getattr(f, kind)("a")) == (1, reason)


def test_a_word_outside_a_closed_list_is_refused():
    line, reason = refusal("a: urgent", lambda f: f.choice("a", Level))
    assert (line, reason) == (1, "'a' must be one of: immediate, high, medium, low, review")


@pytest.mark.parametrize(("text", "value"), [("1.5", "1.5"), ('"72/7"', "72/7"), ("3", "3")])
def test_an_exact_number_may_be_a_quoted_fraction(text, value):
    assert fields(f"a: {text}").exact("a") == Fraction(value)


def test_absent_fields_have_their_defaults():
    found = fields("a: null")
    assert found.maybe_text("a") is None
    assert found.maybe_text("b") is None
    assert found.maybe_integer("a") is None
    assert found.maybe_number("b") is None
    assert found.maybe_choice("b", Level) is None
    assert found.maybe_texts("b") == ()
    assert found.maybe_true("b") is False
    assert found.choice_or("b", Level.LOW) is Level.LOW
