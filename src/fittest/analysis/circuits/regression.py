"""Logits as a sum of cos(w_k(a + b - c)): coefficients, share explained, and the loss of that sum
(progress methods 2.10).

The waves are orthogonal over all triples, so that sums of logits by a + b - c give the fit of least
squares, without a table of p^3 regressors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fittest.analysis.circuits.basis import Floats, waves


def by_difference(means: Floats) -> Floats:
    """Mean logit over all triples of each a + b - c modulo p: (p,).

    means: logits by sum, (p, p): [s, c].
    """
    p = len(means)
    at = (np.arange(p)[:, None] - np.arange(p)) % p
    return np.bincount(at.reshape(-1), weights=means.reshape(-1), minlength=p) / p


def coefficients(means: Floats, ks: Sequence[int]) -> Floats:
    """alpha_k of the fit of all logits by cos(w_k(a + b - c)), without intercept: (len(ks),)."""
    cosines, _ = waves(len(means), ks)
    fitted: Floats = 2 / len(means) * cosines @ by_difference(means)
    return fitted


def fitted_logits(p: int, ks: Sequence[int], alphas: Floats) -> Floats:
    """The sum of alpha_k cos(w_k(s - c)) as a function of the sum: (p, p), [s, c]."""
    cosines, _ = waves(p, ks)
    row = np.asarray(alphas) @ cosines
    return row[(np.arange(p)[:, None] - np.arange(p)) % p]


def share_explained(logits: Floats, alphas: Floats) -> float:
    """Share of the logits' variance that a fit explains: 1 - residual / total, about the mean.

    logits: (p, p, p), all of them. The fit has no intercept: a mean of the logits that is not zero
    counts as residual. NaN where they are all the same.
    """
    values = logits.reshape(-1).astype(np.float64)
    squares, mean = float(values @ values), float(values.mean())
    spread = squares - values.size * mean**2
    if spread <= 0:
        return float("nan")
    explained = values.size / 2 * float(np.square(alphas).sum())
    return 1 - (squares - explained) / spread
