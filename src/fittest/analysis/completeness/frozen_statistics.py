"""Statistics of XOR and remainder equivalence over frozen embeddings (K19, K20, K26, K43, K44)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.names import FROZEN
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import Estimate, Resampling, cluster_bootstrap
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.sweeps.transitions import time_trend
from fittest.models import EMBEDDING
from fittest.runs.initial import initial_parameters
from fittest.runs.run import Run
from fittest.tasks import Remainder


def frozen_trend_row(task: str, last: pd.DataFrame, resampling: Resampling) -> Row:
    """Spearman correlation of d and test loss at the last step over runs (K19, K20).

    last: d, test_loss (nats), seed; a row per run.
    """
    d, loss = last["d"].to_numpy(float), last["test_loss"].to_numpy(float)
    rho = cluster_bootstrap(lambda i: spearman(d[i], loss[i]), np.arange(len(d)), resampling)
    return statistic_row(FROZEN[task].of("spearman_d_loss"), rho, len(last), "over runs, last step")


def frozen_completeness_row(task: str, last: pd.DataFrame, drawn: pd.DataFrame) -> Row:
    """Correlation over d of the least completeness with the frozen test loss (K26).

    Both vary with d, so it says nothing of a cause.

    Args:
        last: d, test_loss. drawn: ``completeness_range`` of one task.
    """
    share = (drawn["minimum"] / drawn["mean"]).groupby(drawn["d"]).mean()
    loss = last.groupby("d")["test_loss"].mean()
    common = sorted(set(share.index) & set(loss.index))
    x, y = share.loc[common].to_numpy(float), loss.loc[common].to_numpy(float)
    rho = spearman(x, y) if len(common) >= 3 else np.nan
    return statistic_row(FROZEN[task].of("completeness_loss"), rho, len(common), "over dimensions")


def least_completeness(run: Run) -> float:
    """Least over mean completeness of all structures in a run's initial embedding."""
    task = run.task
    embedding = initial_parameters(run, task.build())[EMBEDDING]
    if isinstance(task, Remainder):
        low, mean, _ = orders.extremes(orders.class_centres(embedding, task.m))
        return float(low / mean)
    values = cubes.completeness(embedding, cubes.cubes())
    return float(values.min() / values.mean())


def frozen_within_row(task: str, last: pd.DataFrame, resampling: Resampling) -> Row:
    """Whether, at one dimension, runs whose least complete structure is more complete end with a
    lower frozen loss (K26): the mean over d of Spearman's correlation over its runs.

    Unlike the correlation over dimensions, in which both vary with d by design, this can fail.

    Args:
        last: d, test_loss, least (from ``least_completeness``); a row per run.
    """
    groups = [part for _, part in last.groupby("d") if len(part) >= 3]
    table = pd.concat(groups) if groups else last.iloc[:0]
    d = table["d"].to_numpy(float)
    x, y = table["least"].to_numpy(float), table["test_loss"].to_numpy(float)
    places = [np.flatnonzero(d == value) for value in np.unique(d)]

    def mean_rho(drawn: list[NDArray[np.intp]]) -> float:
        found = [spearman(x[i], y[i]) for i in drawn]
        known = [rho for rho in found if np.isfinite(rho)]
        return float(np.mean(known)) if known else np.nan

    value = Estimate(mean_rho(places))
    if np.isfinite(value.value):
        generator = np.random.default_rng(resampling.seed)
        draws = [
            mean_rho([generator.choice(place, len(place)) for place in places])
            for _ in range(resampling.draws)
        ]
        tail = (1 - resampling.confidence) / 2
        low, high = np.nanquantile(draws, (tail, 1 - tail))
        value = Estimate(value.value, float(low), float(high))
    text = "least completeness and frozen loss over runs of one dimension, mean over dimensions"
    return statistic_row(FROZEN[task].of("completeness_within_d"), value, len(table), text)


def frozen_time_row(task: str, times: pd.DataFrame, level: float, resampling: Resampling) -> Row:
    """Whether the loss falls faster with d (K43, K44). times: from ``transitions.times_to``."""
    rho = time_trend(times, resampling)
    text = f"d and the first step with a test loss of {level:g}, over runs"
    return statistic_row(FROZEN[task].of("spearman_d_time"), rho, len(times), text)
