"""Numbers of the equations of motion for the claims S27-S34, a row per statistic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from fittest.analysis.intervals import Estimate, Resampling, cluster_bootstrap, wilson
from fittest.analysis.survival_statistics import Row, statistic_row


def over_runs(
    values: pd.Series, resampling: Resampling, reduce: Callable[[np.ndarray], float] = np.mean
) -> tuple[Estimate, int]:
    """Mean (or another reduction) over runs with its bootstrap interval, and how many they are.

    Missing values are left out.
    """
    known = values.dropna().to_numpy(float)
    if len(known) == 0:
        return Estimate(np.nan, np.nan, np.nan), 0
    estimate = cluster_bootstrap(
        lambda i: float(reduce(known[i])), np.arange(len(known)), resampling
    )
    return estimate, len(known)


def ode_rows(base: pd.DataFrame, others: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics of the fits.

    Args:
        base: rows of ``ode_runs.measure_run`` for the default runs, with ``d``.
        others: the same for the runs of other dimensions.
        resampling: of the bootstrap over runs.
    """
    names = {
        "ode.ols_r2": ("r2_ols", "default d, in sample, mean over runs"),
        "ode.lasso_r2": ("r2_lasso", "default d, in sample, mean over runs"),
        "ode.ols_r2_out_of_sample": ("odd_r2_ols", "fitted on even steps, scored on odd ones"),
        "ode.lasso_r2_out_of_sample": ("odd_r2_lasso", "fitted on even steps, scored on odd ones"),
        "ode.diagonal_r2": ("r2_diagonal", "each signal by itself"),
        "ode.shared_r2": ("r2_shared", "two numbers for all signals"),
        "ode.lasso_nonzero": ("lasso_nonzero", "share of the entries of A"),
        "ode.lasso_converged": ("lasso_converged", "share of runs"),
        "ode.clear_share": ("clear_share", "off-diagonal entries of A with clear |t|"),
        "ode.positive_share": ("positive_share", "positive ones among the clear entries"),
        "ode.quadratic_r2": ("r2_quadratic", "default d, in sample"),
        "ode.quadratic_r2_out_of_sample": ("odd_r2_quadratic", "even steps, scored on odd ones"),
    }
    rows = [
        statistic_row(name, *over_runs(base[column], resampling), note)
        for name, (column, note) in names.items()
    ]
    # A single run whose Lasso system is unstable would decide any mean.
    errors = {
        "ode.ols_rollout_error": ("error_ols", "mean absolute error / mean signal"),
        "ode.lasso_rollout_error": ("error_lasso", "mean absolute error / mean signal"),
        "ode.analytic_error": ("analytic_difference", "analytic - roll-out, Lasso / mean signal"),
    }
    rows += [
        statistic_row(name, *over_runs(base[column], resampling, np.median), f"{note}, median")
        for name, (column, note) in errors.items()
    ]
    lost = (base["error_lasso"] > 1).where(base["error_lasso"].notna())
    rows.append(
        statistic_row(
            "ode.lasso_unstable", *over_runs(lost, resampling), "runs with an error above the mean"
        )
    )
    difference = base["r2_ols"] - base["r2_lasso"]
    rows.append(
        statistic_row(
            "ode.ols_minus_lasso_r2", *over_runs(difference, resampling), "default d, per run"
        )
    )
    # Every dimension counts alike, however many runs it has.
    means = pd.concat([base, others]).groupby("d")["r2_ols"].mean()
    rows.append(
        statistic_row(
            "ode.ols_r2_over_d", *over_runs(means, resampling), "mean over d of the mean over runs"
        )
    )
    rows.append(
        statistic_row(
            "ode.ols_r2_least_d",
            float(means.min()) if len(means) else np.nan,
            len(means),
            "smallest mean over runs of any d",
        )
    )
    ratio = base["quadratic_error_ratio"].dropna().to_numpy(float)
    rows.append(
        statistic_row(
            "ode.quadratic_error_ratio",
            float(np.median(ratio)) if len(ratio) else np.nan,
            len(ratio),
            "largest roll-out error / that of the linear model, median over runs",
        )
    )
    left = base["diverged"].dropna().to_numpy(float)
    share = Estimate(np.nan, np.nan, np.nan)
    if len(left):
        low, high = wilson(left.sum(), len(left), resampling.confidence)
        share = Estimate(float(left.mean()), float(low), float(high))
    rows.append(statistic_row("ode.quadratic_diverged", share, len(left), "share of runs, Wilson"))
    return rows
