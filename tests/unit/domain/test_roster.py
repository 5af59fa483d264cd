"""Hours on duty and their gaps; phones however they are typed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.roster import Span, gaps, masked, phone_of

START = datetime(2026, 11, 22, tzinfo=UTC)
WINDOW = Span(START, START + timedelta(hours=100))


def span(starts: float, ends: float) -> Span:
    return Span(START + timedelta(hours=starts), START + timedelta(hours=ends))


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([], [(0, 100)]),
        ([(0, 100)], []),
        ([(-5, 200)], []),
        ([(10, 20)], [(0, 10), (20, 100)]),
        ([(10, 30), (20, 40), (0, 10)], [(40, 100)]),
        ([(0, 50), (10, 20)], [(50, 100)]),
        ([(-9, -1)], [(0, 100)]),
        ([(101, 120)], [(0, 100)]),
        ([(0, 40), (40, 100)], []),
    ],
)
def test_gaps(shifts: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert list(gaps([span(*one) for one in shifts], WINDOW)) == [span(*one) for one in expected]


@given(
    st.lists(
        st.tuples(st.integers(-20, 120), st.integers(1, 60)).map(lambda at: (at[0], sum(at))),
        max_size=12,
    )
)
def test_each_hour_is_either_covered_or_in_one_gap(shifts: list[tuple[int, int]]) -> None:
    spans = [span(*one) for one in shifts]
    found = list(gaps(spans, WINDOW))
    for hour in range(100):
        moment = START + timedelta(hours=hour, minutes=30)
        covered = any(one.starts <= moment < one.ends for one in spans)
        assert sum(one.starts <= moment < one.ends for one in found) == (not covered)
    assert all(one.starts < one.ends for one in found)


@pytest.mark.parametrize(
    "typed",
    ["+77012345678", "87012345678", "8 (701) 234-56-78", "7012345678", " +7 701 234 56 78 "],
)
def test_a_phone_however_it_is_typed(typed: str) -> None:
    assert phone_of(typed) == "+77012345678"
    assert masked("+77012345678") == "+7701 ••• •• 78"


@pytest.mark.parametrize(
    "typed", ["", "12", "+1 202 555 0100 1", "7012345678x", "+7701234567890", "٧٠١٢٣٤٥٦٧٨"]
)
def test_what_is_no_phone(typed: str) -> None:
    assert phone_of(typed) is None
