"""Whether every frequency is as likely to survive as any other (survival methods 2.22, S46).

For a prime p, renaming tokens t -> u t maps frequency k to u^-1 k and leaves the distribution of
runs unchanged. The test uses that symmetry itself: it renames the frequencies of each cluster of
runs at random, which keeps whatever holds within a run (how many survive, which go together).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.statistics.intervals import Resampling
from fittest.fourier import count

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Uniformity:
    """Result of the test.

    Attributes:
        chi_squared: sum over moduli and k of (count - expected)^2 / expected.
        degrees: of freedom, sum of K - 1.
        p_value: share of random renamings with at least this chi-squared, the real one included.
        clusters, runs: how many.
    """

    chi_squared: float
    degrees: int
    p_value: float
    clusters: int
    runs: int


def renamings(p: int) -> NDArray[np.intp]:
    """(K, K): row u - 1 holds, at k - 1, the frequency's index after the renaming by u.

    u and p - u rename alike, so u runs over 1..K.
    """
    ks = np.arange(1, count(p) + 1)
    products = np.outer(ks, ks) % p
    return np.asarray(np.minimum(products, p - products) - 1, dtype=np.intp)


def uniformity(
    alive: pd.DataFrame, resampling: Resampling, rule: str = "alive_2mean"
) -> Uniformity:
    """Test the survivor counts of runs of prime moduli for uniformity over k.

    Args:
        alive: run_id, p, cluster (runs that share an initial embedding), k and the column
            ``rule``, which is true where k is alive at the end.
        resampling: number of random renamings, and their seed.

    Returns:
        NaN p-value if there are no survivors at all.
    """
    tables = _counts(alive, rule)
    generator = np.random.default_rng(resampling.seed)
    real, p_value = _tested(tables, generator, resampling.draws)
    degrees = sum(counts.shape[1] - 1 for counts in tables.values())
    clusters = sum(len(counts) for counts in tables.values())
    runs = alive["run_id"].nunique() if clusters else 0
    return Uniformity(real, degrees, p_value, clusters, runs)


def power(
    alive: pd.DataFrame,
    resampling: Resampling,
    odds: float,
    level: float,
    trials: int,
    rule: str = "alive_2mean",
) -> float:
    """Chance that the test notices one frequency per modulus with better odds to survive.

    Each simulated table renames the clusters of the real one at random, so that it keeps what holds
    within a run; a renaming that lets the favourite survive is ``odds`` times as likely.

    Args:
        alive, rule: as for ``uniformity``. resampling: its draws and seed.
        odds: of the favourite over any other frequency. level: p-value below which it is noticed.
        trials: simulated tables.

    Returns:
        The share of tables with a p-value below the level; NaN without survivors.
    """
    tables = _counts(alive, rule)
    if not tables:
        return np.nan
    generator = np.random.default_rng(resampling.seed)
    noticed = 0
    for _ in range(trials):
        planted = {}
        for p, counts in tables.items():
            table = renamings(p)
            # Where each renaming takes its favourite from: u maps that index to 0.
            source = (table == 0).argmax(axis=1)
            weights = np.where(counts[:, source] > 0, odds, 1.0)
            chosen = (
                weights.cumsum(axis=1) / weights.sum(axis=1, keepdims=True)
                > generator.random((len(counts), 1))
            ).argmax(axis=1)
            moved = np.zeros_like(counts)
            np.put_along_axis(moved, table[chosen], counts, axis=1)
            planted[p] = moved
        noticed += bool(_tested(planted, generator, resampling.draws)[1] < level)
    return noticed / trials


def _counts(alive: pd.DataFrame, rule: str) -> dict[int, NDArray[np.float64]]:
    """p -> how often each frequency survived in each cluster (clusters, K), where any did."""
    found = {}
    for p in sorted(int(value) for value in alive["p"].unique()):
        rows = alive[alive["p"] == p]
        counts = (
            rows.assign(alive=rows[rule].astype(int))
            .pivot_table(index="cluster", columns="k", values="alive", aggfunc="sum")
            .reindex(columns=range(1, count(p) + 1), fill_value=0)
            .to_numpy(float)
        )
        if counts.sum():
            found[p] = counts
    return found


def _tested(
    tables: dict[int, NDArray[np.float64]], generator: np.random.Generator, draws: int
) -> tuple[float, float]:
    """chi-squared and its p-value from random renamings; NaN without tables."""
    if not tables:
        return np.nan, np.nan
    real, random = 0.0, np.zeros(draws)
    for p, counts in tables.items():
        number = count(p)
        expected = counts.sum() / number
        real += float(np.square(counts.sum(0) - expected).sum() / expected)
        table = renamings(p)
        for draw in range(draws):
            chosen = table[generator.integers(number, size=len(counts))]
            total = np.bincount(chosen.ravel(), weights=counts.ravel(), minlength=number)
            random[draw] += np.square(total - expected).sum() / expected
    # Rounding must not make an equal renaming look smaller than the real one.
    extreme = int((random >= real * (1 - 1e-12)).sum())
    return real, (1 + extreme) / (1 + draws)
