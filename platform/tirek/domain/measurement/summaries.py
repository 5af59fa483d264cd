"""Sums over persons that regions compute apart and merge exactly; figures are read from them.

Each summary is a commutative monoid: `merge` adds counts, so any partition of the persons, merged
in any order, gives the summary of all of them, to the last bit. Whole-number answers are summed
as integers; answers with a fraction as binary floating point, where the last digits may depend on
the order, and where a variance keeps six digits up to a mean of 10,000 times the sd.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tirek.domain.measurement.errors import UnmeasurableError

Numbers = npt.NDArray[np.float64]
Sums = npt.NDArray[np.number]
Whole = npt.NDArray[np.int64]

# Rows in one matrix product: 2 MB of doubles for 25 items, so that a block stays in the cache.
BLOCK = 8_192
# Whole numbers below this are exact in binary floating point, and so are their sums.
EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Moments:
    """Persons, sums and sums of products over the persons who answered every item.

    `persons` is a count, `sums` has shape (items,), `products` (items, items).
    """

    persons: int
    sums: Sums
    products: Sums


@dataclass(frozen=True, slots=True)
class CrossProducts:
    """What reliability needs of n persons' answers to k items: k, k by k sums, no row.

    `complete` is over the persons without a blank (listwise). The three (k, k) arrays are over
    the persons who answered both items of a pair (pairwise): `pairs` counts them, `sums[i, j]`
    adds their answers to i, `products[i, j]` their products. `persons` counts all rows.
    """

    items: tuple[str, ...]
    persons: int
    complete: Moments
    pairs: Whole
    sums: Sums
    products: Sums

    @classmethod
    def of(cls, items: Sequence[str], given: npt.ArrayLike) -> Self:
        """Sum over an array of shape (persons, items); NaN is a blank.

        Raises UnmeasurableError when the columns are not the items.
        """
        answers = np.asarray(given)
        k = len(items)
        if answers.ndim != 2 or answers.shape[1] != k:  # noqa: PLR2004 (persons by items)
            raise UnmeasurableError(f"answers of shape {answers.shape} are not of {k} items")
        total = _Adder(k)
        for begin in range(0, len(answers), BLOCK):
            total.add(answers[begin : begin + BLOCK].astype(np.float64, copy=False))
        complete = Moments(total.complete, total.complete_sums, total.complete_products)
        return cls(tuple(items), len(answers), complete, total.pairs, total.sums, total.products)

    def merge(self, other: "CrossProducts") -> "CrossProducts":
        """Return the summary of both groups of persons; raise UnmeasurableError for other items."""
        if self.items != other.items:
            raise UnmeasurableError("summaries of different items cannot be merged")
        complete = Moments(
            self.complete.persons + other.complete.persons,
            self.complete.sums + other.complete.sums,
            self.complete.products + other.complete.products,
        )
        return CrossProducts(
            self.items,
            self.persons + other.persons,
            complete,
            self.pairs + other.pairs,
            self.sums + other.sums,
            self.products + other.products,
        )

    def as_json(self) -> dict[str, object]:
        """Return plain lists and numbers; `from_json` gives the summary back, to the last bit."""
        return {
            "items": list(self.items),
            "persons": self.persons,
            "complete": {
                "persons": self.complete.persons,
                "sums": self.complete.sums.tolist(),
                "products": self.complete.products.tolist(),
            },
            "pairs": self.pairs.tolist(),
            "sums": self.sums.tolist(),
            "products": self.products.tolist(),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Self:
        """Read what `as_json` has written."""
        match written:
            case {
                "items": list(items),
                "persons": int(persons),
                "complete": {
                    "persons": int(complete),
                    "sums": list(complete_sums),
                    "products": list(complete_products),
                },
                "pairs": list(pairs),
                "sums": list(sums),
                "products": list(products),
            }:
                k = len(items)
                moments = Moments(
                    complete, _array(complete_sums, (k,)), _array(complete_products, (k, k))
                )
                return cls(
                    tuple(str(item) for item in items),
                    persons,
                    moments,
                    np.array(pairs, dtype=np.int64).reshape(k, k),
                    _array(sums, (k, k)),
                    _array(products, (k, k)),
                )
            case _:
                raise UnmeasurableError("this is no summary of cross-products")

    def covariances(self) -> Numbers:
        """Return the (k, k) covariances (n - 1) over the persons without a blank."""
        n = np.full_like(self.pairs, self.complete.persons)
        sums = np.broadcast_to(self.complete.sums[:, None], self.pairs.shape)
        return _covariances(n, sums, self.complete.products)

    def pairwise_covariances(self) -> Numbers:
        """Return the (k, k) covariances, each over the persons who answered both items.

        As R `cov(x, use = "pairwise")`: the matrix need not be positive definite.
        """
        return _covariances(self.pairs, self.sums, self.products)


class _Adder:
    """Adds blocks of rows; a block of whole numbers is turned into integers, which stay exact."""

    def __init__(self, k: int) -> None:
        self.complete = 0
        self.complete_sums: Sums = np.zeros(k, dtype=np.int64)
        self.complete_products: Sums = np.zeros((k, k), dtype=np.int64)
        self.pairs: Whole = np.zeros((k, k), dtype=np.int64)
        self.sums: Sums = np.zeros((k, k), dtype=np.int64)
        self.products: Sums = np.zeros((k, k), dtype=np.int64)

    def add(self, rows: Numbers) -> None:
        """Add one block of rows."""
        blank = np.isnan(rows)
        has_blank = blank.any(axis=1)
        if not has_blank.any():
            self._add_complete(rows)
            return
        self._add_complete(rows[~has_blank])
        seen = (~blank[has_blank]).astype(np.float64)
        rows = np.where(seen == 1, rows[has_blank], 0)
        self.pairs = self.pairs + (seen.T @ seen).astype(np.int64)
        self.sums = self.sums + _exact(rows, rows.T @ seen)
        self.products = self.products + _exact(rows, rows.T @ rows)

    def _add_complete(self, rows: Numbers) -> None:
        sums = _exact(rows, rows.sum(axis=0))
        products = _exact(rows, rows.T @ rows)
        self.complete += len(rows)
        self.complete_sums = self.complete_sums + sums
        self.complete_products = self.complete_products + products
        self.pairs = self.pairs + len(rows)
        self.sums = self.sums + sums[:, None]
        self.products = self.products + products


def _exact(rows: Numbers, sums: Numbers) -> Sums:
    """Return the sums of one block as integers, where the block's answers are whole numbers."""
    largest = np.abs(rows).max(initial=0)
    is_whole = largest**2 * BLOCK < EXACT and bool((rows == np.rint(rows)).all())
    return sums.astype(np.int64) if is_whole else sums


def _covariances(n: Whole, sums: Sums, products: Sums) -> Numbers:
    """Return (n P - S S') / (n (n - 1)), in Python's unbounded integers where the sums are whole.

    NaN where fewer than two persons answered both.
    """
    exact = [part.astype(object) for part in (n, sums, products)]
    pairs, totals, squares = exact
    above = pairs * squares - totals * totals.T
    below = np.where(n > 1, pairs * (pairs - 1), 1)
    return np.where(n > 1, (above / below).astype(np.float64), np.nan)


def _array(values: list[object], shape: tuple[int, ...]) -> Sums:
    found = np.array(values).reshape(shape)
    return found.astype(np.int64 if found.dtype.kind == "i" else np.float64)
