"""How fast a run was answered."""

from datetime import UTC, datetime, timedelta

from tirek.domain.answer_times import pace

START = datetime(2026, 11, 22, 9, tzinfo=UTC)


def at(*seconds: float, items: int = 1) -> list[tuple[datetime, int]]:
    return [(START + timedelta(seconds=one), items) for one in seconds]


def test_the_first_moment_only_starts_the_clock() -> None:
    assert pace([]) is None
    assert pace(at(0)) is None
    found = pace(at(0, 5))
    assert found is not None
    assert (found.median_seconds, found.fast, found.items) == (5, 0, 1)


def test_a_page_shares_its_seconds_among_its_items() -> None:
    found = pace([*at(0), *at(3, items=3), *at(13)])
    assert found is not None
    assert (found.median_seconds, found.fast, found.items) == (1, 3, 4)


def test_the_order_in_which_rows_come_does_not_matter() -> None:
    assert pace(at(9, 0, 4)) == pace(at(0, 4, 9))
