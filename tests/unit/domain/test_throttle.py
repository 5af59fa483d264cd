"""Guessing is slowed down; nobody is locked out."""

from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.throttle import (
    CODE_BY_DEVICE,
    CODE_BY_NETWORK,
    CODE_BY_SITE,
    LOGIN_BY_NAME,
    Limit,
)

limits = st.sampled_from([CODE_BY_DEVICE, CODE_BY_NETWORK, CODE_BY_SITE, LOGIN_BY_NAME])


@given(limits, st.floats(0, 5000))
def test_every_wait_ends_soon(limit, tokens):
    assert 0 <= limit.wait_seconds(tokens) <= limit.refill_seconds <= 20


@given(limits, st.floats(0, 5000), st.floats(-100, 1e6))
def test_a_bucket_never_holds_more_than_its_capacity(limit, tokens, idle):
    assert limit.tokens_after(min(tokens, limit.capacity), idle) <= limit.capacity


def test_a_class_that_mistypes_at_once_does_not_wait():
    assert CODE_BY_NETWORK.wait_seconds(CODE_BY_NETWORK.capacity - 30) == 0


def test_after_the_wait_one_try_is_free():
    limit = Limit(capacity=3, refill_seconds=10)
    wait = limit.wait_seconds(0)
    assert limit.wait_seconds(limit.tokens_after(0, wait)) == 0


def test_a_guesser_on_the_whole_site_gets_at_most_3600_tries_an_hour():
    assert 3600 / CODE_BY_SITE.refill_seconds <= 3600
