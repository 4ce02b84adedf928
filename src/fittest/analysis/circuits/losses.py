"""Losses of logits over all pairs, and the losses that tell what a network has formed
(progress methods 2.6, 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.sums import keep_sums, sum_parts, sum_table
from fittest.fourier import half_spectrum

Mask = NDArray[np.bool_]

_ROWS = 1024
"""Rows at once: they stay in the cache from one operation to the next."""
_EXPONENT = 600.0
"""Largest exponent that is taken without a shift; float64 holds exp(709)."""


def cross_entropy(logits: Floats, labels: NDArray[np.int64]) -> Floats:
    """Cross-entropy of each row in nats, float64: (N, C), (N,) -> (N,).

    Relative to the right logit, so that nothing is subtracted from one: accurate for the smallest
    losses too, as `fittest.training.loss.cross_entropy`.
    """
    losses = np.empty(len(logits))
    for begin in range(0, len(logits), _ROWS):
        rows = slice(begin, begin + _ROWS)
        excess = _excess(logits[rows], labels[rows])
        shift = np.maximum(excess.max(axis=1), 0)
        excess -= shift[:, None]
        total = np.exp(excess, out=excess).sum(axis=1)
        losses[rows] = shift + np.log1p(total + np.expm1(-shift))
    return losses


def _excess(logits: Floats, labels: NDArray[np.int64]) -> Floats:
    """Logits less the right one, which itself becomes minus infinity; float64."""
    at = labels[:, None]
    excess = logits.astype(np.float64)
    excess -= np.take_along_axis(excess, at, axis=1)
    np.put_along_axis(excess, at, -np.inf, axis=1)
    return excess


@dataclass(frozen=True)
class Scores:
    """Mean losses in nats and shares of right answers: over all pairs, and over the parts of the
    split. NaN for a part without pairs."""

    loss: float
    train_loss: float
    test_loss: float
    accuracy: float
    train_accuracy: float
    test_accuracy: float


def score(logits: Floats, train: Mask) -> Scores:
    """Scores of logits (p, p, p), or of a function of the sum (p, p): [s, c].

    train: (p, p), the pairs that are trained on.
    """
    p = len(train)
    sums = sum_table(p)
    if logits.ndim == 2:
        labels = np.arange(p)
        losses = cross_entropy(logits, labels)[sums]
        right = (logits.argmax(axis=1) == labels)[sums]
    else:
        flat = logits.reshape(p * p, p)
        losses = cross_entropy(flat, sums.reshape(-1)).reshape(p, p)
        right = logits.argmax(axis=2) == sums
    parts = (np.ones_like(train), train, ~train)
    return Scores(*(_mean(losses, part) for part in parts), *(_mean(right, part) for part in parts))


def _mean(values: Floats | Mask, part: Mask) -> float:
    chosen = values[part]
    return float(chosen.mean()) if len(chosen) else float("nan")


def restricted(means: Floats, ks: Sequence[int], train: Mask) -> Scores:
    """Scores of the mean logits and their parts cos(w_k(a + b)), sin(w_k(a + b)) alone.

    means: logits by sum (p, p). They are all that counts, since nothing else is kept.
    """
    return score(keep_sums(means, ks), train)


def excluded(logits: Floats, means: Floats, ks: Sequence[int], train: Mask) -> tuple[float, float]:
    """Loss and accuracy over the train pairs without those parts of the frequencies `ks`.

    logits: (p, p, p). means: they by sum, (p, p): the projection is over all pairs.
    """
    left, labels = _left(logits, means, ks, train)
    losses = cross_entropy(left, labels)
    return float(losses.mean()), float((left.argmax(axis=1) == labels).mean())


def excluded_accuracy(logits: Floats, means: Floats, ks: Sequence[int], train: Mask) -> float:
    """The accuracy of `excluded` alone, in a fifth of its time."""
    left, labels = _left(logits, means, ks, train)
    return float((left.argmax(axis=1) == labels).mean())


def _left(
    logits: Floats, means: Floats, ks: Sequence[int], train: Mask
) -> tuple[Floats, NDArray[np.int64]]:
    """Logits of the train pairs without parts of some frequencies (n, p), and right answers."""
    labels = sum_table(len(train))[train]
    return logits[train] - sum_parts(means, ks).sum(axis=0)[labels], labels


def excluded_each(logits: Floats, means: Floats, train: Mask) -> Floats:
    """Excluded loss over the train pairs of each single frequency: ((p - 1)/2,), k = 1 first.

    What is removed depends on the sum alone. So the exponentials of logits and of corrections
    factorise, and the sum over classes is one small product for each sum.
    """
    p = len(train)
    labels = sum_table(p)[train]
    excess = _excess(logits[train], labels)
    parts = sum_parts(means, half_spectrum(p))
    right = np.diagonal(parts, axis1=1, axis2=2)
    removed = right[:, :, None] - parts
    if excess.max() + removed.max() > _EXPONENT:
        ks = half_spectrum(p)
        return np.array([excluded(logits, means, [k], train)[0] for k in ks])
    others, factors = np.exp(excess), np.exp(removed)
    total = np.zeros(len(parts))
    for s in range(p):
        total += np.log1p(others[labels == s] @ factors[:, s].T).sum(axis=0)
    return total / len(labels)
