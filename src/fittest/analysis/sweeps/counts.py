"""How many circles survive, against whatever a run-set varies (survival methods 2.3, 2.19)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.fates.limits import largest_count
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    cluster_bootstrap,
    mean_estimate,
)
from fittest.runs.primes import is_prime

Floats = NDArray[np.float64]

COUNTS = ("n_2mean", "n_rel")
"""The authors' count, and beside it the one that can report all frequencies alive."""
COLUMNS = ["panel", "series", "x", "y", "y_lo", "y_hi", "runs", "prime", "limit"]


def count_means(
    runs: pd.DataFrame, axis: str, panel: str, factor: float, resampling: Resampling
) -> pd.DataFrame:
    """Mean number of circles at every value of what varies, with a bootstrap interval over runs.

    Args:
        runs: rows of `runs` tables (p, n_2mean, n_rel, failed and ``axis``); failed ones are left
            out.
        axis: the column that varies: ``p``, ``d`` or ``weight_decay``.
        panel: written into the column of that name.
        factor: of the 2-mean rule, for its limit.

    Returns:
        A row per value and count (COLUMNS): series = ``n_2mean`` or ``n_rel``, x = the value, y =
        mean over ``runs`` runs, prime = whether p is, limit = the most circles that the 2-mean
        rule can report at that p.
    """
    rows = []
    for value, group in complete(runs).groupby(axis, sort=True):
        p = int(group["p"].iloc[0])
        for count in COUNTS:
            mean = mean_estimate(group[count].to_numpy(np.float64), resampling)
            rows.append(
                {
                    "panel": panel,
                    "series": count,
                    "x": value,
                    "y": mean.value,
                    "y_lo": mean.lo,
                    "y_hi": mean.hi,
                    "runs": len(group),
                    "prime": is_prime(p),
                    "limit": largest_count(p, factor),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def trend(runs: pd.DataFrame, axis: str, count: str, resampling: Resampling) -> Estimate:
    """Spearman correlation of ``axis`` and a count over runs; bootstrap over runs (2.19)."""
    good = complete(runs)
    x, y = (good[name].to_numpy(np.float64) for name in (axis, count))
    return cluster_bootstrap(lambda i: spearman(x[i], y[i]), np.arange(len(x)), resampling)


def all_moduli(moduli: pd.DataFrame, primes: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Runs of every modulus, each modulus from one run-set only (survival methods 7.12).

    A prime that ``moduli`` has keeps its runs there: with those of ``primes`` beside them it
    would have more trials than its neighbours, and look less noisy for that alone.

    Args:
        moduli, primes: `runs` tables.
        largest: moduli above it are left out.

    Returns:
        The rows of ``moduli``, and those of ``primes`` for moduli that it lacks, from its
        smallest modulus up to ``largest``.
    """
    if len(moduli) == 0:
        return primes[primes["p"] <= largest]
    lacking = ~primes["p"].isin(moduli["p"]) & (primes["p"] >= moduli["p"].min())
    both: Sequence[pd.DataFrame] = [moduli, primes[lacking]]
    table = pd.concat([part for part in both if len(part)], ignore_index=True)
    return table[table["p"] <= largest]


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """Least-squares slope of (n,) on (n,); NaN with fewer than 3 points or constant x."""
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(first) < 3 or np.ptp(first) == 0:
        return np.nan
    centred = first - first.mean()
    return float((centred * second).sum() / np.square(centred).sum())


def trend_line(runs: pd.DataFrame, axis: str, count: str, panel: str) -> pd.DataFrame:
    """The ends of the least-squares line of a count on ``axis`` over runs: two rows of COLUMNS of
    series ``trend``; none where there is no slope."""
    good = complete(runs)
    x, y = (good[name].to_numpy(np.float64) for name in (axis, count))
    rise = slope(x, y)
    if not np.isfinite(rise):
        return pd.DataFrame(columns=COLUMNS)
    ends = np.array([x.min(), x.max()])
    line = y.mean() + rise * (ends - x.mean())
    rows = {"panel": panel, "series": "trend", "x": ends, "y": line, "runs": len(x)}
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def slope_estimate(runs: pd.DataFrame, axis: str, count: str, resampling: Resampling) -> Estimate:
    """Slope of a count on ``axis`` over runs; bootstrap over the values of ``axis``.

    Whole moduli are resampled: what makes one modulus differ from its neighbours is shared by
    its runs.
    """
    good = complete(runs)
    x, y = (good[name].to_numpy(np.float64) for name in (axis, count))
    return cluster_bootstrap(lambda i: slope(x[i], y[i]), x, resampling)


def equal_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """As many runs of every modulus as the one with the fewest has, those of the lowest seeds.

    Means over fewer runs scatter more, whatever the modulus: only at equal numbers does scatter
    compare moduli (claim S59).
    """
    good = complete(runs)
    if len(good) == 0:
        return good
    fewest = int(good.groupby("p").size().min())
    return good.sort_values("seed_embedding", kind="stable").groupby("p").head(fewest)


def residual_ratio(means: pd.DataFrame, resampling: Resampling) -> Estimate:
    """How much noisier composite moduli are than primes (claim S13).

    Args:
        means: a row per modulus: x = p, y = mean count, prime, runs (the weight in the line).

    Returns:
        Standard deviation of the composites' residuals from the common line over that of the
        primes'; bootstrap over moduli. NaN with fewer than 3 moduli of either kind.
    """
    x, y, weight = (means[name].to_numpy(np.float64) for name in ("x", "y", "runs"))
    prime = means["prime"].to_numpy(bool)

    def ratio(i: NDArray[np.intp]) -> float:
        if prime[i].sum() < 3 or (~prime[i]).sum() < 3 or np.ptp(x[i]) == 0:
            return np.nan
        line = np.polynomial.Polynomial.fit(x[i], y[i], 1, w=np.sqrt(weight[i]))
        residual: Floats = y[i] - line(x[i])
        spread = residual[prime[i]].std(ddof=1)
        return float(residual[~prime[i]].std(ddof=1) / spread) if spread > 0 else np.nan

    return cluster_bootstrap(ratio, np.arange(len(x)), resampling)
