"""How complete every order of the remainders is in an embedding (completeness methods 2.1).

The centres of the m classes, put on a line in the order q, have the completeness

    f(q) = sum over positions i < j of ||centre of q_i - centre of q_j||^2 (j - i).

j - i counts the cuts between two positions, so f(q) is a sum over the m - 1 cuts of h(A), A the
classes before the cut, and h takes 2^m values only. That makes the distribution over all m!
orders, the exact rank of one and the extremes cheap, without ever listing orders one by one.

Sets of classes are bit masks: class r is in A if bit r of A is set.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

LARGEST = 12
"""Classes up to which all orders are gone through: 12! takes half a minute."""

# An order and its reverse differ by rounding, and must count as equal.
_TOLERANCE = 1e-9


def class_centres(embedding: ArrayLike, m: int) -> Floats:
    """Mean embedding of every remainder: (..., p, d) -> (..., m, d), p a multiple of m.

    Raises:
        ValueError: if p is no multiple of m.
    """
    values = np.asarray(embedding, dtype=np.float64)
    p, d = values.shape[-2:]
    if p % m:
        raise ValueError(f"p = {p} is no multiple of m = {m}")
    # Token n = m a + r is at [a, r].
    return np.asarray(values.reshape(*values.shape[:-2], p // m, m, d).mean(axis=-3))


def completeness(centres: ArrayLike, order: ArrayLike) -> float:
    """f(q) by its definition (completeness paper, section 3.1): (m, d) and (m,) -> a number in
    squared embedding units."""
    placed = np.asarray(centres, dtype=np.float64)[np.asarray(order)]
    squares = np.square(placed[:, None] - placed[None, :]).sum(-1)
    positions = np.arange(len(placed))
    apart = np.abs(positions[:, None] - positions[None, :])
    return float((squares * apart).sum() / 2)


@lru_cache(maxsize=16)
def _members(m: int) -> Floats:
    """(2^m, m): 1 where the class is in the set."""
    sets = np.arange(2**m)[:, None]
    return np.asarray((sets >> np.arange(m)) & 1, dtype=np.float64)


def cut_values(centres: ArrayLike) -> Floats:
    """h(A) of every set of classes: (..., m, d) -> (..., 2^m).

    h(A) is the sum of squared distances between A and its complement; with centred centres x it
    is (m - |A|) sum over A of |x|^2 + |A| sum over the others + 2 |sum over A of x|^2.
    """
    x = np.asarray(centres, dtype=np.float64)
    x = x - x.mean(axis=-2, keepdims=True)
    m = x.shape[-2]
    members = _members(m)
    sizes = members.sum(axis=1)
    gram = x @ np.swapaxes(x, -1, -2)
    norms = np.diagonal(gram, axis1=-2, axis2=-1)
    inside = norms @ members.T
    total = norms.sum(axis=-1)[..., None]
    joint = ((members @ gram) * members).sum(axis=-1)
    return np.asarray((m - sizes) * inside + sizes * (total - inside) + 2 * joint)


@lru_cache(maxsize=16)
def _levels(m: int) -> tuple[tuple[Integers, Integers], ...]:
    """For every size c = 1..m: the sets of that size (n,) and each without one member (n, c)."""
    found = []
    for size in range(1, m + 1):
        chosen = [sum(1 << r for r in group) for group in combinations(range(m), size)]
        sets = np.array(chosen)
        without = [[a & ~(1 << r) for r in range(m) if a >> r & 1] for a in chosen]
        found.append((sets, np.array(without)))
    return tuple(found)


def _best(h: Floats, sign: int) -> Floats:
    """Best sum of h over the prefixes of every set, itself included: (..., 2^m) likewise."""
    m = round(math.log2(h.shape[-1]))
    best = np.zeros_like(h)
    for sets, without in _levels(m):
        best[..., sets] = sign * h[..., sets] + best[..., without].max(axis=-1)
    return best


def extremes(centres: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Exact minimum, mean and maximum of f over all m! orders: (..., m, d) -> three (...).

    Minimum and maximum by dynamic programming over sets; the mean is (m + 1) / 3 times the sum of
    squared distances, exactly.
    """
    h = cut_values(centres)
    x = np.asarray(centres, dtype=np.float64)
    m = x.shape[-2]
    x = x - x.mean(axis=-2, keepdims=True)
    # The squared distances between m points sum to m times the squared norms once centred.
    mean = (m + 1) / 3 * m * np.square(x).sum(axis=(-1, -2))
    return -_best(h, -1)[..., -1], np.asarray(mean), _best(h, 1)[..., -1]


