"""How a loss depends on the dimension of a frozen embedding: a jump at d = p, the place of the
steepest step, levels of loss and the time to reach one (claims S09, K21, K42 to K44)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import Estimate, Resampling, cluster_bootstrap

Floats = NDArray[np.float64]


def _step_fit(d: Floats, y: Floats, at: float) -> tuple[float, float]:
    """Least squares of y on a straight line in d and a step at d >= `at`: the step's height and
    the sum of squared errors. NaN and infinity where the step has no points on one side."""
    above = (d >= at).astype(float)
    if above.all() or not above.any() or len(np.unique(d)) < 4:
        return np.nan, np.inf
    design = np.column_stack([np.ones_like(d), d - d.mean(), above])
    found, *_ = np.linalg.lstsq(design, y, rcond=None)
    return float(found[2]), float(np.square(y - design @ found).sum())


def jump(d: ArrayLike, loss: ArrayLike, at: float, reach: int, resampling: Resampling) -> Estimate:
    """Factor by which a loss changes at d = `at`, beyond its trend on both sides.

    A loss that falls smoothly with d has a factor of 1, however fast it falls. Fitted is
    log loss = a + b d + log(factor) [d >= at] over the dimensions within `reach` of `at`.

    Args:
        d, loss: (runs,); losses of 0 are left out.
        resampling: of the bootstrap over runs within each dimension.

    Returns:
        NaN with fewer than four dimensions, or none on one side.
    """
    dims, logs = _near(d, loss, at, reach)
    return _within(dims, lambda i: float(np.exp(_step_fit(dims[i], logs[i], at)[0])), resampling)


def transition(
    d: ArrayLike, loss: ArrayLike, at: float, reach: int, resampling: Resampling
) -> Estimate:
    """The dimension at which such a step fits best, wherever that is within `reach` of `at`: the
    smallest d beyond it. Arguments and interval as for ``jump``."""
    dims, logs = _near(d, loss, at, reach)
    places = np.unique(dims)[1:]

    def best(i: NDArray[np.intp]) -> float:
        errors = [_step_fit(dims[i], logs[i], float(place))[1] for place in places]
        return float(places[int(np.argmin(errors))]) if np.isfinite(errors).any() else np.nan

    return _within(dims, best, resampling)


def _near(d: ArrayLike, loss: ArrayLike, at: float, reach: int) -> tuple[Floats, Floats]:
    dims, losses = np.asarray(d, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    used = (np.abs(dims - at) <= reach) & (losses > 0)
    return dims[used], np.log(losses[used])


def _within(
    dims: Floats, statistic: Callable[[NDArray[np.intp]], float], resampling: Resampling
) -> Estimate:
    """Percentile bootstrap that keeps the number of runs of every dimension."""
    if len(dims) == 0:
        return Estimate(np.nan)
    groups = [np.flatnonzero(dims == value) for value in np.unique(dims)]
    value = statistic(np.arange(len(dims)))
    if not np.isfinite(value) or max(len(group) for group in groups) < 2:
        return Estimate(value)
    generator = np.random.default_rng(resampling.seed)
    drawn = [
        statistic(np.concatenate([generator.choice(group, len(group)) for group in groups]))
        for _ in range(resampling.draws)
    ]
    tail = (1 - resampling.confidence) / 2
    low, high = np.nanquantile(drawn, (tail, 1 - tail))
    return Estimate(value, float(low), float(high))


def level_dimension(d: ArrayLike, loss: ArrayLike, level: float) -> float:
    """Smallest dimension from which on the median loss over runs stays at or below a level; NaN if
    it does not at the largest."""
    medians = pd.Series(np.asarray(loss, dtype=np.float64)).groupby(np.asarray(d)).median()
    above = np.flatnonzero(~(medians.to_numpy() <= level))
    first = int(above[-1]) + 1 if len(above) else 0
    return float(medians.index[first]) if first < len(medians) else np.nan


def times_to(runs: pd.DataFrame, trajectory: pd.DataFrame, level: float) -> pd.DataFrame:
    """When every run's test loss first falls to a level.

    Args:
        runs: run_id, d, failed; failed ones are left out. trajectory: run_id, step, test_loss.

    Returns:
        run_id, d, time: first recorded step, infinite where the run never gets there.
    """
    reached = trajectory[trajectory["test_loss"] <= level].groupby("run_id")["step"].min()
    good = complete(runs)[["run_id", "d"]].reset_index(drop=True)
    return good.assign(time=good["run_id"].map(reached).astype(float).fillna(np.inf))


def time_trend(times: pd.DataFrame, resampling: Resampling) -> Estimate:
    """Spearman correlation of d and the time to a level; bootstrap over runs. Runs that never get
    there share the last rank."""
    d, time = times["d"].to_numpy(float), times["time"].to_numpy(float)
    return cluster_bootstrap(lambda i: spearman(d[i], time[i]), np.arange(len(d)), resampling)
