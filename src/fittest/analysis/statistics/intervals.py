"""Values with intervals: Wilson for rates, bootstrap for the rest (survival methods 2.19)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Middle = Literal["mean", "median"]


def number(value: float, digits: int | None = None) -> str:
    """A number for readers; nothing for NaN.

    digits: decimals, with powers of ten where these would show 0; None for three significant
    digits, as a plain number below a million.
    """
    if math.isnan(value):
        return ""
    return _significant(value) if digits is None else f"{value:{_form(value, digits)}}"


def _significant(value: float) -> str:
    text = f"{value:.3g}"
    large = 1000 <= abs(float(text)) < 1e6
    return f"{float(text):.0f}" if large else text


def _form(value: float, digits: int) -> str:
    return ".1e" if 0 < abs(value) < 0.5 * 10**-digits else f".{digits}f"


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; lo and hi are NaN where no interval can be given."""

    value: float
    lo: float = math.nan
    hi: float = math.nan

    def printed(self, digits: int | None = 2, nothing: str = "undefined") -> str:
        """The value with its interval for readers, such as `0.77 [0.71, 0.82]`.

        Args:
            digits: as in ``number``; the value decides the form of the ends too.
            nothing: what stands for NaN.
        """
        if math.isnan(self.value):
            return nothing
        if digits is None:
            value, lo, hi = (_significant(x) for x in (self.value, self.lo, self.hi))
        else:
            form = _form(self.value, digits)
            value, lo, hi = (f"{x:{form}}" for x in (self.value, self.lo, self.hi))
        known = not (math.isnan(self.lo) or math.isnan(self.hi))
        return f"{value} [{lo}, {hi}]" if known else value


NOTHING = Estimate(math.nan)


@dataclass(frozen=True)
class Resampling:
    """How to bootstrap: number of draws, seed (equal seeds, equal intervals), confidence level."""

    draws: int
    seed: int
    confidence: float


# -- rates ---------------------------------------------------------------------------------


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


def rate(successes: float, trials: float, confidence: float) -> Estimate:
    """The share of successes with its Wilson interval; all NaN where there are no trials."""
    if trials == 0:
        return NOTHING
    low, high = wilson(successes, trials, confidence)
    return Estimate(float(successes / trials), float(low), float(high))


def share(hits: ArrayLike, confidence: float) -> Estimate:
    """The rate of true values among (n,) of them."""
    marks = np.asarray(hits, dtype=bool)
    return rate(int(marks.sum()), len(marks), confidence)


# -- bootstrap -----------------------------------------------------------------------------


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
            degenerate draws, are left out of the interval; infinite ones count.
        clusters: (rows,), the cluster of each row.
        resampling: draws, seed and confidence.

    Returns:
        The statistic of all rows with its interval; the interval is NaN with fewer than two
        clusters, or if more than half of the draws are degenerate. NaN without rows.

    Raises:
        ValueError: for fewer than one draw.
    """
    labels = np.asarray(clusters)
    if len(labels) == 0:
        return NOTHING
    value = float(statistic(np.arange(len(labels))))
    names, inverse = np.unique(labels, return_inverse=True)
    members = [np.flatnonzero(inverse == index) for index in range(len(names))]
    return _bootstrapped(
        value,
        len(names),
        lambda picks: np.array(
            [statistic(np.concatenate([members[index] for index in pick])) for pick in picks]
        ),
        resampling,
    )


def over_runs(values: ArrayLike, middle: Middle, resampling: Resampling) -> tuple[Estimate, int]:
    """Mean or median of the values that are not missing (NaN), and how many these are.

    Args:
        values: (n,), one per run; infinite ones count.
        middle: which of the two.
        resampling: of the bootstrap over runs.
    """
    data = np.asarray(values, dtype=np.float64)
    known = data[~np.isnan(data)]
    return _middle(known, middle, resampling), len(known)


def mean_estimate(values: ArrayLike, resampling: Resampling) -> Estimate:
    """Mean of (n,) values with its bootstrap interval; NaN if one is missing, or without any."""
    return _middle(np.asarray(values, dtype=np.float64), "mean", resampling)


def median_estimate(values: ArrayLike, resampling: Resampling) -> Estimate:
    """Median of (n,) values, which may be infinite, likewise."""
    return _middle(np.asarray(values, dtype=np.float64), "median", resampling)


def _middle(values: Floats, middle: Middle, resampling: Resampling) -> Estimate:
    if len(values) == 0 or np.isnan(values).any():
        return NOTHING
    reduce: Any = {"mean": np.mean, "median": np.median}[middle]
    return _bootstrapped(
        float(reduce(values)), len(values), lambda picks: reduce(values[picks], axis=1), resampling
    )


def _bootstrapped(
    value: float,
    cases: int,
    redone: Callable[[NDArray[np.intp]], Floats],
    resampling: Resampling,
) -> Estimate:
    """The value with the percentiles of what is found for resampled cases.

    redone: from (draws, cases) indices of cases to (draws,) results.
    """
    if resampling.draws < 1:
        raise ValueError("a bootstrap needs at least one draw")
    if cases < 2:
        return Estimate(value)
    generator = np.random.default_rng(resampling.seed)
    results = redone(generator.integers(cases, size=(resampling.draws, cases)))
    known = results[~np.isnan(results)]
    if 2 * len(known) < resampling.draws:
        return Estimate(value)
    tail = (1 - resampling.confidence) / 2
    low, high = _quantiles(known, (tail, 1 - tail))
    return Estimate(value, low, high)


def _quantiles(values: Floats, at: tuple[float, ...]) -> list[float]:
    """Quantiles, linear between neighbours; next to an infinite one, the nearer of the two."""
    with np.errstate(invalid="ignore"):
        between = np.quantile(values, at)
    nearest = np.quantile(values, at, method="nearest")
    return [float(x) for x in np.where(np.isfinite(between), between, nearest)]