def most_complete(centres: ArrayLike) -> tuple[int, ...]:
    """The order of the largest f: (m, d) -> m classes, the smaller end first."""
    h = cut_values(centres)
    m = len(np.asarray(centres))
    best = _best(h, 1)
    left, backwards = 2**m - 1, []
    while left:
        classes = [r for r in range(m) if left >> r & 1]
        last = max(classes, key=lambda r: best[left & ~(1 << r)])
        backwards.append(last)
        left &= ~(1 << last)
    return canonical(backwards)


def canonical(order: ArrayLike) -> tuple[int, ...]:
    """An order read from the end whose class is smaller: f does not tell the two apart."""
    found = tuple(int(r) for r in np.asarray(order))
    return found if found[0] < found[-1] else found[::-1]


def _blocks(centres: ArrayLike) -> Iterator[tuple[Floats, Floats]]:
    """All orders in blocks: per set of floor(m / 2) classes, the sums of h over the cuts within
    it (one per order of the set), and over those after it; every pair of sums is one f."""
    h = cut_values(centres)
    m = round(math.log2(len(h)))
    if m > LARGEST:
        raise ValueError(f"m = {m} classes have too many orders; at most {LARGEST}")
    half = m // 2
    first, second = (np.array(list(permutations(range(n)))) for n in (half, m - half))
    for chosen in combinations(range(m), half):
        others = [r for r in range(m) if r not in chosen]
        before = np.cumsum(1 << np.array(chosen, dtype=np.int64)[first], axis=1)
        whole = sum(1 << r for r in chosen)
        after = whole + np.cumsum(1 << np.array(others)[second], axis=1)[:, :-1]
        yield h[before].sum(axis=1), h[after].sum(axis=1)


def distribution(centres: ArrayLike, bins: int) -> tuple[Integers, Floats]:
    """Exact histogram of f over all m! orders.

    Args:
        centres: (m, d), m of at least 2.
        bins: equally wide, from the minimum to the maximum.

    Returns:
        counts (bins,), which sum to m!, and edges (bins + 1,).
    """
    low, _, high = (float(v) for v in extremes(centres))
    # Rounding must not push the extremes over the edge.
    margin = _TOLERANCE * max(abs(high), 1e-300)
    edges = np.linspace(low - margin, high + margin, bins + 1)
    counts = np.zeros(bins, dtype=np.int64)
    per_unit = bins / (edges[-1] - edges[0])
    for before, after in _blocks(centres):
        places = (before - edges[0])[:, None] * per_unit + after[None, :] * per_unit
        counts += np.bincount(places.ravel().astype(np.int32), minlength=bins)
    return counts, edges


def rank_counts(centres: ArrayLike, order: ArrayLike) -> tuple[int, int, int]:
    """How many of all m! orders have a larger f than ``order``, and how many the same.

    Equal means up to a relative 1e-9, so that an order ties with its reverse.

    Returns:
        strictly greater, equal (itself included), all.
    """
    own = completeness(centres, order)
    margin = _TOLERANCE * abs(own)
    greater = equal = total = 0
    for before, after in _blocks(centres):
        rest = np.sort(after)
        above = len(rest) - np.searchsorted(rest, own + margin - before, side="right")
        from_equal = len(rest) - np.searchsorted(rest, own - margin - before, side="left")
        greater += int(above.sum())
        equal += int((from_equal - above).sum())
        total += len(before) * len(rest)
    return greater, equal, total
