"""Fourier norms of the embedding's raw gradient over training (figure 13, methods 2.9)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.dynamics.names import EmbeddingGradient
from fittest.analysis.statistics.intervals import Resampling, over_runs
from fittest.analysis.statistics.table import Row, statistic_row

CURVE_COLUMNS = ["k", "rank", "fate", "step", "value"]
RUN_COLUMNS = [
    "run_id",
    "peak_step",
    "sampled_peak_step",
    "peak",
    "late",
    "late_ratio",
    "alive_over_dead_at_peak",
]
DECAY_COLUMNS = ["run_id", "decay_share", "decay_share_dead"]


def gradient_curves(rows: pd.DataFrame, survivors: Sequence[int]) -> pd.DataFrame:
    """One run's gradient norms: rows step, gradient_signals -> CURVE_COLUMNS.

    survivors: by descending final signal; rank 0 is dead. Steps without gradients are left out.
    """
    known = rows.dropna(subset=["gradient_signals"]).sort_values("step")
    if len(known) == 0:
        return pd.DataFrame(columns=CURVE_COLUMNS)
    values = np.stack([np.asarray(row, dtype=np.float64) for row in known["gradient_signals"]])
    ks, steps = np.meshgrid(np.arange(1, values.shape[1] + 1), known["step"].to_numpy(int))
    table = pd.DataFrame({"k": ks.ravel(), "step": steps.ravel(), "value": values.ravel()})
    rank = {k: index + 1 for index, k in enumerate(survivors)}
    table["rank"] = [rank.get(int(k), 0) for k in table["k"]]
    table["fate"] = np.where(table["rank"] > 0, "survivor", "dead")
    return table.sort_values(["k", "step"], ignore_index=True)[CURVE_COLUMNS]


def gradient_peaks(
    trajectory: pd.DataFrame, survivors: dict[str, list[int]], late: tuple[int, int], every: int
) -> pd.DataFrame:
    """When each run's gradients are largest, and how small they are later: RUN_COLUMNS.

    Args:
        trajectory: run_id, step, gradient_signals (null where not recorded). Runs that are not
            in ``survivors`` are left out.
        survivors: run_id -> frequencies alive at the end.
        late: first and last step of the late window.
        every: steps between the looks of somebody who looks more seldom.

    Returns:
        peak_step, peak = where and how large the largest norm over all k and steps is;
        sampled_peak_step = where it is among every so many steps alone; late =
        median over the window of the largest norm over k; late_ratio = late / peak;
        alive_over_dead_at_peak = mean norm of survivors over that of dead frequencies at the
        peak.
    """
    rows = []
    known = trajectory.dropna(subset=["gradient_signals"])
    for run_id, run in known.groupby("run_id", sort=True):
        if run_id not in survivors:
            continue
        ordered = run.sort_values("step")
        steps = ordered["step"].to_numpy(int)
        values = np.stack(
            [np.asarray(row, dtype=np.float64) for row in ordered["gradient_signals"]]
        )
        largest = values.max(axis=1)
        at = int(largest.argmax())
        seen = np.flatnonzero(steps % every == 0)
        window = (steps >= late[0]) & (steps <= late[1])
        after = float(np.median(largest[window])) if window.any() else np.nan
        alive = np.isin(np.arange(1, values.shape[1] + 1), survivors[str(run_id)])
        apart = np.nan
        if alive.any() and not alive.all():
            apart = float(values[at][alive].mean() / values[at][~alive].mean())
        rows.append(
            {
                "run_id": run_id,
                "peak_step": int(steps[at]),
                "sampled_peak_step": int(steps[seen[largest[seen].argmax()]])
                if len(seen)
                else np.nan,
                "peak": float(largest[at]),
                "late": after,
                "late_ratio": after / float(largest[at]),
                "alive_over_dead_at_peak": apart,
            }
        )
    return pd.DataFrame(rows, columns=RUN_COLUMNS)


def decay_shares(
    trajectory: pd.DataFrame,
    survivors: dict[str, list[int]],
    rates: dict[str, float],
    steps: tuple[int, int],
) -> pd.DataFrame:
    """How much of what weight decay alone would do to the signals happens to them: DECAY_COLUMNS.

    Decay alone multiplies a signal by 1 - rate per step. The share is the real loss of log signal
    between two steps over that: 1 where decay alone rules, 0 where gradients balance it, negative
    for one that grows.

    Args:
        trajectory: run_id, step, signals. survivors: run_id -> frequencies alive at the end.
        rates: run_id -> learning rate x weight decay. steps: from, to; runs that did not record
            both are left out.

    Returns:
        decay_share = median over the survivors, decay_share_dead = over the others.
    """
    rows = []
    chosen = trajectory[trajectory["step"].isin(steps)].dropna(subset=["signals"])
    for run_id, run in chosen.groupby("run_id", sort=True):
        by_step = dict(zip(run["step"].astype(int), run["signals"], strict=True))
        name = str(run_id)
        if name not in survivors or not set(steps) <= by_step.keys() or not rates[name]:
            continue
        first, last = (np.asarray(by_step[step], dtype=np.float64) for step in steps)
        alone = -np.log1p(-rates[name]) * (steps[1] - steps[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log(first / last) / alone
        alive = np.isin(np.arange(1, len(share) + 1), survivors[name])
        parts = [share[alive], share[~alive]]
        rows.append((name, *(float(np.median(p)) if len(p) else np.nan for p in parts)))
    return pd.DataFrame(rows, columns=DECAY_COLUMNS)


def gradient_norm_rows(
    peaks: pd.DataFrame, decay: pd.DataFrame, resampling: Resampling
) -> list[Row]:
    """Statistics for the claims S44 and S49 to S51: medians over runs with bootstrap intervals."""
    notes = {
        "peak_step": "step of the largest norm over k, median over runs",
        "sampled_peak_step": "the same among steps looked at more seldom, median over runs",
        "late_ratio": "median in the late window over the peak, median over runs",
        "alive_over_dead_at_peak": "mean norm of survivors over that of the dead, median over runs",
    }
    return [
        statistic_row(
            EmbeddingGradient.of(name),
            *over_runs(peaks[name].astype(float), "median", resampling),
            note,
            100.0 if "peak_step" in name else None,
        )
        for name, note in notes.items()
    ] + [
        statistic_row(
            EmbeddingGradient.of(name),
            *over_runs(decay[name].astype(float), "median", resampling),
            f"loss of log signal over that of decay alone, {who}, median over runs",
        )
        for name, who in (("decay_share", "survivors"), ("decay_share_dead", "dead ones"))
    ]
