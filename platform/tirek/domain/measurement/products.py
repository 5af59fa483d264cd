"""Products of long tables, some rows at a time: faster on a busy machine than all at once.

For a product of any size BLAS wakes a thread on every core, and each spins while it waits for the
others. Where the cores are shared (they are: web, workers, database) that costs several times the
work itself. Blocks below its threshold stay in one thread, and the table stays in the cache.
"""

import numpy as np

from tirek.domain.measurement.patterns import FloatArray

# OpenBLAS takes one thread up to this many multiplications.
ONE_THREAD = 2**18
# Smaller blocks cost more in calls than threads do.
FEWEST_ROWS = 16


def times(rows: FloatArray, table: FloatArray) -> FloatArray:
    """Return rows @ table."""
    size = _rows_at_once(rows.shape[1] * table.shape[1])
    whole = len(rows) // size * size if size >= FEWEST_ROWS else 0
    if not whole:
        return rows @ table
    blocks = rows[:whole].reshape(-1, size, rows.shape[1]) @ table
    found = blocks.reshape(whole, table.shape[1])
    return found if whole == len(rows) else np.concatenate([found, rows[whole:] @ table])


def cross_products(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left.T @ right, the sum over the rows of both."""
    size = _rows_at_once(left.shape[1] * right.shape[1])
    whole = len(left) // size * size if size >= FEWEST_ROWS else 0
    if not whole:
        return left.T @ right
    blocks = left[:whole].reshape(-1, size, left.shape[1]).transpose(0, 2, 1)
    sums: FloatArray = (blocks @ right[:whole].reshape(-1, size, right.shape[1])).sum(axis=0)
    return sums + left[whole:].T @ right[whole:]


def _rows_at_once(multiplications: int) -> int:
    """Return the largest power of two of rows that stays below the threshold."""
    return 1 << max(0, (ONE_THREAD // multiplications).bit_length() - 1)
