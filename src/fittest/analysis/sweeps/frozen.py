"""What an MLP learns over an embedding that stays as it was drawn (figure 4, claims S09, S10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import Estimate, Resampling, cluster_bootstrap

COLUMNS = ["run_id", "p", "d", "seed", "share", "step", "test_loss", "test_accuracy", "median_loss"]
GROUPS = ("small", "medium", "large")


def losses_at(
    runs: pd.DataFrame, trajectory: pd.DataFrame, shares: Sequence[float]
) -> pd.DataFrame:
    """Test loss and accuracy of every run at given shares of its steps.

    Args:
        runs: the `runs` table; failed runs are left out.
        trajectory: run_id, step, test_loss (nats), test_accuracy.
        shares: of the last step, so that every scale has the paper's four columns.

    Returns:
        A row per run and share (COLUMNS), at the last recorded step that is not beyond it;
        median_loss is that of the runs with its p, d and share.
    """
    by_run = {run_id: rows.sort_values("step") for run_id, rows in trajectory.groupby("run_id")}
    rows = []
    for run in complete(runs).to_dict("records"):
        recorded = by_run[run["run_id"]]
        steps = recorded["step"].to_numpy()
        for share in shares:
            at = int(np.searchsorted(steps, round(share * run["steps"]), side="right")) - 1
            rows.append(
                {
                    "run_id": run["run_id"],
                    "p": run["p"],
                    "d": run["d"],
                    "seed": run["seed_embedding"],
                    "share": share,
                    "step": int(steps[at]),
                    "test_loss": float(recorded["test_loss"].iloc[at]),
                    "test_accuracy": float(recorded["test_accuracy"].iloc[at]),
                }
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    alike = table.groupby(["p", "d", "share"])["test_loss"]
    return table.assign(median_loss=alike.transform("median"))


def size_groups(d: ArrayLike, p: ArrayLike, small: int) -> NDArray[np.str_]:
    """(n,) of GROUPS: ``large`` for d >= p, ``small`` for d <= small and below p, else
    ``medium``. A linear map can separate the tokens only from d = p on (methods 7.28)."""
    dims, moduli = np.asarray(d), np.asarray(p)
    below = np.where(dims <= small, "small", "medium")
    return np.asarray(np.where(dims >= moduli, "large", below))


def median_ratio(
    loss: ArrayLike, group: ArrayLike, top: str, bottom: str, resampling: Resampling
) -> Estimate:
    """Median loss of one group over that of another; bootstrap over runs, NaN if one is empty."""
    losses, groups = np.asarray(loss, dtype=np.float64), np.asarray(group)

    def ratio(i: NDArray[np.intp]) -> float:
        above, below = losses[i][groups[i] == top], losses[i][groups[i] == bottom]
        if len(above) == 0 or len(below) == 0:
            return np.nan
        middle = float(np.median(below))
        return float(np.median(above)) / middle if middle > 0 else np.nan

    return cluster_bootstrap(ratio, np.arange(len(losses)), resampling)
