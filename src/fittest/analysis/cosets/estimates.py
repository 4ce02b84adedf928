"""Means and ratios over many networks, with intervals that need no resampling: a bootstrap of
100,000 networks would take more memory than they do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.statistics.intervals import NOTHING, Estimate


def _z(confidence: float) -> float:
    # A quarter of a second to import, for those who need no interval.
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


def mean_of(values: ArrayLike, confidence: float) -> Estimate:
    """Mean of (n,) values, one a network, with its normal interval; without one below two."""
    data = np.asarray(values, dtype=np.float64)
    return ratio_of_sums(data, np.ones(len(data)), confidence)


def ratio_of_sums(top: ArrayLike, bottom: ArrayLike, confidence: float) -> Estimate:
    """Sum of (n,) numerators over the sum of (n,) denominators, one of each a network, with the
    linearised interval (Cochran 1977, 6.3), which ends at 0 where no numerator is negative; NaN
    where the denominators add up to nothing."""
    upper, lower = (np.asarray(values, dtype=np.float64) for values in (top, bottom))
    total = float(lower.sum())
    if len(lower) == 0 or total == 0:
        return NOTHING
    value, count = float(upper.sum()) / total, len(lower)
    if count < 2:
        return Estimate(value)
    spread = float(np.square(upper - value * lower).sum()) * count / (count - 1)
    half = _z(confidence) * math.sqrt(spread) / abs(total)
    low = value - half
    return Estimate(value, max(low, 0.0) if upper.min() >= 0 else low, value + half)


def named(name: str, estimate: Estimate) -> dict[str, Any]:
    """An estimate as three columns: its value, and the ends of its interval."""
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}


def less(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two estimates that do not depend on each other; its interval adds the
    squares of theirs."""
    value = one.value - other.value
    down = math.hypot(one.value - one.lo, other.hi - other.value)
    up = math.hypot(one.hi - one.value, other.value - other.lo)
    return Estimate(value, value - down, value + up)


def smallest_seen(estimate: Estimate) -> float:
    """The distance from 1 that a ratio would have to have to be told from 1 four times in five:
    2.8 standard errors of it, whose interval is at 95 %."""
    return 2.8 * (estimate.hi - estimate.value) / 1.96


def total_variation(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Half the absolute difference of two distributions, given by (n,) and (m,) values that are
    not negative; NaN without values."""
    if len(first) == 0 or len(second) == 0:
        return math.nan
    size = 1 + max(int(first.max()), int(second.max()))
    one, other = (np.bincount(v, minlength=size) / len(v) for v in (first, second))
    return float(np.abs(one - other).sum()) / 2
