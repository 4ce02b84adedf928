"""Which frequencies are alive, how many, how clearly, and whether the set has settled.

Signals are norms of Fourier coefficients (``fittest.fourier``); k runs over 1..K on the last
axis. NaN signals count as dead here: callers set failed runs apart (``summarise``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """The numbers of the alive and settled rules; their values live in the config.

    Attributes:
        two_mean_factor: a frequency lives if its signal exceeds this multiple of the mean over
            all p bins (the authors' rule; survival methods 2.3).
        absolute: a frequency lives if its signal exceeds this, in units of the embedding. Valid
            only at the end of a full run (methods 1.6).
        relative: a frequency lives if its signal exceeds this share of the largest.
        settle_window: steps over which the survivor set must not have changed (methods 2.20).
        settle_separation: least ratio of the weakest survivor to the strongest dead frequency.
    """

    two_mean_factor: float
    absolute: float
    relative: float
    settle_window: int
    settle_separation: float


def alive_two_mean(signals: ArrayLike, signal_mean: ArrayLike, factor: float) -> Bools:
    """The authors' rule: signal > factor x mean over **all p bins** (survival methods 2.3).

    Its limits, derived there: with factor 2 at most m < p/4 circles can ever be counted; the
    ratio R of survivors to a uniform background must exceed ``2 (1 - 2m/p) / (1 - 4m/p)``; and
    if all frequencies stay alive it counts none.

    Args:
        signals: (..., K).
        signal_mean: (...), from ``fourier.spectrum``; k = 0 and the mirror bins are in it.
        factor: dimensionless.

    Returns:
        (..., K) of bool.
    """
    mean = np.asarray(signal_mean, dtype=np.float64)[..., None]
    return np.asarray(np.asarray(signals, dtype=np.float64) > factor * mean)


def alive_absolute(signals: ArrayLike, threshold: float) -> Bools:
    """signal > threshold: (..., K) -> (..., K). The authors use 10 for their figure 7."""
    return np.asarray(np.asarray(signals, dtype=np.float64) > threshold)


def alive_relative(signals: ArrayLike, share: float) -> Bools:
    """signal > share x the largest signal: (..., K) -> (..., K) (our choice, methods 2.3).

    Unlike the 2-mean rule it can report all frequencies alive.
    """
    values = np.asarray(signals, dtype=np.float64)
    largest = values.max(axis=-1, keepdims=True, initial=0.0)
    return np.asarray(values > share * largest)


def effective_count(signals: ArrayLike) -> Floats:
    """n_eff = (sum power)^2 / sum power^2: (..., K) -> (...), NaN where all signals are 0.

    Between 1 (one frequency holds all the power) and K (all hold the same) (methods 2.3).
    """
    values = np.asarray(signals, dtype=np.float64)
    # The count is free of scale; dividing first keeps tiny signals from underflowing when squared.
    scale = values.max(axis=-1, keepdims=True, initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.square(values / scale)
        return np.asarray(power.sum(-1) ** 2 / np.square(power).sum(-1))


def separation(signals: ArrayLike, alive: ArrayLike) -> Floats:
    """Weakest alive over strongest dead signal: (..., K) twice -> (...).

    NaN where no frequency is alive or none is dead, infinite where the dead ones are exactly 0.
    """
    values = np.asarray(signals, dtype=np.float64)
    mask = np.asarray(alive, dtype=bool)
    weakest = np.where(mask, values, np.inf).min(axis=-1, initial=np.inf)
    strongest = np.where(mask, -np.inf, values).max(axis=-1, initial=-np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = weakest / strongest
    return np.asarray(np.where(mask.any(-1) & (~mask).any(-1), ratio, np.nan))


def is_settled(
    steps: ArrayLike, signals: ArrayLike, signal_mean: ArrayLike, thresholds: Thresholds
) -> bool:
    """Whether a recorded trajectory has come to rest (survival methods 2.20).

    True if the 2-mean set is the same at every recorded step of the last ``settle_window`` steps
    and the weakest survivor is ``settle_separation`` times the strongest dead frequency. A
    trajectory shorter than the window, or with no survivor, has not settled.

    Args:
        steps: (T,), increasing.
        signals: (T, K).
        signal_mean: (T,), mean signal over all p bins.
        thresholds: from the config.

    Raises:
        ValueError: if the steps are not increasing or the lengths differ.
    """
    times = np.asarray(steps)
    values = np.asarray(signals, dtype=np.float64)
    if times.ndim != 1 or len(values) != len(times) or bool((np.diff(times) <= 0).any()):
        raise ValueError("steps must be increasing, with one row of signals for each")
    if len(times) == 0:
        return False
    before = np.flatnonzero(times <= times[-1] - thresholds.settle_window)
    if len(before) == 0:
        return False
    # From the last record at or before the window's start: a set that changed inside a gap
    # between records must not pass for one at rest.
    alive = alive_two_mean(values, signal_mean, thresholds.two_mean_factor)[before[-1] :]
    if not bool((alive == alive[-1]).all()):
        return False
    return bool(separation(values[-1], alive[-1]) >= thresholds.settle_separation)


def survivors(alive: ArrayLike) -> list[int]:
    """Frequencies alive, ascending: (K,) of bool -> k's (k = index + 1)."""
    return [int(index) + 1 for index in np.flatnonzero(np.asarray(alive, dtype=bool))]


def by_signal(frequencies: list[int], signals: ArrayLike) -> list[int]:
    """The given frequencies in order of descending signal ((K,), k = index + 1)."""
    values: NDArray[Any] = np.asarray(signals, dtype=np.float64)
    return sorted(frequencies, key=lambda k: (-values[k - 1], k))
