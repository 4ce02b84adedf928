"""Statistics of rates over (embedding, frequency): correlation, ranking, groups, noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fittest.analysis.statistics.intervals import rate


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson correlation of two (n,) arrays; NaN with fewer than 3 points or a constant."""
    first = np.asarray(x, dtype=np.float64)
    second = np.asarray(y, dtype=np.float64)
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(first, second)[0, 1])


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman rank correlation, ties averaged; NaN as for ``pearson``."""
    return pearson(pd.Series(np.asarray(x)).rank(), pd.Series(np.asarray(y)).rank())


def auc(score: ArrayLike, positives: ArrayLike, negatives: ArrayLike) -> float:
    """Chance that a positive case outranks a negative one, ties counted half.

    Args:
        score: (groups,); the cases of a group share their score.
        positives, negatives: (groups,) counts.

    Returns:
        In [0, 1]; NaN if either kind is missing.
    """
    values = np.asarray(score, dtype=np.float64)
    good = np.asarray(positives, dtype=np.float64)
    bad = np.asarray(negatives, dtype=np.float64)
    if good.sum() == 0 or bad.sum() == 0:
        return np.nan
    _, level = np.unique(values, return_inverse=True)
    good_at = np.bincount(level, weights=good)
    bad_at = np.bincount(level, weights=bad)
    bad_below = np.cumsum(bad_at) - bad_at
    return float((good_at * (bad_below + 0.5 * bad_at)).sum() / (good.sum() * bad.sum()))


def stratified_auc(score: ArrayLike, good: ArrayLike, given: ArrayLike, strata: int) -> float:
    """Chance that a positive case outranks a negative one of about the same ``given``.

    Args:
        score, good, given: (cases,); good is true for positives.
        strata: equally full groups of ``given`` within which cases are compared.

    Returns:
        The AUC within groups, weighted by their numbers of pairs; NaN if no group has both kinds.
    """
    values, marks = np.asarray(score, dtype=np.float64), np.asarray(good, dtype=bool)
    order = np.argsort(np.asarray(given, dtype=np.float64), kind="stable")
    total = pairs = 0.0
    for part in np.array_split(order, strata):
        count = float(marks[part].sum() * (~marks[part]).sum())
        if count:
            total += count * auc(values[part], marks[part], ~marks[part])
            pairs += count
    return total / pairs if pairs else np.nan


def shuffled_p(x: ArrayLike, y: ArrayLike, clusters: ArrayLike, draws: int, seed: int) -> float:
    """p-value of a correlation of x and y, two-sided, from y shuffled within clusters.

    Shuffling within clusters keeps what their points share, such as an embedding's mean rate.

    Args:
        x, y, clusters: (points,). draws, seed: of the shuffling.

    Returns:
        (1 + shuffles with at least this |r|) / (1 + draws); NaN where r is undefined.
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    observed = pearson(first, second)
    if not np.isfinite(observed):
        return np.nan
    generator = np.random.default_rng(seed)
    labels = np.asarray(clusters)
    members = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    first = (first - first.mean()) / first.std()
    second = (second - second.mean()) / second.std()
    extreme = 0
    for _ in range(draws):
        shuffled = second.copy()
        for part in members:
            shuffled[part] = second[generator.permutation(part)]
        extreme += bool(abs(float((first * shuffled).mean())) >= abs(observed) * (1 - 1e-12))
    return (1 + extreme) / (1 + draws)


def pearson_at_trials(
    x: ArrayLike, successes: ArrayLike, trials: ArrayLike, target: float
) -> float:
    """The correlation of x with a rate that ``target`` trials per point would have given.

    A rate of n trials is the true rate pi plus binomial noise of variance pi (1 - pi) / n, which
    dilutes the correlation with anything: with ``v = Var(pi)`` and ``w = mean of pi (1 - pi)``,

        r(n) = r(infinity) sqrt(v / (v + w / n)).

    Estimated from the observed rates q_i of n_i trials: ``w = mean of q_i (1 - q_i) n_i/(n_i-1)``
    (unbiased), ``v = Var(q) - mean of q_i (1 - q_i)/(n_i - 1)``; then

        r(target) = r(observed) sqrt(Var(q) / (v + w / target)),

    cut to [-1, 1]. Derived; it makes runs with different numbers of trials comparable.

    Args:
        x: (points,).
        successes, trials: (points,) counts; points with fewer than 2 trials are left out.
        target: trials per point; infinity gives the noise-free correlation.

    Returns:
        NaN if the observed spread of rates is no larger than noise alone would make it.
    """
    counts = np.asarray(trials, dtype=np.float64)
    used = counts >= 2
    counts = counts[used]
    rates = np.asarray(successes, dtype=np.float64)[used] / counts
    observed = pearson(np.asarray(x, dtype=np.float64)[used], rates)
    if not np.isfinite(observed):
        return np.nan
    noise = rates * (1 - rates) / (counts - 1)
    # Divided by n, as in the correlation itself, so that target = n returns r unchanged.
    spread = float(rates.var())
    true_spread = spread - float(noise.mean())
    if true_spread <= 0:
        return np.nan
    future = true_spread + float((noise * counts).mean()) / target
    return float(np.clip(observed * np.sqrt(spread / future), -1.0, 1.0))


def quantile_rates(
    x: ArrayLike, successes: ArrayLike, trials: ArrayLike, groups: int, confidence: float
) -> pd.DataFrame:
    """Pooled rates in equally full groups of x (quintiles for ``groups = 5``).

    Args:
        x: (points,).
        successes, trials: (points,) counts.
        groups: number of groups; fewer come back if there are fewer points.
        confidence: level of the Wilson intervals.

    Returns:
        One row per group, ascending in x: group (1..), x_mean (weighted by trials), x_lo, x_hi,
        points, trials, survived, rate, rate_lo, rate_hi.
    """
    frame = pd.DataFrame(
        {
            "x": np.asarray(x, dtype=np.float64),
            "survived": np.asarray(successes, dtype=np.int64),
            "trials": np.asarray(trials, dtype=np.int64),
        }
    )
    frame = frame[frame["trials"] > 0].sort_values("x", kind="stable")
    rows = []
    for index, part in enumerate(np.array_split(np.arange(len(frame)), groups)):
        if len(part) == 0:
            continue
        chunk = frame.iloc[part]
        total, hits = int(chunk["trials"].sum()), int(chunk["survived"].sum())
        found = rate(hits, total, confidence)
        rows.append(
            {
                "group": index + 1,
                "x_mean": float((chunk["x"] * chunk["trials"]).sum() / total),
                "x_lo": float(chunk["x"].min()),
                "x_hi": float(chunk["x"].max()),
                "points": len(chunk),
                "trials": total,
                "survived": hits,
                "rate": found.value,
                "rate_lo": found.lo,
                "rate_hi": found.hi,
            }
        )
    columns = ["group", "x_mean", "x_lo", "x_hi", "points", "trials", "survived"]
    return pd.DataFrame(rows, columns=[*columns, "rate", "rate_lo", "rate_hi"])
