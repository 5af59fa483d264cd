from decimal import Decimal
from pathlib import Path

import pytest

from tests.finding_words import without_words
from tirek.catalog.errors import CatalogError
from tirek.catalog.yaml_subset import Document, parse, plain, read

PATH = Path("some.yaml")


def data(text):
    return plain(parse(PATH, text))


def refusal(text):
    with pytest.raises(CatalogError) as caught:
        parse(PATH, text)
    assert without_words([caught.value.reason]) == []
    return caught.value.line, caught.value.reason


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("0", 0),
        ("-3", -3),
        ("27", 27),
        ("0.84", Decimal("0.84")),
        ("0.10", Decimal("0.10")),
        ("true", True),
        ("false", False),
        ("null", None),
        ('"0"', "0"),
        ("'no'", "no"),
        ('""', ""),
        ("q1", "q1"),
        ("1.0.0", "1.0.0"),
        ("P14D", "P14D"),
        ("2-4 days", "2-4 days"),
    ],
)
def test_a_scalar_is_what_json_would_hold(scalar, value):
    found = data(f"key: {scalar}")["key"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "scalar",
    [
        *("no", "yes", "On", "off", "y", "N", "True", "NULL", "~", ""),
        *("012", "08", "0x1F", "0b1", "1_000", "+5", "1e5", ".5", "5.", ".inf", ".nan", "12:30"),
        *("2026-11-22", "2026-11-22T10:00:00Z", "="),
    ],
)
def test_what_readers_disagree_about_must_be_quoted(scalar):
    line, reason = refusal(f"first: 1\nkey: {scalar}")
    assert line == 2
    assert "quote it" in reason


@pytest.mark.parametrize("number", ["1234567890123456", "0.1234567890123456"])
def test_a_number_that_json_would_round_is_refused(number):
    assert refusal(f"key: {number}") == (1, f"{number} has more than 15 digits: quote it")


def test_a_key_that_stands_twice_is_refused_where_it_stands_again():
    assert refusal("a: 1\nb: 2\na: 3") == (3, "key 'a' stands here a second time")


def test_keys_are_the_same_in_either_unicode_form():
    line, reason = refusal("\u0439: 1\n\u0438\u0306: 2")
    assert (line, "second time" in reason) == (2, True)


def test_text_is_normalised():
    assert data('key: "\u0438\u0306"') == {"key": "\u0439"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: &x 1\nb: *x", 1, "anchors and aliases are not allowed"),
        ("a: 1\nb: *x", 2, "anchors and aliases are not allowed"),
        ("a: !!str 1", 1, "tags are not allowed"),
        ("a: 1\nb: !!python/name:os.system x", 2, "tags are not allowed"),
        ("a: 1\n---\nb: 2", 2, "a second document is not allowed"),
        ("%YAML 1.1\n---\na: 1", 1, "directives are not allowed"),
        ("", 1, "the file is empty"),
        ("a: 1\nb: -0.0000009", 2, "-0.0000009 is too near to 0: the least is 0.000001"),
        ("a: 1\n1: 2", 2, "a key must be text: put it in quotes"),
        ("a: 1\n[x]: 2", 2, "a key must be text: put it in quotes"),
    ],
)
def test_what_json_cannot_say_is_refused(text, line, reason):
    assert refusal(text) == (line, reason)


def test_a_merge_key_merges_nothing():
    assert refusal("a:\n  <<: {b: 1}")[0] == 2


def test_broken_yaml_is_refused_at_its_line():
    line, reason = refusal("a: 1\nb: [1, 2")
    assert line >= 2
    assert reason.startswith("not YAML")


def test_a_character_that_yaml_forbids_is_refused():
    assert refusal("a: \x07")[1].startswith("not YAML")


def test_a_key_may_be_called_n():
    assert data("n: 4731") == {"n": 4731}


def test_every_value_knows_its_line():
    document = Document(PATH, parse(PATH, "a:\n  - {b: 1}\n  - b: 2\n    c:\n      - 3\n"))
    assert document.line() == 1
    assert document.line("a") == 1
    assert document.line("a", 1) == 3
    assert document.line("a", 1, "c", 0) == 5
    assert document.line("a", 1, "missing", 7) == 3
    assert document.line("a", 9) == 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CatalogError, match=r"gone\.yaml:1: the file is missing"):
        read(tmp_path / "gone.yaml")


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "old.yaml"
    path.write_bytes("key: көмек".encode("utf-16"))
    with pytest.raises(CatalogError, match="not UTF-8"):
        read(path)


def test_what_is_no_text_at_all_is_found_on_its_line(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes("а: әліппе\nб: ".encode() + b"\xff\n")
    with pytest.raises(CatalogError, match="not UTF-8") as caught:
        read(path)
    assert caught.value.line == 2


def test_a_control_character_is_found_on_its_line():
    with pytest.raises(CatalogError, match="control characters") as caught:
        parse(Path("file.yaml"), "а: әліппе\nб: \x07\nв: 1\n")
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["[" * 200_000, "\n".join(" " * n + "a:" for n in range(1500))])
def test_what_is_nested_without_end_is_refused_at_once(text):
    assert "deep" in refusal(text)[1]
