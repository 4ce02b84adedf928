"""Numbers of the equations of motion for the claims S27-S34, a row per statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.dynamics.names import Ode
from fittest.analysis.statistics.intervals import Resampling, over_runs, share
from fittest.analysis.statistics.table import Row, statistic_row


def ode_rows(base: pd.DataFrame, others: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics of the fits.

    Args:
        base: rows of ``ode_runs.measure_run`` for the default runs, with ``d``.
        others: the same for the runs of other dimensions.
        resampling: of the bootstrap over runs.
    """
    names = {
        Ode.OLS_R2: ("r2_ols", "default d, in sample, mean over runs"),
        Ode.LASSO_R2: ("r2_lasso", "default d, in sample, mean over runs"),
        Ode.OLS_R2_OUT_OF_SAMPLE: ("odd_r2_ols", "fitted on even steps, scored on odd ones"),
        Ode.LASSO_R2_OUT_OF_SAMPLE: ("odd_r2_lasso", "fitted on even steps, scored on odd ones"),
        Ode.DIAGONAL_R2: ("r2_diagonal", "each signal by itself"),
        Ode.SHARED_R2: ("r2_shared", "two numbers for all signals"),
        Ode.LASSO_NONZERO: ("lasso_nonzero", "share of the entries of A"),
        Ode.LASSO_CONVERGED: ("lasso_converged", "share of runs"),
        Ode.CLEAR_SHARE: ("clear_share", "off-diagonal entries of A with clear |t|"),
        Ode.POSITIVE_SHARE: ("positive_share", "positive ones among the clear entries"),
        Ode.QUADRATIC_R2: ("r2_quadratic", "default d, in sample"),
        Ode.QUADRATIC_R2_OUT_OF_SAMPLE: ("odd_r2_quadratic", "even steps, scored on odd ones"),
    }
    rows = [
        statistic_row(name, *over_runs(base[column], "mean", resampling), note)
        for name, (column, note) in names.items()
    ]
    # A single run whose Lasso system is unstable would decide any mean.
    errors = {
        Ode.OLS_ROLLOUT_ERROR: ("error_ols", "mean absolute error / mean signal"),
        Ode.LASSO_ROLLOUT_ERROR: ("error_lasso", "mean absolute error / mean signal"),
        Ode.ANALYTIC_ERROR: ("analytic_difference", "analytic - roll-out, Lasso / mean signal"),
        Ode.ANALYTIC_REAL_ERROR: ("error_analytic", "analytic solution of the Lasso / mean signal"),
        Ode.AHEAD_OLS: ("ahead_ols", "fitted to the first half, rolled through the second"),
        Ode.AHEAD_LASSO: ("ahead_lasso", "fitted to the first half, rolled through the second"),
        Ode.AHEAD_STILL: ("ahead_still", "signals that stay as they are at half-time"),
    }
    rows += [
        statistic_row(name, *over_runs(base[column], "median", resampling), f"{note}, median")
        for name, (column, note) in errors.items()
    ]
    lost = (base["error_lasso"] > 1).where(base["error_lasso"].notna())
    rows.append(
        statistic_row(
            Ode.LASSO_UNSTABLE,
            *over_runs(lost, "mean", resampling),
            "runs with an error above the mean",
        )
    )
    difference = base["r2_ols"] - base["r2_lasso"]
    rows.append(
        statistic_row(
            Ode.OLS_MINUS_LASSO_R2, *over_runs(difference, "mean", resampling), "default d, per run"
        )
    )
    # Every dimension counts alike, however many runs it has.
    means = pd.concat([base, others]).groupby("d")["r2_ols"].mean()
    rows.append(
        statistic_row(
            Ode.OLS_R2_OVER_D,
            *over_runs(means, "mean", resampling),
            "mean over d of the mean over runs",
        )
    )
    rows.append(
        statistic_row(
            Ode.OLS_R2_LEAST_D,
            float(means.min()) if len(means) else np.nan,
            len(means),
            "smallest mean over runs of any d",
        )
    )
    everything = pd.concat([base, others])
    for name, column in (
        (Ode.OLS_ROLLOUT_WORST_D, "error_ols"),
        (Ode.LASSO_ROLLOUT_WORST_D, "error_lasso"),
    ):
        errors_by_d = everything.groupby("d")[column].median()
        worst = float(errors_by_d.max()) if len(errors_by_d) else np.nan
        note = "mean absolute error / mean signal, median over runs, largest of any d"
        rows.append(statistic_row(name, worst, len(errors_by_d), note))
    for name, column in (
        (Ode.AHEAD_OLS_OVER_STILL, "ahead_ols"),
        (Ode.AHEAD_LASSO_OVER_STILL, "ahead_lasso"),
    ):
        ratios = base[column] / base["ahead_still"]
        note = "error ahead over that of signals that stay, median over runs"
        rows.append(statistic_row(name, *over_runs(ratios, "median", resampling), note))
    ratio = base["quadratic_error_ratio"].dropna().to_numpy(float)
    rows.append(
        statistic_row(
            Ode.QUADRATIC_ERROR_RATIO,
            float(np.median(ratio)) if len(ratio) else np.nan,
            len(ratio),
            "largest roll-out error / that of the linear model, median over runs",
        )
    )
    left = base["diverged"].dropna().to_numpy(float)
    gone = share(left, resampling.confidence)
    rows.append(statistic_row(Ode.QUADRATIC_DIVERGED, gone, len(left), "share of runs, Wilson"))
    return rows
