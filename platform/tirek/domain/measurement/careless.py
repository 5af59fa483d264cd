"""How persons answered, all at once: indices beside a score, never a reason to discard it.

Arrays have shape (persons, items), in presentation order and before reversing, NaN a blank. A
pupil in distress looks careless too (all threes is one long run): read two indices together, and
never let them weaken a critical flag. The same for one person, exactly: `domain.quality`. Source:
Curran 2016; Meade & Craig 2012; as R package careless.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.factor import is_positive_definite
from tirek.domain.measurement.summaries import CrossProducts, Numbers, Whole

# Faster than this nobody reads an item (Huang, Curran, Keeney, Poposki & DeShon 2012).
SECONDS_TO_READ = 2.0
SYNONYMS = 0.6
FEWEST_FOR_CORRELATION = 2
# A product of two sums of squares below this is rounding: the values do not vary.
ROUNDING = 1e-20


def longstring(given: Numbers) -> Whole:
    """Return each person's longest run of equal answers; a blank ends a run. 0 to items."""
    longest = np.zeros(len(given), dtype=np.int64)
    for run in _runs(given):
        np.maximum(longest, run, out=longest)
    return longest


def average_string(given: Numbers) -> Numbers:
    """Return each person's mean length of runs of equal answers; NaN without an answer."""
    begun = np.zeros(len(given), dtype=np.int64)
    for run in _runs(given):
        begun += run == 1
    answered = (~np.isnan(given)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        found: Numbers = answered / begun
    return found


def irv(given: Numbers) -> Numbers:
    """Return each person's sd (n - 1) over the items; NaN below two answers.

    Low: a straight line; very high: perhaps at random. Source: Dunn et al. 2018.
    """
    seen = ~np.isnan(given)
    n = seen.sum(axis=1)
    values = np.where(seen, given, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = values.sum(axis=1) / n
        apart = np.where(seen, given - mean[:, None], 0)
        found: Numbers = np.sqrt((apart**2).sum(axis=1) / (n - 1))
    found[n < FEWEST_FOR_CORRELATION] = np.nan
    return found


def even_odd(given: Numbers, sizes: Sequence[int]) -> Numbers:
    """Return each person's inconsistency: -1 perfectly consistent, 1 the most careless.

    The correlation over scales between the means of their even and odd items, stepped up by
    Spearman-Brown, cut at -1, times -1 (careless 1.2.2; older versions had the other sign). The
    items stand scale after scale, `sizes` items each. NaN where a person's halves do not vary.
    Raises UnmeasurableError when the sizes do not add up to the items.
    """
    if sum(sizes) != given.shape[1] or min(sizes, default=0) < 2:  # noqa: PLR2004 (two halves)
        raise UnmeasurableError("the scales' sizes must be 2 or more and add up to the items")
    ends = np.cumsum(sizes)
    scales = [given[:, end - size : end] for end, size in zip(ends, sizes, strict=True)]
    odd = np.stack([_means(scale[:, 0::2]) for scale in scales], axis=1)
    even = np.stack([_means(scale[:, 1::2]) for scale in scales], axis=1)
    halves = _row_correlations(even, odd)
    whole = np.full(len(halves), -1.0)
    # At -1 the formula has no value; below -1/3 it falls under -1 and is cut.
    steps = ~(halves <= -1 / 3)
    whole[steps] = 2 * halves[steps] / (1 + halves[steps])
    return -whole


def synonyms(given: Numbers, bound: float = SYNONYMS) -> tuple[Numbers, list[tuple[int, int]]]:
    """Return each person's correlation over item pairs that correlate above `bound`, and the pairs.

    In each pair the item that stands earlier comes first. NaN where a person's pairs do not vary
    or fewer than two pairs were answered. Source: Meade & Craig 2012.
    """
    items = tuple(str(place) for place in range(given.shape[1]))
    covariances = CrossProducts.of(items, given).pairwise_covariances()
    sds = np.sqrt(np.diag(covariances))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = covariances / np.outer(sds, sds)
    first, second = np.nonzero(np.triu(correlations > bound, k=1))
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    return _row_correlations(given[:, first], given[:, second]), pairs


def mahalanobis(given: Numbers) -> Numbers:
    """Return each person's squared distance from the middle, (x - m)' S^-1 (x - m) >= 0.

    m and S over the answers given (S pairwise); a blank adds nothing, so a person with blanks is
    placed by the others (as R psych::outlier). On few items with few codes it is no chi-square:
    use it to rank. NaN for a person without answers. Raises UnmeasurableError when an item does
    not vary or the items determine one another.
    """
    items = tuple(str(place) for place in range(given.shape[1]))
    return distances_from(CrossProducts.of(items, given), given)


def distances_from(sums: CrossProducts, given: Numbers) -> Numbers:
    """Return the squared distances of these persons from the middle of a group summed before.

    `given` has shape (persons, items) in the order of the group's items; otherwise as
    `mahalanobis`.
    """
    covariances = sums.pairwise_covariances()
    sds = np.sqrt(np.diag(covariances))
    if not (sds > 0).all() or not is_positive_definite(covariances / np.outer(sds, sds)):
        raise UnmeasurableError("the distance needs items that vary and do not fix one another")
    middle = np.diag(sums.sums) / np.diag(sums.pairs)
    seen = ~np.isnan(given)
    apart = np.where(seen, given - middle, 0)
    found: Numbers = ((apart @ np.linalg.inv(covariances)) * apart).sum(axis=1)
    found[~seen.any(axis=1)] = np.nan
    return found


def ranks(distances: Numbers) -> Whole:
    """Return each person's place, 1 the farthest, equal ones the same; 0 for a NaN."""
    found = np.zeros(len(distances), dtype=np.int64)
    seen = ~np.isnan(distances)
    ascending = np.sort(distances[seen])
    found[seen] = 1 + seen.sum() - np.searchsorted(ascending, distances[seen], side="right")
    return found


def pace(seconds: npt.ArrayLike, answered: npt.ArrayLike) -> Numbers:
    """Return each person's seconds per answered item; NaN without an answer."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Numbers = np.asarray(seconds, dtype=np.float64) / np.asarray(answered)
    found[~np.isfinite(found)] = np.nan
    return found


def chi_square_bound(items: int, share: float = 0.999) -> float:
    """Return the chi-square quantile with `items` df that a distance is held against."""
    from scipy.special import chdtri  # noqa: PLC0415 (loaded only where something is measured)

    return float(chdtri(items, 1 - share))


def is_too_fast(
    seconds: npt.ArrayLike, answered: npt.ArrayLike, bound: float = SECONDS_TO_READ
) -> npt.NDArray[np.bool_]:
    """Return who took less than `bound` seconds per answered item; nobody without an answer."""
    took = np.asarray(seconds, dtype=np.float64)
    count = np.asarray(answered, dtype=np.float64)
    found: npt.NDArray[np.bool_] = (count > 0) & (took < bound * count)
    return found


def relative_speed(seconds: Numbers) -> Numbers:
    """Return each person's mean of (median time of a page / own time) over pages; above 2: fast.

    `seconds` has shape (persons, pages), above 0; NaN: page not seen. Source: Leiner 2019.
    """
    middle = np.nanmedian(seconds, axis=0)
    return _means(middle / seconds)


def _runs(given: Numbers) -> Iterator[Whole]:
    """Yield, item by item, how long each person's run of equal answers up to it is."""
    before, length = np.full(len(given), np.nan), np.zeros(len(given), dtype=np.int64)
    for here in given.T:
        length = np.where(here == before, length + 1, ~np.isnan(here))
        before = here
        yield length


def _means(values: Numbers) -> Numbers:
    """Return the mean of each row's answers; NaN without any."""
    seen = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        found: Numbers = np.where(seen, values, 0).sum(axis=1) / seen.sum(axis=1)
    return found


def _row_correlations(first: Numbers, second: Numbers) -> Numbers:
    """Return each row's correlation of two sets of values over the places where both are given."""
    seen = ~(np.isnan(first) | np.isnan(second))
    a, b = np.where(seen, first, np.nan), np.where(seen, second, np.nan)
    a = np.where(seen, a - _means(a)[:, None], 0)
    b = np.where(seen, b - _means(b)[:, None], 0)
    spread = (a**2).sum(axis=1) * (b**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Numbers = np.where(spread > ROUNDING, (a * b).sum(axis=1) / np.sqrt(spread), np.nan)
    return np.clip(found, -1, 1)
