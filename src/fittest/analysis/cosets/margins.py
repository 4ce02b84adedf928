"""How many frequencies are enough: a sum of cosines, and the bound of the paper's 5.4 (cosets
methods 2.13)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import rate

DELTA = math.pi / math.e**3
"""The paper's delta: the bound is ln n there, at a probability of one half."""

_AT_ONCE = 1000


def probability(n: int, m: int, delta: float = DELTA) -> float:
    """The paper's estimate that the right answer of m frequencies leads every other by more than
    delta m: 1 - n / (2 Gamma(m / 2 + 1)) (delta m / 2 pi)^(m / 2)."""
    volume = (delta * m / (2 * math.pi)) ** (m / 2) / math.gamma(m / 2 + 1)
    return 1 - n / 2 * volume


def enough(n: int, rho: float = 0.5, delta: float = DELTA) -> float:
    """The number of frequencies from which on that is at least rho, by Stirling's formula."""
    return (2 * math.log(n) - 2 * math.log(2 - 2 * rho)) / (math.log(math.pi / delta) - 1)


def margins(n: int, frequencies: np.ndarray) -> np.ndarray:
    """m - max over k != 0 of sum_l cos(2 pi f_l k / n), for (draws, m) frequencies: (draws,)."""
    every = np.arange(n)
    # A row per frequency: whole rows are gathered faster than single values.
    wave = np.cos(2 * np.pi * (np.outer(every, every[1:]) % n) / n)
    total = np.zeros((len(frequencies), n - 1))
    for column in frequencies.T:
        total += wave[column % n]
    return np.asarray(frequencies.shape[1] - total.max(axis=1))


def simulated(
    n: int, m: int, draws: int, seed: int, confidence: float, delta: float = DELTA
) -> dict[str, float]:
    """The share of draws of m frequencies, uniform on 1..n-1, whose margin is above delta m; with
    its interval, and the estimate beside it."""
    generator = np.random.default_rng([seed, n, m])
    hits = 0
    for start in range(0, draws, _AT_ONCE):
        drawn = generator.integers(1, n, size=(min(_AT_ONCE, draws - start), m))
        hits += int((margins(n, drawn) > delta * m).sum())
    found = rate(hits, draws, confidence)
    return {
        **{"n": n, "m": m, "draws": draws, "share": found.value},
        **{"share_lo": found.lo, "share_hi": found.hi, "estimate": probability(n, m, delta)},
    }


def margin_table(
    moduli: tuple[int, ...], numbers: tuple[int, ...], draws: int, seed: int, confidence: float
) -> pd.DataFrame:
    """A row per modulus and number of frequencies."""
    return pd.DataFrame([simulated(n, m, draws, seed, confidence) for n in moduli for m in numbers])
