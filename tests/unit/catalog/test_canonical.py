import json
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.catalog.canonical import canonical, content_hash, release_hash

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


def test_keys_are_sorted_and_nothing_is_spaced():
    assert canonical({"b": [1, True, None], "a": "ә"}) == '{"a":"ә","b":[1,true,null]}'


def test_keys_are_sorted_by_utf16_units():
    # RFC 8785, 3.2.3: U+1F600 is a surrogate pair and sorts before U+FB33.
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'


def test_control_characters_have_the_shortest_escape():
    assert canonical('\x0f\n\\"/') == '"\\u000f\\n\\\\\\"/"'


@pytest.mark.parametrize(
    ("number", "text"),
    [("0.84", "0.84"), ("0.840", "0.84"), ("7.0", "7"), ("-0.5", "-0.5"), ("100.00", "100")],
)
def test_a_decimal_has_one_spelling(number, text):
    assert canonical(Decimal(number)) == text


def test_a_decimal_that_json_would_write_with_an_exponent_is_refused():
    with pytest.raises(ValueError, match="exponent"):
        canonical(Decimal("0.0000001"))


@given(values)
def test_the_canonical_text_says_the_same(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(texts, st.integers(0, 9), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_change_the_hash(mapping, random):
    keys = list(mapping)
    random.shuffle(keys)
    assert content_hash({key: mapping[key] for key in keys}) == content_hash(mapping)


@given(st.decimals(-1000, 1000, places=4))
def test_a_decimal_is_spelt_as_a_double_would_be(number):
    expected = json.dumps(float(number)) if number != int(number) else str(int(number))
    if abs(number) >= Decimal("0.0001") or not number:
        assert canonical(number) == expected


def test_a_release_is_the_hash_of_its_sorted_parts():
    assert release_hash(["b", "a"]) == sha256(b"a\nb").hexdigest()
