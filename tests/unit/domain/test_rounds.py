"""A line ends where it must: other questions, other words, another language, or nobody knows."""

import pytest

from tirek.domain.rounds import Asked, Break, break_between

BEFORE = Asked("1.0.0", "kk", "1.2.0")


@pytest.mark.parametrize(
    ("after", "broken"),
    [
        (Asked("1.3.1", "kk", "1.9.9"), None),
        (Asked("2.0.0", "kk", "1.2.0"), Break.STRUCTURE),
        (Asked("10.0.0", "kk", "1.2.0"), Break.STRUCTURE),
        (Asked("1.0.0", "ru", "1.2.0"), Break.LANGUAGE),
        (Asked("1.0.0", "kk", "2.0.0"), Break.WORDING),
        (Asked(None, "kk", "1.2.0"), Break.STRUCTURE),
        (Asked("1.0.0", "kk", None), Break.WORDING),
    ],
)
def test_what_may_be_compared(after: Asked, broken: Break | None) -> None:
    assert break_between(BEFORE, after) is broken
    assert break_between(after, BEFORE) is broken


def test_two_unknowns_are_not_the_same() -> None:
    assert break_between(Asked(None, "kk", "1.0.0"), Asked(None, "kk", "1.0.0")) is Break.STRUCTURE
