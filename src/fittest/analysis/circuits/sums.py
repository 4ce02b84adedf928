"""Averages over pairs of equal sum, and what of a table over pairs depends on the sum alone
(progress methods 2.5).

cos(w_k(a + b)) and sin(w_k(a + b)) are constant where a + b is. So the projection of a table on
them is that of its averages over the pairs of each sum on the rows of the basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import Floats, real_basis, rows_of


@lru_cache(maxsize=16)
def sum_table(p: int) -> NDArray[np.int64]:
    """(a + b) mod p of all pairs: (p, p), read-only."""
    table = (np.arange(p)[:, None] + np.arange(p)) % p
    table.setflags(write=False)
    return table


def by_sum(values: Floats) -> Floats:
    """Mean over the p pairs of each sum: (p, p, ...) -> (p, ...), float64."""
    p = len(values)
    total = np.zeros(values.shape[1:], dtype=np.float64)
    for a in range(p):
        # values[a, b] belongs to the sum a + b: the row is turned by a.
        total[a:] += values[a, : p - a]
        total[:a] += values[a, p - a :]
    return total / p


def sum_parts(means: Floats, ks: Sequence[int]) -> Floats:
    """Projections on cos(w_k(a + b)) and sin(w_k(a + b)), as functions of the sum.

    means: `by_sum` of the table, (p, C). Returns (len(ks), p, C).
    """
    pairs = real_basis(len(means))[rows_of(ks)].reshape(len(ks), 2, len(means))
    return np.matmul(pairs.transpose(0, 2, 1), pairs @ means)


def keep_sums(means: Floats, ks: Sequence[int]) -> Floats:
    """The mean and the projections of some frequencies: (p, C), as a function of the sum."""
    return means.mean(axis=0) + sum_parts(means, ks).sum(axis=0)
