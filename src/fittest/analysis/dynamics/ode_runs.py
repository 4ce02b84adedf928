"""Equations of motion fitted to many runs: a row of measures per run, and the plotted paths
(survival methods 2.15-2.17; figures 9, 15 and 16)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.dynamics.linear_ode import (
    LinearSystem,
    analytic,
    dense_signals,
    fit_diagonal,
    fit_lasso,
    fit_ols,
    fit_shared,
    rollout,
    score,
    steps_and_changes,
    t_values,
)
from fittest.analysis.dynamics.quadratic_ode import (
    diverged_at,
    fit_quadratic,
    rollout_quadratic,
    score_quadratic,
)

Floats = NDArray[np.float64]
# Fits need more steps than this; shorter records are refused.
LEAST_STEPS = 4

MEASURES = [
    "steps",
    "r2_ols",
    "r2_lasso",
    "r2_diagonal",
    "r2_shared",
    "odd_r2_ols",
    "odd_r2_lasso",
    "odd_r2_diagonal",
    "lasso_nonzero",
    "lasso_iterations",
    "lasso_converged",
    "clear_share",
    "positive_share",
    "error_ols",
    "error_lasso",
    "error_analytic",
    "analytic_difference",
    "ahead_ols",
    "ahead_lasso",
    "ahead_still",
    "r2_quadratic",
    "odd_r2_quadratic",
    "diverged",
    "diverged_at",
    "quadratic_error_ratio",
]


def long_enough(trajectories: Iterable[pd.DataFrame], wanted: Container[str]) -> dict[str, Floats]:
    """run_id -> dense signals (T + 1, K), the longest record of each wanted run that has enough.

    trajectories: run_id, step, signals; a table for each shard, of which one is held at a time.
    """
    found: dict[str, Floats] = {}
    for rows in trajectories:
        for run_id, own in rows.groupby("run_id"):
            if run_id not in wanted:
                continue
            x = dense_signals(own)
            if len(x) > max(LEAST_STEPS, len(found.get(str(run_id), ()))):
                found[str(run_id)] = x
    return found


@dataclass(frozen=True)
class OdeSettings:
    """lasso_alpha: the paper's penalty. lasso_iterations: first and last limit of descents.
    t_clear: |t| from which an entry of A counts as clear. divergence: a quadratic roll-out has
    diverged beyond this multiple of the largest real signal."""

    lasso_alpha: float
    lasso_iterations: tuple[int, int]
    t_clear: float
    divergence: float

    def lasso(self, states: Floats, changes: Floats) -> LinearSystem:
        """The Lasso fit with these settings."""
        return fit_lasso(states, changes, self.lasso_alpha, *self.lasso_iterations)


def measure_run(x: Floats, settings: OdeSettings, quadratic: bool) -> dict[str, Any]:
    """All measures of one run's dense signals x (T + 1, K).

    r2_*: in sample, mean over outputs. odd_r2_*: fitted on even steps, scored on odd ones.
    lasso_nonzero: share of the entries of A. clear_share: off-diagonal entries of the
    least-squares A with |t| of at least ``t_clear``; positive_share: of those, the positive ones.
    error_*: mean absolute error of the roll-out (error_analytic: of the Lasso's analytic
    solution) over the mean signal. analytic_difference: between the Lasso's analytic solution and
    its roll-out, over the mean signal. ahead_*: of a fit to the first half of the steps, rolled on
    from there to the end: mean absolute error over the mean signal of that half; ahead_still: of
    signals that stay as they are at half-time. The quadratic model's measures are null unless
    asked for: quadratic_error_ratio = its largest roll-out error, up to where it overflowed, over
    that of the linear model.
    """
    states, changes = steps_and_changes(x)
    even, odd = slice(0, None, 2), slice(1, None, 2)
    row: dict[str, Any] = dict.fromkeys(MEASURES, np.nan) | {"steps": len(states)}
    ols, lasso = fit_ols(states, changes), settings.lasso(states, changes)
    systems = {"ols": ols, "lasso": lasso, "diagonal": fit_diagonal(states, changes)}
    halves = {
        "ols": fit_ols(states[even], changes[even]),
        "lasso": settings.lasso(states[even], changes[even]),
        "diagonal": fit_diagonal(states[even], changes[even]),
    }
    for name, system in systems.items():
        row[f"r2_{name}"] = score(system, states, changes)
        row[f"odd_r2_{name}"] = score(halves[name], states[odd], changes[odd])
    row["r2_shared"] = score(fit_shared(states, changes), states, changes)
    row["lasso_nonzero"] = float((lasso.matrix != 0).mean())
    row["lasso_iterations"], row["lasso_converged"] = lasso.iterations, lasso.converged
    row |= _signs(ols, t_values(ols, states, changes), settings.t_clear)
    last, mean = len(states), float(x.mean())
    paths = {
        "ols": rollout(ols, x[0], last),
        "lasso": rollout(lasso, x[0], last),
        "analytic": analytic(lasso, x[0], last),
    }
    for name, path in paths.items():
        row[f"error_{name}"] = float(np.abs(path - x).mean()) / mean
    row["analytic_difference"] = float(np.abs(paths["analytic"] - paths["lasso"]).mean()) / mean
    row |= _ahead(x, settings)
    if quadratic:
        row |= _quadratic(x, settings.divergence, float(np.abs(paths["ols"] - x).max()))
    return row


def _signs(ols: LinearSystem, t: Floats, t_clear: float) -> dict[str, float]:
    off = ~np.eye(len(t), dtype=bool)
    with np.errstate(invalid="ignore"):
        clear = off & (np.abs(t) >= t_clear)
    share = float((ols.matrix[clear] > 0).mean()) if clear.any() else np.nan
    return {
        "clear_share": float(clear[off].mean()) if off.any() else np.nan,
        "positive_share": share,
    }


def _ahead(x: Floats, settings: OdeSettings) -> dict[str, float]:
    half = (len(x) - 1) // 2
    states, changes = steps_and_changes(x[: half + 1])
    real = x[half:]
    paths = {
        "ols": rollout(fit_ols(states, changes), x[half], len(real) - 1),
        "lasso": rollout(settings.lasso(states, changes), x[half], len(real) - 1),
        "still": np.broadcast_to(x[half], real.shape),
    }
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            f"ahead_{name}": float(np.abs(path - real)[1:].mean()) / float(real.mean())
            for name, path in paths.items()
        }


def _quadratic(x: Floats, factor: float, linear_error: float) -> dict[str, Any]:
    states, changes = steps_and_changes(x)
    coefficients = fit_quadratic(states, changes)
    half = fit_quadratic(states[::2], changes[::2])
    path = rollout_quadratic(coefficients, x[0], len(states))
    left = diverged_at(path, x, factor)
    errors = np.abs(path - x)
    error = float(errors[np.isfinite(errors)].max())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.divide(error, linear_error))
    return {
        "r2_quadratic": score_quadratic(coefficients, states, changes),
        "odd_r2_quadratic": score_quadratic(half, states[1::2], changes[1::2]),
        "diverged": float(left is not None),
        "diverged_at": np.nan if left is None else float(left),
        "quadratic_error_ratio": ratio,
    }


def signal_paths(
    x: Floats, settings: OdeSettings, survivors: Sequence[int]
) -> tuple[pd.DataFrame, LinearSystem]:
    """Real and modelled signals of one run, and its Lasso system.

    Args:
        x: (T + 1, K) dense signals. survivors: frequencies by descending final signal.

    Returns:
        Rows k, fate, rank (0 = dead), step, real, ols, lasso, analytic, quadratic (NaN from where
        that model has diverged); and the Lasso fit.
    """
    states, changes = steps_and_changes(x)
    lasso = settings.lasso(states, changes)
    last = len(states)
    curves = {
        "real": x,
        "ols": rollout(fit_ols(states, changes), x[0], last),
        "lasso": rollout(lasso, x[0], last),
        "analytic": analytic(lasso, x[0], last),
        "quadratic": _until_diverged(x, settings.divergence),
    }
    steps, ks = np.meshgrid(np.arange(last + 1), np.arange(1, x.shape[1] + 1))
    table = pd.DataFrame({"k": ks.ravel(), "step": steps.ravel()})
    for name, curve in curves.items():
        table[name] = curve.T.ravel()
    rank = {k: index + 1 for index, k in enumerate(survivors)}
    table["rank"] = [rank.get(int(k), 0) for k in table["k"]]
    table["fate"] = np.where(table["rank"] > 0, "survivor", "dead")
    return table, lasso


def _until_diverged(x: Floats, factor: float) -> Floats:
    """The quadratic model of (T + 1, K) signals running by itself, NaN once it has diverged."""
    states, changes = steps_and_changes(x)
    path = rollout_quadratic(fit_quadratic(states, changes), x[0], len(states))
    left = diverged_at(path, x, factor)
    if left is not None:
        path[left:] = np.nan
    return path


def matrix_table(system: LinearSystem) -> pd.DataFrame:
    """Entries of A: rows i, j (frequencies, from 1), value = effect of x_j on dx_i."""
    k = len(system.offset)
    i, j = np.meshgrid(np.arange(1, k + 1), np.arange(1, k + 1), indexing="ij")
    return pd.DataFrame({"i": i.ravel(), "j": j.ravel(), "value": system.matrix.ravel()})


def by_dimension(fits: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over runs of the R^2's: rows series, d, mean, sd, runs; of the
    quadratic models where they have been fitted."""
    series = ["r2_ols", "r2_lasso", "odd_r2_ols", "odd_r2_lasso", "r2_diagonal", "r2_shared"]
    parts = []
    for name in (*series, "r2_quadratic", "odd_r2_quadratic"):
        groups = fits.dropna(subset=[name]).groupby("d")[name]
        parts.append(
            pd.DataFrame(
                {
                    "series": name,
                    "d": list(groups.groups),
                    "mean": groups.mean().to_numpy(),
                    "sd": groups.std(ddof=0).to_numpy(),
                    "runs": groups.size().to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
