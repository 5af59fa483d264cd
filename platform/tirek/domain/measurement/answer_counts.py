"""How often each answer came, by item, group and matching score: what DIF and floors are read from.

Counts merge exactly, in any order. A count says nothing of one person only where groups are large:
who shows it keeps to that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import Numbers, Whole

# Beyond this a column is no set of answer codes, and a table over it is no summary.
MOST_CODES = 100


@dataclass(frozen=True, slots=True)
class StratifiedTable:
    """One item's answers in two groups, matched by score.

    `levels` (strata,) are the matching scores, ascending; `scores` (codes,) the answer codes,
    ascending; `counts` (strata, 2, codes) the persons, the reference group first, then the focal.
    """

    levels: Numbers
    scores: Numbers
    counts: Whole

    @classmethod
    def of(
        cls,
        reference: Mapping[float, Mapping[float, int]],
        focal: Mapping[float, Mapping[float, int]],
    ) -> Self:
        """Read two groups' counts: matching score -> answer code -> persons."""
        groups = (reference, focal)
        levels = sorted({level for group in groups for level in group})
        codes = sorted({code for group in groups for row in group.values() for code in row})
        counts = [
            [[group.get(level, {}).get(code, 0) for code in codes] for group in groups]
            for level in levels
        ]
        shape = (len(levels), 2, len(codes))
        return cls(
            np.array(levels, dtype=np.float64),
            np.array(codes, dtype=np.float64),
            np.array(counts, dtype=np.int64).reshape(shape),
        )


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """Counts of n persons' answers to k items, c codes, g groups, s matching scores.

    `matched` (k, g, s, c) counts the answers of persons with a matching score; `given` (k, g, c)
    all answers, `blanks` (k, g) the missing ones.
    """

    items: tuple[str, ...]
    codes: Numbers
    groups: tuple[str, ...]
    levels: Numbers
    matched: Whole
    given: Whole
    blanks: Whole

    @classmethod
    def of(
        cls,
        items: Sequence[str],
        given: Numbers,
        groups: Sequence[str] | None = None,
        matching: Numbers | None = None,
    ) -> Self:
        """Count an array of shape (persons, items), NaN a blank, and each person's group.

        Persons are matched by `matching` (persons,), by default the sum over all items, the item
        itself included, of those without a blank. Raises UnmeasurableError for more than 100
        different answers.
        """
        if matching is None:
            matching = given.sum(axis=1)
        codes, code_at = _numbered(given)
        if len(codes) > MOST_CODES:
            raise UnmeasurableError(f"more than {MOST_CODES} different answers are no answer codes")
        levels, level_at = _numbered(matching)
        names, group_at = _named(groups, len(given))
        g, s, c = len(names), len(levels), len(codes)
        matched, answered, blanks = [], [], []
        for place in range(len(items)):
            here = code_at[:, place]
            is_given = here < c
            is_matched = is_given & (level_at < s)
            cell = (group_at * s + level_at) * c + here
            matched.append(np.bincount(cell[is_matched], minlength=g * s * c))
            cell = group_at * c + here
            answered.append(np.bincount(cell[is_given], minlength=g * c))
            blanks.append(np.bincount(group_at[~is_given], minlength=g))
        k = len(items)
        return cls(
            tuple(items),
            codes,
            names,
            levels,
            np.array(matched, dtype=np.int64).reshape(k, g, s, c),
            np.array(answered, dtype=np.int64).reshape(k, g, c),
            np.array(blanks, dtype=np.int64).reshape(k, g),
        )

    def merge(self, other: "AnswerCounts") -> "AnswerCounts":
        """Return the counts of both; raise UnmeasurableError for other items."""
        if self.items != other.items:
            raise UnmeasurableError("counts of different items cannot be merged")
        codes = np.union1d(self.codes, other.codes)
        levels = np.union1d(self.levels, other.levels)
        groups = tuple(sorted({*self.groups, *other.groups}))
        k, g, s, c = len(self.items), len(groups), len(levels), len(codes)
        matched = np.zeros((k, g, s, c), dtype=np.int64)
        given, blanks = np.zeros((k, g, c), dtype=np.int64), np.zeros((k, g), dtype=np.int64)
        for one in (self, other):
            at_group = np.array([groups.index(name) for name in one.groups], dtype=np.int64)
            at_level = np.searchsorted(levels, one.levels)
            at_code = np.searchsorted(codes, one.codes)
            matched[np.ix_(np.arange(k), at_group, at_level, at_code)] += one.matched
            given[np.ix_(np.arange(k), at_group, at_code)] += one.given
            blanks[:, at_group] += one.blanks
        return AnswerCounts(self.items, codes, groups, levels, matched, given, blanks)

    def table(self, item: str, reference: str, focal: str) -> StratifiedTable:
        """Return one item's table of two groups, without the codes and scores that nobody has."""
        place = self.items.index(item)
        pair = [self.groups.index(name) for name in (reference, focal)]
        counts = self.matched[place, pair].swapaxes(0, 1)
        has_level, has_code = counts.any(axis=(1, 2)), counts.any(axis=(0, 1))
        return StratifiedTable(
            self.levels[has_level], self.codes[has_code], counts[has_level][:, :, has_code]
        )

    def share(self, item: str, code: float) -> float | None:
        """Return the share of the given answers that are this code (floor, ceiling): 0 to 1."""
        given = self.given[self.items.index(item)]
        total = int(given.sum())
        return int(given[:, self.codes == code].sum()) / total if total else None

    def missing(self, item: str) -> float | None:
        """Return the share of persons who left the item blank: 0 to 1; None without persons."""
        place = self.items.index(item)
        blanks = int(self.blanks[place].sum())
        persons = blanks + int(self.given[place].sum())
        return blanks / persons if persons else None

    def as_json(self) -> dict[str, object]:
        """Return plain lists and numbers; `from_json` gives the counts back."""
        return {
            "items": list(self.items),
            "codes": self.codes.tolist(),
            "groups": list(self.groups),
            "levels": self.levels.tolist(),
            "matched": self.matched.tolist(),
            "given": self.given.tolist(),
            "blanks": self.blanks.tolist(),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Self:
        """Read what `as_json` has written."""
        match written:
            case {
                "items": list(items),
                "codes": list(codes),
                "groups": list(groups),
                "levels": list(levels),
                "matched": list(matched),
                "given": list(given),
                "blanks": list(blanks),
            }:
                k, g, s, c = len(items), len(groups), len(levels), len(codes)
                return cls(
                    tuple(str(item) for item in items),
                    np.array(codes, dtype=np.float64),
                    tuple(str(group) for group in groups),
                    np.array(levels, dtype=np.float64),
                    np.array(matched, dtype=np.int64).reshape(k, g, s, c),
                    np.array(given, dtype=np.int64).reshape(k, g, c),
                    np.array(blanks, dtype=np.int64).reshape(k, g),
                )
            case _:
                raise UnmeasurableError("these are no counts of answers")


def _numbered(values: Numbers) -> tuple[Numbers, npt.NDArray[np.int64]]:
    """Return the different numbers, ascending, and where each value stands; a NaN past the end."""
    is_blank = np.isnan(values)
    found = _different(values[~is_blank])
    at = np.searchsorted(found, np.where(is_blank, np.inf, values)).astype(np.int64)
    return found, at


def _different(values: Numbers) -> Numbers:
    """Return the different numbers, ascending; whole ones of a short range without sorting."""
    if values.size and (values == np.rint(values)).all():
        low, high = values.min(), values.max()
        if high - low < values.size:
            counts = np.bincount((values - low).astype(np.int64))
            whole: Numbers = np.flatnonzero(counts) + low
            return whole
    return np.unique(values)


def _named(
    groups: Sequence[str] | None, persons: int
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    if groups is None:
        return ("",), np.zeros(persons, dtype=np.int64)
    if len(groups) != persons:
        raise UnmeasurableError(f"{len(groups)} groups were named for {persons} persons")
    names = tuple(sorted(set(groups)))
    places = {name: at for at, name in enumerate(names)}
    return names, np.array([places[name] for name in groups], dtype=np.int64)
