"""How much of a table over pairs a few frequencies explain (exponents methods 2.5).

The block of a frequency k is all products of {constant, cosine, sine} of k in the first operand
with the same in the second, but for the product of the constants. Where both powers are
permutations blocks are orthogonal, and shares are sums. Where they are not, waves of different
frequencies overlap: frequencies are then taken one after the other, each time the one whose block
has most of what is left, and all that are taken are fitted together, so that nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from fittest.analysis.circuits.basis import Floats
from fittest.analysis.exponents.bases import Basis, Kind, bases, powered, transform
from fittest.tasks.powers import powers

_DEPENDENT = 1e-9
"""Relative size of an eigenvalue of overlaps that is none."""
_ORTHOGONAL = 1e-9
"""Overlap of different blocks that rounding leaves."""
_DRAWN, _SEED = 20, 0
"""What is drawn at random to compare with: how many, and the seed."""


def block_products(values: Floats, first: Basis, second: Basis) -> Floats:
    """What centred tables have of each product of a block: (p, p, n) -> (K, 8, n), k = 1 first."""
    return in_blocks(transform(values - values.mean(axis=(0, 1)), first, second), first, second)


def in_blocks(made: Floats, first: Basis, second: Basis) -> Floats:
    """A transform (p, p, n) by blocks: (K, 8, n)."""
    highest = int(first.k.max())
    found = np.empty((highest, 8, made.shape[2]))
    for k in range(1, highest + 1):
        rows = np.append(0, first.of_frequency(k))
        columns = np.append(0, second.of_frequency(k))
        block = made[np.ix_(rows, columns)].reshape(9, -1)
        found[k - 1] = block[1:]
    return found


@lru_cache(maxsize=16)
def overlaps(kind: Kind, p: int, a: int, b: int) -> Floats | None:
    """Inner products of all functions of all blocks, (8K, 8K); None where the blocks are
    orthogonal."""
    first, second = bases(kind, p, a, b)
    one, other = (basis.rows @ basis.rows.T for basis in (first, second))
    highest = int(first.k.max())
    blocks = [
        [(i, j) for i in (0, *first.of_frequency(k)) for j in (0, *second.of_frequency(k))][1:]
        for k in range(1, highest + 1)
    ]
    rows, columns = np.array(blocks).reshape(-1, 2).T
    found: Floats = one[np.ix_(rows, rows)] * other[np.ix_(columns, columns)]
    return None if np.abs(found - np.eye(len(found))).max() < _ORTHOGONAL else found


def largest_shares(
    products: Floats, spread: Floats, count: int, overlap: Floats | None = None
) -> Floats:
    """Share of the variance of each table that its `count` largest blocks explain together, taken
    one after the other: (n,); NaN where it does not vary.

    Args:
        products: (K, 8, n), see ``block_products``. spread: (n,), variance times number of pairs.
        overlap: of ``overlaps``.
    """
    blocks = np.square(products).sum(axis=1)
    if overlap is None:
        top = np.sort(blocks, axis=0)[::-1][:count].sum(axis=0)
    else:
        top = _together(products, overlap, min(count, len(products)))
    shares = np.divide(top, spread, out=np.full(len(spread), np.nan), where=spread > 0)
    return np.minimum(shares, 1.0)  # rounding leaves a trifle more


def _together(products: Floats, overlap: Floats, count: int) -> Floats:
    """Sum of squares (n,) of what `count` blocks explain, the next one always that which has most
    of what the others leave."""
    frequencies, size, tables = products.shape
    flat = products.reshape(-1, tables)
    every = np.arange(tables)
    taken = np.empty((tables, 0), dtype=np.int64)
    explained = np.zeros(tables)
    left = flat
    for _ in range(count):
        energy = np.square(left.reshape(frequencies, size, tables)).sum(axis=1)
        energy[taken, every[:, None]] = -1.0
        taken = np.concatenate([taken, energy.argmax(axis=0)[:, None]], axis=1)
        rows = (taken[:, :, None] * size + np.arange(size)).reshape(tables, -1)
        left = flat.copy()
        # Tables with the same frequencies are fitted at once.
        for chosen in np.unique(np.sort(rows, axis=1), axis=0):
            mine = (np.sort(rows, axis=1) == chosen).all(axis=1)
            given = flat[np.ix_(chosen, mine)]
            inverse = np.linalg.pinv(
                overlap[np.ix_(chosen, chosen)], rcond=_DEPENDENT, hermitian=True
            )
            weights = inverse @ given
            explained[mine] = (given * weights).sum(axis=0)
            left[:, mine] -= overlap[:, chosen] @ weights
    return explained


@lru_cache(maxsize=64)
def share_by_chance(kind: Kind, p: int, a: int, b: int, count: int) -> float:
    """The share that `count` blocks have of a table that is drawn at random, mean over some: of the
    pair of numbers, or of the pair of their powers, which have fewer values where they are no
    permutation."""
    drawn = np.random.default_rng(_SEED).standard_normal((p, p, _DRAWN))
    values = drawn if kind == "raw" else drawn[powers(p, a)][:, powers(p, b)]
    first, second = bases(kind, p, a, b)
    spread = np.square(values - values.mean(axis=(0, 1))).sum(axis=(0, 1))
    products = block_products(values, first, second)
    return float(largest_shares(products, spread, count, overlaps(kind, p, a, b)).mean())


def explained_by(values: Floats, exponents: Sequence[int], ks: Sequence[int]) -> float:
    """Share of the variance of a table over numbers (p, n) that some frequencies of the powers
    explain, of all exponents together; NaN where it does not vary."""
    centred = values - values.mean(axis=0)
    whole = float(np.square(centred).sum())
    found = [powered(len(values), exponent) for exponent in dict.fromkeys(exponents)]
    rows = np.concatenate([basis.rows[np.isin(basis.k, ks)] for basis in found])
    inner = rows @ centred
    inverse = np.linalg.pinv(rows @ rows.T, rcond=_DEPENDENT, hermitian=True)
    return float((inner * (inverse @ inner)).sum()) / whole if whole > 0 else float("nan")


def explained_by_any(values: Floats, exponents: Sequence[int], count: int) -> float:
    """The same of as many frequencies that are drawn at random, mean over some draws."""
    generator = np.random.default_rng(_SEED)
    every = np.arange(1, (len(values) - 1) // 2 + 1)
    draws = (generator.choice(every, count, replace=False) for _ in range(_DRAWN))
    return float(np.mean([explained_by(values, exponents, tuple(ks)) for ks in draws]))
