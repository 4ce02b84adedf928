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
    generator = np.random.default_rng(resampling.seed)
    real, degrees, clusters = 0.0, 0, 0
    random = np.zeros(resampling.draws)
    for p in sorted(int(value) for value in alive["p"].unique()):
        rows = alive[alive["p"] == p]
        number = count(p)
        counts = (
            rows.assign(alive=rows[rule].astype(int))
            .pivot_table(index="cluster", columns="k", values="alive", aggfunc="sum")
            .reindex(columns=range(1, number + 1), fill_value=0)
            .to_numpy(float)
        )
        expected = counts.sum() / number
        if expected == 0:
            continue
        real += float(np.square(counts.sum(0) - expected).sum() / expected)
        degrees += number - 1
        clusters += len(counts)
        table = renamings(p)
        for draw in range(resampling.draws):
            chosen = table[generator.integers(number, size=len(counts))]
            total = np.bincount(chosen.ravel(), weights=counts.ravel(), minlength=number)
            random[draw] += np.square(total - expected).sum() / expected
    if clusters == 0:
        return Uniformity(np.nan, 0, np.nan, 0, 0)
    # Rounding must not make an equal renaming look smaller than the real one.
    extreme = int((random >= real * (1 - 1e-12)).sum())
    p_value = (1 + extreme) / (1 + resampling.draws)
    return Uniformity(real, degrees, p_value, clusters, alive["run_id"].nunique())
