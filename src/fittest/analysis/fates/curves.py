"""Curves of losses and accuracies as figures draw them: fewer points, and every spike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

CURVES = ["runset", "label", "seed", "series", "step", "value"]
"""seed -1 is the median over the runs of a setting, where it has several; series: of SERIES."""
SERIES = {
    "train": "train_loss",
    "test": "test_loss",
    "train accuracy": "train_accuracy",
    "test accuracy": "test_accuracy",
}
"""Curve -> column of a trajectory; the first two are losses in nats."""
MIDDLE = -1


def thinned(steps: ArrayLike, values: ArrayLike, pieces: int) -> NDArray[np.intp]:
    """Which points to draw: first and last, and the lowest and the highest of each of so many
    stretches of steps, of equal length and, because the beginning is fast, of equal ratio.

    steps, values: (T,), increasing in step.
    """
    times, data = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if len(times) <= 2:
        return np.arange(len(times))
    kept = {0, len(times) - 1}
    span = times[-1] - times[0]
    even = np.floor(pieces * (times - times[0]) / span)
    ratio = np.floor(pieces * np.log1p(times - times[0]) / np.log1p(span))
    for stretch in (even, ratio):
        edges = np.flatnonzero(np.diff(stretch)) + 1
        for part in np.split(np.arange(len(times)), edges):
            kept |= {int(part[np.argmin(data[part])]), int(part[np.argmax(data[part])])}
    return np.array(sorted(kept))


def every_train_loss(rows: pd.DataFrame) -> tuple[Any, Any]:
    """Steps and train losses of one run: of every step where recorded, else of its rows."""
    steps, losses = rows["step"].to_numpy(), rows["train_loss"].to_numpy(dtype=np.float64)
    if "train_losses" not in rows or rows["train_losses"].isna().any():
        return steps, losses
    each = np.concatenate([np.asarray(part, dtype=np.float64) for part in rows["train_losses"]])
    if len(each) != steps[-1]:
        return steps, losses
    return np.arange(len(each) + 1), np.append(each, losses[-1])


def curve_table(table: pd.DataFrame, trajectory: pd.DataFrame, pieces: int) -> pd.DataFrame:
    """Losses and accuracies of every run, and their median over the runs of a setting.

    Args:
        table: OUTCOMES. trajectory: rows of at least those runs (``outcome``).
        pieces: see ``thinned``.

    Returns:
        CURVES. The median is that of recorded rows, so that all runs are in it; of a loss it is
        taken of the logarithm, which is what figures show: a mean would follow the run with the
        largest loss, and be in steps that no run has.
    """
    by_run = {run_id: rows.sort_values("step") for run_id, rows in trajectory.groupby("run_id")}
    parts = []
    for (runset, label), runs in table.groupby(["runset", "label"], sort=False):
        told = {"runset": runset, "label": label}
        for run in runs.to_dict("records"):
            rows = by_run[run["run_id"]]
            seed = run["seed"]
            for series, column in SERIES.items():
                curve = (rows["step"].to_numpy(), rows[column].to_numpy())
                steps, values = every_train_loss(rows) if series == "train" else curve
                parts.append(_curve(steps, values, pieces, **told, seed=seed, series=series))
        if len(runs) > 1:
            whole = pd.concat([by_run[run_id] for run_id in runs["run_id"]])
            for series, column in SERIES.items():
                steps, values = _middle(whole["step"], whole[column], "accuracy" not in series)
                parts.append(_curve(steps, values, pieces, **told, seed=MIDDLE, series=series))
    if not parts:
        return pd.DataFrame(columns=CURVES)
    return pd.concat(parts, ignore_index=True)[CURVES]


def _middle(steps: pd.Series, values: pd.Series, log: bool) -> tuple[Any, Any]:
    """The median over runs at every step, and these steps. log: of the logarithm."""
    with np.errstate(divide="ignore"):
        found = (np.log(values) if log else values).groupby(steps).median()
    middle = found.to_numpy(dtype=np.float64)
    return found.index.to_numpy(), np.exp(middle) if log else middle


def _curve(steps: ArrayLike, values: ArrayLike, pieces: int, **told: Any) -> pd.DataFrame:
    kept = thinned(steps, values, pieces)
    shown = {"step": np.asarray(steps)[kept], "value": np.asarray(values)[kept]}
    return pd.DataFrame(shown).assign(**told)
