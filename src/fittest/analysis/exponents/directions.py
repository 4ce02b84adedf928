"""What of logits and neurons depends on one number alone, the sum of the operands or of their
powers, and losses with it or without (exponents methods 2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import Floats, waves
from fittest.analysis.circuits.losses import Mask, cross_entropy

Integers = NDArray[np.int64]
_SMALL = 1e-10


@dataclass(frozen=True)
class Numbers:
    """A number s in 0..p-1 for each pair.

    of: (p, p). counts: (p,), pairs that have each.
    """

    of: Integers
    counts: Integers

    @classmethod
    def from_table(cls, table: Integers) -> Numbers:
        """Of (p, p) numbers modulo p."""
        return cls(table, np.bincount(table.reshape(-1), minlength=len(table)))

    def sums(self, values: Floats) -> Floats:
        """Sum over the pairs of each number: (p, p, C) -> (p, C), float64."""
        p = len(self.counts)
        order = np.argsort(self.of, axis=None, kind="stable")
        flat = values.reshape(p * p, -1)[order].astype(np.float64)
        there = np.flatnonzero(self.counts)
        begins = np.cumsum(self.counts)[there] - self.counts[there]
        found = np.zeros((p, flat.shape[1]))
        found[there] = np.add.reduceat(flat, begins, axis=0)
        return found


def directions(numbers: Numbers, ks: Sequence[int], constant: bool) -> Floats:
    """Orthonormal functions of s over all pairs that span cosine and sine of 2 pi k s / p, without
    their means, and the constant where asked for: (r, p), such that sum_s n_s q_i q_j is 1 or 0.
    """
    p = len(numbers.counts)
    weights = np.sqrt(numbers.counts)
    level = weights / np.linalg.norm(weights)
    spanned = np.concatenate(waves(p, ks)) * weights
    spanned = spanned - np.outer(spanned @ level, level)
    if constant:
        spanned = np.concatenate([p * level[None], spanned])
    _, sizes, rows = np.linalg.svd(spanned, full_matrices=False)
    rows = rows[sizes > _SMALL * max(float(sizes.max(initial=0.0)), _SMALL)]
    return np.divide(rows, weights, out=np.zeros_like(rows), where=weights > 0)


def part(found: Floats, sums: Floats) -> Floats:
    """Projection of a table over pairs on directions, as a function of s: (p, C).

    found: (r, p). sums: of the table by s (p, C).
    """
    return found.T @ (found @ sums)


def reflection(numbers: Numbers, ks: Sequence[int], sums: Floats) -> Floats:
    """What the report's notebook takes away instead: each cosine's projection, means included,
    twice, and no sine's. (p, C), as ``part``."""
    cosines, _ = waves(len(numbers.counts), ks)
    unit = cosines / np.sqrt((cosines**2 * numbers.counts).sum(axis=1, keepdims=True))
    return 2 * unit.T @ (unit @ sums)


def coefficients(numbers: Numbers, ks: Sequence[int], sums: Floats) -> Floats:
    """Of cos(2 pi k (s - c) / p) in logits, for each k by itself: their product over all pairs and
    classes over the square of the wave. sums: of the logits by s (p, p)."""
    p = len(sums)
    turned = (np.arange(p)[:, None] - np.arange(p)) % p
    cosines, _ = waves(p, ks)
    by_difference = np.bincount(turned.reshape(-1), weights=sums.reshape(-1), minlength=p)
    squares = np.bincount(
        turned.reshape(-1), weights=np.repeat(numbers.counts, p).astype(np.float64), minlength=p
    )
    made: Floats = (cosines @ by_difference) / (cosines**2 @ squares)
    return made


def loss_and_accuracy(logits: Floats, labels: Integers) -> tuple[float, float]:
    """Mean loss in nats and share of right answers of rows (n, C); NaN without rows."""
    if len(labels) == 0:
        return float("nan"), float("nan")
    losses = cross_entropy(logits, labels)
    return float(losses.mean()), float((logits.argmax(axis=1) == labels).mean())


def parts_of(train: Mask) -> dict[str, Mask]:
    """The pairs that are trained on, and those that are not."""
    return {"train": train, "test": ~train}
