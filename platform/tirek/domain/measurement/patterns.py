"""Answers of many people as few different patterns, each with how many people gave it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirek.domain.measurement.errors import UnmeasurableError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MISSING = -1
# Rows at a time: what one slice needs while it is worked on (some 10 MB) stays in the cache.
SLICE = 8192
# Beyond this a pattern has no number of its own that fits a 64-bit integer.
LARGEST_NUMBER = 2**62
# Up to here, and with not much more room than people, every possible pattern gets a place.
SMALL_SPACE = 2**22
ROOMY = 64


class AnswersError(UnmeasurableError):
    """The answers do not fit the items."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which answers were given how often, and whose pattern is which.

    `chosen` has a column for each category of each item: 1 where it was chosen, all 0 for a
    missing answer. `people` counts the people of each row, `row` gives everybody's row.
    """

    categories: tuple[int, ...]
    chosen: NDArray[np.uint8]
    people: FloatArray
    row: IntArray

    def slices(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Go through (chosen, people) some rows at a time."""
        for start in range(0, len(self.chosen), SLICE):
            part = slice(start, start + SLICE)
            yield self.chosen[part].astype(np.float64), self.people[part]

    def thinned(self, every: int) -> "Patterns":
        """Return every so-manieth person, counted through the patterns in their order."""
        counted = np.floor(np.cumsum(self.people) / every)
        people = np.diff(counted, prepend=0.0)
        taken = people > 0
        nobody = np.empty(0, dtype=np.int64)
        return Patterns(self.categories, self.chosen[taken], people[taken], nobody)

    def columns(self) -> tuple[slice, ...]:
        """Return where each item's categories stand among the columns of `chosen`."""
        ends = np.cumsum(self.categories)
        return tuple(
            slice(int(end) - size, int(end))
            for end, size in zip(ends, self.categories, strict=True)
        )


def patterns_of(answers: IntArray, categories: Sequence[int]) -> Patterns:
    """Return the patterns among the answers; shape (people, items), -1 = missing.

    An answer outside 0 .. categories - 1 of its item is refused.
    """
    answers = np.asarray(answers)
    sizes = np.asarray(categories)
    if answers.ndim != 2 or answers.shape[1] != len(sizes):  # noqa: PLR2004
        raise AnswersError(f"the answers must be a table with {len(sizes)} columns")
    wrong = np.argwhere((answers < MISSING) | (answers >= sizes))
    if len(wrong):
        person, item = wrong[0]
        raise AnswersError(
            f"row {person + 1}, item {item + 1}: there is no category {answers[person, item]}"
        )
    first, row, people = _different(answers, sizes)
    return Patterns(
        tuple(int(size) for size in sizes),
        _chosen(answers[first], sizes),
        people,
        row,
    )


def _different(answers: IntArray, sizes: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return one person of each pattern, everybody's pattern, and how many have it."""
    space = float(np.prod(sizes + 1.0))
    if space > LARGEST_NUMBER:
        _, first, row, people = np.unique(
            answers, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        return first, row.reshape(-1), people.astype(np.float64)
    number = np.zeros(len(answers), dtype=np.int64)
    for column, size in zip(answers.T, sizes, strict=True):
        number *= size + 1
        number += column + 1
    if space <= SMALL_SPACE and space <= len(answers) * ROOMY:
        return _by_place(number, int(space))
    _, first, row, people = np.unique(
        number, return_index=True, return_inverse=True, return_counts=True
    )
    return first, row, people.astype(np.float64)


def _by_place(number: IntArray, space: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return what `_different` does without sorting: every possible pattern has a place."""
    seen = np.bincount(number, minlength=space)
    used = np.flatnonzero(seen)
    place = np.empty(space, dtype=np.int64)
    place[used] = np.arange(len(used))
    row = place[number]
    first = np.empty(len(used), dtype=np.int64)
    first[row] = np.arange(len(number))
    return first, row, seen[used].astype(np.float64)


def _chosen(answers: IntArray, sizes: IntArray) -> NDArray[np.uint8]:
    chosen = np.zeros((len(answers), int(sizes.sum())), dtype=np.uint8)
    starts = np.cumsum(sizes) - sizes
    for begin in range(0, len(answers), SLICE):
        own, given_answers = chosen[begin : begin + SLICE], answers[begin : begin + SLICE]
        everybody = np.arange(len(own))
        for start, column in zip(starts, given_answers.T, strict=True):
            given = column != MISSING
            # A missing answer is written to some column as 0, which it is anyway.
            own[everybody, start + np.where(given, column, 0)] = given
    return chosen
