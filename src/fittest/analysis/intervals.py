"""Intervals: Wilson for rates, cluster bootstrap for everything else (survival methods 2.19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; lo and hi are NaN where no interval can be given."""

    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Resampling:
    """How to bootstrap: number of draws, seed (equal seeds, equal intervals), confidence level."""

    draws: int
    seed: int
    confidence: float


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """Wilson score interval of a rate (Wilson 1927), elementwise.

    Args:
        successes, trials: counts, broadcast against each other.
        confidence: e.g. 0.95.

    Returns:
        Lower and upper bounds in [0, 1]; (0, 1) where there are no trials.

    Raises:
        ValueError: for counts that are negative or exceed the trials.
    """
    hits = np.asarray(successes, dtype=np.float64)
    total = np.asarray(trials, dtype=np.float64)
    if bool(((hits < 0) | (hits > total)).any()):
        raise ValueError("successes must lie between 0 and the number of trials")
    # A quarter of a second to import, for those who ask for the interval of a rate alone.
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    safe = np.where(total > 0, total, 1.0)
    rate = hits / safe
    scale = 1.0 + z * z / safe
    centre = (rate + z * z / (2 * safe)) / scale
    half = z * np.sqrt(rate * (1 - rate) / safe + z * z / (4 * safe * safe)) / scale
    low = np.where(total > 0, np.clip(centre - half, 0.0, 1.0), 0.0)
    high = np.where(total > 0, np.clip(centre + half, 0.0, 1.0), 1.0)
    # The bounds are exact at the ends; rounding would leave 1e-17 or 1 - 1e-16 there.
    low = np.where(hits == 0, 0.0, low)
    high = np.where(hits == total, 1.0, high)
    return low, high


def cluster_bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    clusters: ArrayLike,
    resampling: Resampling,
) -> Estimate:
    """Percentile bootstrap that resamples whole clusters (methods 2.19: embeddings).

    Rows of one cluster share their initial embedding and are not independent; resampling rows
    would give an interval that is too narrow.

    Args:
        statistic: from an array of row indices (rows may repeat) to a number. NaN results, from
            degenerate draws, are left out of the interval.
        clusters: (rows,), the cluster of each row.
        resampling: draws, seed and confidence.

    Returns:
        The statistic of all rows with its interval; the interval is NaN with fewer than two
        clusters, or if more than half of the draws are degenerate.

    Raises:
        ValueError: for fewer than one draw.
    """
    if resampling.draws < 1:
        raise ValueError("a bootstrap needs at least one draw")
    labels = np.asarray(clusters)
    value = float(statistic(np.arange(len(labels))))
    names, inverse = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return Estimate(value, np.nan, np.nan)
    members = [np.flatnonzero(inverse == index) for index in range(len(names))]
    generator = np.random.default_rng(resampling.seed)
    picks = generator.integers(len(names), size=(resampling.draws, len(names)))
    results = np.array(
        [statistic(np.concatenate([members[index] for index in pick])) for pick in picks]
    )
    finite = results[np.isfinite(results)]
    if 2 * len(finite) < resampling.draws:
        return Estimate(value, np.nan, np.nan)
    tail = (1 - resampling.confidence) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))
