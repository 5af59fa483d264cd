from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.providers import (
    ALL,
    DRIFT_EVERY,
    MOVE_EVERY,
    STEP,
    Stats,
    Weights,
    is_down,
    next_weights,
    pick,
    resting,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
STORM = Stats(calls=30, errors=20)
WELL = Stats(calls=30, errors=1)

names = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)


@st.composite
def some_stats(draw: st.DrawFn) -> Stats:
    calls, expected = draw(st.integers(0, 100)), draw(st.integers(0, 100))
    return Stats(
        calls,
        draw(st.integers(0, calls)),
        draw(st.integers(0, calls)),
        expected,
        draw(st.integers(0, expected)),
    )


@st.composite
def some_weights(draw: st.DrawFn) -> Weights:
    chosen = draw(names)
    cuts = sorted(draw(st.integers(0, ALL)) for _ in chosen[1:])
    edges = [0, *cuts, ALL]
    shares = {name: high - low for name, low, high in zip(chosen, edges, edges[1:], strict=False)}
    return Weights(shares, NOW)


@given(some_weights(), st.data())
def test_shares_always_sum_up_and_are_never_negative(weights: Weights, data: st.DataObject):
    now = NOW
    for _ in range(12):
        stats = {name: data.draw(some_stats()) for name in weights.shares}
        now += timedelta(seconds=data.draw(st.integers(0, 400)))
        weights = next_weights(stats, weights, now)
        assert sum(weights.shares.values()) == ALL
        assert all(0 <= share <= ALL for share in weights.shares.values())


@given(some_weights(), st.data(), st.integers(0, 1000))
def test_no_more_than_ten_points_a_minute_move(weights: Weights, data: st.DataObject, seconds: int):
    stats = {name: data.draw(some_stats()) for name in weights.shares}
    found = next_weights(stats, weights, NOW + timedelta(seconds=seconds))
    moved = [found.shares[name] - share for name, share in weights.shares.items()]
    assert max(moved) <= STEP
    assert sum(each != 0 for each in moved) in {0, 2}
    if timedelta(seconds=seconds) < MOVE_EVERY:
        assert found is weights
    assert (found.changed_at == weights.changed_at) == (found is weights or seconds == 0)


@given(some_weights())
def test_a_storm_of_errors_moves_everything_away_from_one_in_ten_steps(weights: Weights):
    failing, *others = weights.shares
    now = NOW
    for _ in range(ALL // STEP):
        now += MOVE_EVERY
        stats = dict.fromkeys(others, WELL) | {failing: STORM}
        weights = next_weights(stats, weights, now)
    assert weights.shares[failing] == (0 if others else ALL)


@given(some_weights())
def test_when_all_are_well_the_shares_drift_back_and_stay(weights: Weights):
    now = NOW
    for _ in range(40):
        now += DRIFT_EVERY
        weights = next_weights({}, weights, now)
    assert weights.shares == resting(weights.shares)
    assert next_weights({}, weights, now + 10 * DRIFT_EVERY) is weights


def test_the_drift_is_slower_than_the_flight():
    weights = Weights({"a": 50, "b": 50}, NOW)
    assert next_weights({}, weights, NOW + MOVE_EVERY) is weights
    assert next_weights({}, weights, NOW + DRIFT_EVERY).shares == {"a": 60, "b": 40}
    assert next_weights({"a": STORM}, weights, NOW + MOVE_EVERY).shares == {"a": 40, "b": 60}


def test_when_all_fail_nothing_moves():
    weights = Weights({"a": 90, "b": 10}, NOW)
    assert next_weights({"a": STORM, "b": STORM}, weights, NOW + DRIFT_EVERY) is weights


def test_nothing_drifts_back_to_one_that_still_fails():
    weights = Weights({"a": 0, "b": 100}, NOW)
    assert next_weights({"a": STORM}, weights, NOW + DRIFT_EVERY) is weights


@pytest.mark.parametrize(
    ("stats", "is_ailing"),
    [
        (Stats(), False),
        (Stats(calls=2, errors=2), False),
        (Stats(calls=3, errors=3), True),
        (Stats(calls=15, errors=3), True),
        (Stats(calls=16, errors=3), False),
        (Stats(calls=20, slow=3), True),
        (Stats(calls=21, slow=3), False),
        # It accepts and accepts, and nothing arrives.
        (Stats(calls=20, expected=20, unreceipted=3), True),
        (Stats(calls=20, expected=20, unreceipted=2), False),
    ],
)
def test_a_few_errors_are_bad_luck_and_a_share_of_them_is_not(stats: Stats, is_ailing: bool):
    assert stats.is_ailing is is_ailing


def test_one_provider_rests_at_all_and_a_second_one_is_kept_in_use():
    assert resting(["a"]) == {"a": 100}
    assert resting(["a", "b"]) == {"a": 90, "b": 10}
    assert resting(["a", "b", "c"]) == {"a": 80, "b": 10, "c": 10}


@given(some_weights(), st.floats(0, 1, exclude_max=True), st.sets(st.sampled_from("abcde")))
def test_a_pick_is_one_of_the_providers_and_not_one_to_avoid(
    weights: Weights, chance: float, avoid: set[str]
):
    found = pick(weights.shares, chance, avoid)
    assert found in weights.shares
    assert found not in avoid or set(weights.shares) <= avoid


@given(some_weights(), st.floats(0, 1, exclude_max=True))
def test_one_without_a_share_is_not_picked(weights: Weights, chance: float):
    assert weights.shares[pick(weights.shares, chance)] > 0


def test_picks_follow_the_shares():
    random = Random(1)  # noqa: S311 - the same every time
    found = Counter(pick({"a": 70, "b": 30}, random.random()) for _ in range(10_000))
    assert found["a"] == pytest.approx(7000, abs=150)


def test_one_without_a_share_is_asked_when_the_others_have_just_failed():
    assert pick({"a": 100, "b": 0}, 0.5, avoid={"a"}) == "b"


@pytest.mark.parametrize("shares", [{"a": 110, "b": -10}, {"a": 90}, {"a": 50, "b": 51}])
def test_shares_that_do_not_add_up_are_refused(shares: dict[str, int]):
    with pytest.raises(ValueError, match="sum up"):
        Weights(shares, NOW)


@pytest.mark.parametrize(
    ("was_taken", "found"),
    [
        ([], False),
        ([False, False], False),
        ([False, False, False], True),
        ([False, False, False, True], True),
        ([True, False, False, False], False),
        ([False, False, True, False], False),
    ],
)
def test_one_whose_last_three_attempts_were_in_vain_is_down(was_taken: list[bool], found: bool):
    assert is_down(was_taken) is found
