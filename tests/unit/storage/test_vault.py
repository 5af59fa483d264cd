"""What is sealed opens in its own place only."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.storage.vault import SealError, Vault, WrappedKey

PEPPER = b"p" * 32
VAULT = Vault({"1": b"a" * 32, "2": b"b" * 32}, "2", PEPPER)


@pytest.fixture
def key():
    return VAULT.unwrap(VAULT.new_key("pupil"), "pupil")


@given(st.text())
def test_a_sealed_text_opens_again(plain):
    key = VAULT.unwrap(VAULT.new_key("pupil"), "pupil")
    assert key.open(key.seal(plain, "t", "c", "1"), "t", "c", "1") == plain


@pytest.mark.parametrize("place", [("t", "c", "2"), ("t", "d", "1"), ("u", "c", "1"), ("t", "c")])
def test_a_cell_moved_elsewhere_does_not_open(key, place):
    with pytest.raises(SealError):
        key.open(key.seal("answer", "t", "c", "1"), *place)


@given(st.integers(0, 39))
def test_a_changed_byte_does_not_open(place):
    key = VAULT.unwrap(VAULT.new_key("pupil"), "pupil")
    sealed = bytearray(key.seal("twelve bytes", "t", "c", "1"))
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(SealError):
        key.open(bytes(sealed), "t", "c", "1")


def test_another_pupils_key_does_not_unwrap():
    with pytest.raises(SealError):
        VAULT.unwrap(VAULT.new_key("pupil"), "another")


def test_a_key_wrapped_by_an_older_kek_still_opens():
    older = Vault({"1": b"a" * 32}, "1", PEPPER).new_key("pupil")
    assert VAULT.unwrap(older, "pupil")


def test_a_lost_kek_is_an_error_and_not_a_guess():
    with pytest.raises(SealError):
        VAULT.unwrap(WrappedKey("9", secrets.token_bytes(60)), "pupil")


def test_a_secret_opens_in_its_own_cell_only():
    sealed = VAULT.seal_secret("totp", "accounts", "totp_sealed", "1")
    assert VAULT.open_secret(sealed, "accounts", "totp_sealed", "1") == "totp"
    with pytest.raises(SealError):
        VAULT.open_secret(sealed, "accounts", "totp_sealed", "2")


def test_two_seals_of_the_same_answer_differ(key):
    assert key.seal("3", "t", "c", "1") != key.seal("3", "t", "c", "1")


def test_an_index_depends_on_the_pepper():
    other = Vault({"1": b"a" * 32}, "1", b"q" * 32)
    assert VAULT.index("CODE") == VAULT.index("CODE")
    assert VAULT.index("CODE") != other.index("CODE")
