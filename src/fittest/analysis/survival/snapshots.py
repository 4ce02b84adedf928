"""Default runs at chosen steps: how many circles, how clearly, how far the dead have decayed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import alive_two_mean, separation

COLUMNS = [
    "run_id",
    "at",
    "step",
    "n_2mean",
    "separation",
    "dead_share",
    "test_loss",
    "test_accuracy",
    "largest_dies",
    "dead_below",
]


def run_snapshots(
    trajectory: pd.DataFrame, steps: Sequence[int], two_mean_factor: float, dead_share: float
) -> pd.DataFrame:
    """Each run at some steps and at its last one (survival methods 1.6, claims S01-S04, S08).

    Args:
        trajectory: run_id, step, signals (K values), signal_mean (over all p bins), test_loss,
            test_accuracy.
        steps: where to look; a run that did not record one of them has no row for it.
        two_mean_factor: of the alive rule.
        dead_share: share of the initial signal below which a dead frequency counts as gone.

    Returns:
        One row per run and step, and one with ``at = "end"`` (otherwise the step in words):
        n_2mean; separation = weakest alive / strongest dead signal; dead_share = median over the
        frequencies dead then of signal / signal at step 0; the losses; largest_dies = whether the
        frequency with the largest initial signal is dead then; dead_below = first recorded step
        from which the median of the finally dead frequencies stays below ``dead_share`` of their
        initial signals (the end's row only).
    """
    rows = []
    for run_id, run in trajectory.groupby("run_id", sort=True):
        ordered = run.sort_values("step")
        times = ordered["step"].to_numpy(int)
        signals = np.stack([np.asarray(row, dtype=np.float64) for row in ordered["signals"]])
        alive = alive_two_mean(signals, ordered["signal_mean"].to_numpy(float), two_mean_factor)
        apart = separation(signals, alive)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = signals / signals[0] if times[0] == 0 else np.full_like(signals, np.nan)
        places = {
            str(step): int(np.flatnonzero(times == step)[0]) for step in steps if step in times
        }
        places["end"] = len(times) - 1
        for name, at in places.items():
            rows.append(
                {
                    "run_id": str(run_id),
                    "at": name,
                    "step": int(times[at]),
                    "n_2mean": int(alive[at].sum()),
                    "separation": float(apart[at]),
                    "dead_share": _median(share[at][~alive[at]]),
                    "test_loss": float(ordered["test_loss"].iloc[at]),
                    "test_accuracy": float(ordered["test_accuracy"].iloc[at]),
                    "largest_dies": not bool(alive[at][int(signals[0].argmax())]),
                    "dead_below": _stays_below(times, share[:, ~alive[-1]], dead_share)
                    if name == "end"
                    else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _stays_below(times: np.ndarray, share: np.ndarray, limit: float) -> float:
    """First time from which the row medians stay at or below the limit; NaN if never."""
    if share.shape[1] == 0:
        return np.nan
    above = np.flatnonzero(~(np.median(share, axis=1) <= limit))
    first = int(above[-1]) + 1 if len(above) else 0
    return float(times[first]) if first < len(times) else np.nan
