"""Survival against the initial gradient, and against both signal and gradient (figure 7).

The gradient at step i is the relative change of the signal in that step, ``grad_rel_i`` (survival
paper section 3.2.2, methods 2.8): back-propagation, Adam's scaling and decay together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.dynamics.names import Gradient
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import auc, spearman
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    cluster_bootstrap,
    share,
    wilson,
)
from fittest.analysis.statistics.logistic import fit_logistic
from fittest.analysis.statistics.table import Row, statistic_row

STEPS = (1, 2, 3, 4)
GRADIENTS = [f"grad_rel_{step}" for step in STEPS]
BIN_COLUMNS = [
    "gradient_step",
    "bin_lo",
    "bin_hi",
    "x",
    "n",
    "alive",
    "dead",
    "rate",
    "rate_lo",
    "rate_hi",
]


def pooled_frequencies(
    runs: pd.DataFrame, frequencies: pd.DataFrame, alive_rule: str
) -> pd.DataFrame:
    """One row per (run, k) of the runs that did not fail and recorded steps 0 to 4.

    Returns:
        run_id, seed_embedding, k, signal0, grad_rel_1..4, alive (bool), by run and k.
    """
    good = complete(runs)[["run_id", "seed_embedding"]]
    table = frequencies.merge(good, on="run_id", validate="many_to_one")
    table = table.dropna(subset=["signal0", *GRADIENTS, alive_rule])
    table = table.assign(alive=table[alive_rule].astype(bool))
    columns = ["run_id", "seed_embedding", "k", "signal0", *GRADIENTS, "alive"]
    return table[columns].sort_values(["run_id", "k"], ignore_index=True)


def binned(
    values: ArrayLike, alive: ArrayLike, bins: int, step: int, confidence: float
) -> pd.DataFrame:
    """Counts and survival rate in equal bins from the smallest value to the largest.

    Returns:
        A row per bin: BIN_COLUMNS, x being its centre, rate_lo and rate_hi Wilson bounds (rate
        NaN where the bin is empty). Empty for no values.
    """
    x, fate = np.asarray(values, dtype=np.float64), np.asarray(alive, dtype=bool)
    if len(x) == 0:
        return pd.DataFrame(columns=BIN_COLUMNS)
    edges = np.histogram_bin_edges(x, bins)
    good, _ = np.histogram(x[fate], edges)
    bad, _ = np.histogram(x[~fate], edges)
    total = good + bad
    low, high = wilson(good, total, confidence)
    return pd.DataFrame(
        {
            "gradient_step": step,
            "bin_lo": edges[:-1],
            "bin_hi": edges[1:],
            "x": (edges[:-1] + edges[1:]) / 2,
            "n": total,
            "alive": good,
            "dead": bad,
            "rate": np.divide(good, total, out=np.full(len(total), np.nan), where=total > 0),
            "rate_lo": low,
            "rate_hi": high,
        }
    )


def joint_score(table: pd.DataFrame, folds: int) -> NDArray[np.float64]:
    """Survival score of every row from signal and gradient at step 4 together.

    A logistic fit on standardised features, each embedding scored by a fit to the others; with
    fewer than two embeddings, or a single fate in some fold, by a fit to all. NaN where there is
    nothing to tell apart.
    """
    # Here alone: scikit-learn is slow to import, and figure 11 uses this module without it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = table[["signal0", "grad_rel_4"]].to_numpy(float)
    alive = table["alive"].to_numpy(bool)
    groups = table["seed_embedding"].to_numpy()
    scores = np.full(len(table), np.nan)
    if len(np.unique(alive)) < 2:
        return scores
    parts = min(folds, len(np.unique(groups)))
    everything = np.arange(len(table))
    splits = [(everything, everything)]
    if parts >= 2:
        apart = list(GroupKFold(parts).split(features, alive, groups))
        if all(len(np.unique(alive[train])) == 2 for train, _ in apart):
            splits = apart
    for train, test in splits:
        model = make_pipeline(StandardScaler(), LogisticRegression())
        scores[test] = model.fit(features[train], alive[train]).decision_function(features[test])
    return scores


def gradient_rows(
    table: pd.DataFrame, bins: pd.DataFrame, least: int, folds: int, resampling: Resampling
) -> list[Row]:
    """Statistics for the claims S19-S22; intervals by bootstrap over embeddings.

    Args:
        table: from ``pooled_frequencies``. bins: ``binned`` at each of the four steps.
        least: bins with fewer frequencies do not count. folds: of ``joint_score``.
    """
    from scipy.stats import ttest_ind  # slow to import

    alive = table["alive"].to_numpy(bool)
    clusters = table["seed_embedding"].to_numpy()
    count = len(table)

    def boot(statistic: Callable[[NDArray[np.intp]], float]) -> Estimate:
        return cluster_bootstrap(statistic, clusters, resampling)

    def ranking(score: NDArray[np.float64], i: NDArray[np.intp]) -> float:
        return auc(score[i], alive[i], ~alive[i])

    def slope_of(x: NDArray[np.float64], i: NDArray[np.intp]) -> float:
        return fit_logistic(x[i], alive[i], np.ones(len(i))).slope

    rows = []
    for step, name in zip(STEPS, GRADIENTS, strict=True):
        x = table[name].to_numpy(float)
        used = bins[(bins["gradient_step"] == step) & (bins["n"] >= least)]
        rho = spearman(used["x"], used["rate"]) if len(used) else np.nan
        slope = boot(partial(slope_of, x))
        below = share(x < 0, resampling.confidence)
        rows += [
            statistic_row(Gradient.of(f"negative_{step}"), below, count, "share below 0, Wilson"),
            statistic_row(
                Gradient.of(f"bins_spearman_{step}"), rho, len(used), "bin centre and rate"
            ),
            statistic_row(
                Gradient.of(f"logistic_slope_{step}"), slope, count, "per unit of gradient"
            ),
        ]
    last, signal = table["grad_rel_4"].to_numpy(float), table["signal0"].to_numpy(float)
    both = joint_score(table, folds)
    welch = (
        float(ttest_ind(last[alive], last[~alive], equal_var=False).pvalue)
        if (1 < alive.sum() < count - 1)
        else np.nan
    )
    rows += [
        statistic_row(
            Gradient.DIFFERENCE_4,
            boot(lambda i: _difference(last[i], alive[i])),
            count,
            f"mean of alive minus dead; Welch p = {welch:.2g}",
        ),
        statistic_row(Gradient.AUC_4, boot(lambda i: ranking(last, i)), count, "grad_rel_4"),
        statistic_row(Gradient.AUC_SIGNAL, boot(lambda i: ranking(signal, i)), count, "signal0"),
        statistic_row(
            Gradient.AUC_JOINT,
            boot(lambda i: ranking(both, i)),
            count,
            "logistic fit on both, each embedding scored by the others",
        ),
        statistic_row(
            Gradient.JOINT_MINUS_SIGNAL,
            boot(lambda i: ranking(both, i) - ranking(signal, i)),
            count,
            "AUC",
        ),
        statistic_row(
            Gradient.JOINT_MINUS_GRADIENT,
            boot(lambda i: ranking(both, i) - ranking(last, i)),
            count,
            "AUC",
        ),
    ]
    return rows


def _difference(values: NDArray[np.float64], alive: NDArray[np.bool_]) -> float:
    if alive.all() or not alive.any():
        return np.nan
    return float(values[alive].mean() - values[~alive].mean())
