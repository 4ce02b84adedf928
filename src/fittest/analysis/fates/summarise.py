"""From recorded trajectories to one row per run and one row per run and frequency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import gcd
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import (
    Thresholds,
    alive_absolute,
    alive_relative,
    alive_two_mean,
    effective_count,
    is_settled,
    separation,
    survivors,
)
from fittest.fourier import count

LOSSES = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
GRADIENT_STEPS = (1, 2, 3, 4)
RUN_DTYPES = {
    "last_step": "int64",
    "settled": "boolean",
    "failed": "bool",
    "n_2mean": "Int64",
    "n_rel": "Int64",
    "n_eff": "float64",
    "separation": "float64",
    "first_full_test_accuracy": "Int64",
}
FREQUENCY_DTYPES = {
    "k": "int64",
    "gcd": "int64",
    "signal0": "float64",
    **{f"grad_rel_{step}": "float64" for step in GRADIENT_STEPS},
    "signal": "float64",
    "alive_2mean": "boolean",
    "alive_abs10": "boolean",
    "alive_rel": "boolean",
}


_NO_SIGNALS: dict[str, Any] = {
    "settled": pd.NA,
    "survivors": [],
    "n_2mean": pd.NA,
    "n_rel": pd.NA,
    "n_eff": np.nan,
    "separation": np.nan,
}
"""Of runs whose signals are not observed: nothing is known of their frequencies."""


def summarise_runs(
    trajectory: pd.DataFrame | Iterable[pd.DataFrame], runs: pd.DataFrame, thresholds: Thresholds
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reduce each run's trajectory to its end, its start and its fate.

    Args:
        trajectory: run_id, step, train_loss, test_loss, train_accuracy, test_accuracy, signals
            (list of K norms; null where they are not observed), signal_mean (over all p bins).
            Rows of runs not in ``runs`` are ignored. Or several such tables, one after the other,
            each with all rows of its runs: one is in memory at a time.
        runs: run_id, p and whatever describes the runs; one row each. A run that its training
            already marked in a column ``failed`` stays failed. If there is a column ``steps``, a
            trajectory is used up to that step: a shorter run may share a longer one's.
        thresholds: of the alive and settled rules.

    Returns:
        ``runs`` with, at the last recorded step: last_step, settled (methods 2.20), failed (a NaN
        or infinity in the train loss or the signals at any recorded step), survivors (2-mean rule,
        ascending), n_2mean, n_rel, n_eff, separation, first_full_test_accuracy (first recorded
        step; null if never), the losses and accuracies. And the frequencies: run_id, k,
        gcd(k, p), signal0 (null unless step 0 is recorded), grad_rel_1..4 =
        (signal(i) - signal(i-1)) / signal0 (methods 2.8; null unless recorded), signal
        (at the end), alive_2mean, alive_abs10, alive_rel. A failed run has no survivors, null
        counts and null alive labels: it is neither a death nor a survival.

    Raises:
        ValueError: if a run has no trajectory, or signals of the wrong length.
    """
    limits = runs["steps"] if "steps" in runs else [np.inf] * len(runs)
    marked = runs["failed"].fillna(False).astype(bool) if "failed" in runs else [False] * len(runs)
    known = {
        run_id: (p, limit, bool(broken))
        for run_id, p, limit, broken in zip(runs["run_id"], runs["p"], limits, marked, strict=True)
    }
    summaries: list[dict[str, Any]] = []
    tables: list[pd.DataFrame] = []
    for part in [trajectory] if isinstance(trajectory, pd.DataFrame) else trajectory:
        found, frequencies = _summarise_part(part, known, thresholds)
        summaries += found
        tables += [frequencies] if len(frequencies) else []
        del part
    absent = known.keys() - {summary["run_id"] for summary in summaries}
    if absent:
        first = next(run_id for run_id in known if run_id in absent)
        raise ValueError(f"{len(absent)} runs have no trajectory, e.g. {first}")
    added = pd.DataFrame(summaries, columns=["run_id", *RUN_DTYPES, "survivors", *LOSSES])
    kept = runs.drop(columns=[name for name in added.columns[1:] if name in runs.columns])
    table = kept.merge(
        added.astype({"run_id": runs["run_id"].dtype, **RUN_DTYPES}),
        on="run_id",
        how="left",
        validate="one_to_one",
    )
    columns = ["run_id", *FREQUENCY_DTYPES]
    frequencies = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    # The parts come in an order of their own.
    place = frequencies["run_id"].map({run_id: number for number, run_id in enumerate(known)})
    if not place.is_monotonic_increasing:
        order = np.argsort(place.to_numpy(), kind="stable")
        frequencies = frequencies.iloc[order].reset_index(drop=True)
    return table, frequencies[columns].astype(FREQUENCY_DTYPES)


def _summarise_part(
    trajectory: pd.DataFrame, known: Mapping[str, tuple[Any, Any, bool]], thresholds: Thresholds
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Summaries of the known runs of a table, and their frequencies in one table.

    known: run_id -> p, last step used, whether its training marked it as failed.
    """
    summaries: list[dict[str, Any]] = []
    tables: list[pd.DataFrame] = []
    for run_id, rows in trajectory.groupby("run_id", sort=False):
        if run_id in known:
            p, limit, broken = known[str(run_id)]
            used = rows[rows["step"] <= limit]
            summary, frequencies = _summarise_one(used, p, broken, thresholds)
            summaries.append({"run_id": run_id, **summary})
            tables += [frequencies.assign(run_id=run_id)] if len(frequencies) else []
    return summaries, pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _summarise_one(
    rows: pd.DataFrame, p: Any, broken: bool, thresholds: Thresholds
) -> tuple[dict[str, Any], pd.DataFrame]:
    rows = rows.sort_values("step")
    steps = rows["step"].to_numpy(np.int64)
    finite = bool(np.isfinite(rows["train_loss"].to_numpy(np.float64)).all())
    full = steps[rows["test_accuracy"].to_numpy(np.float64) >= 1.0]
    end = rows.iloc[-1]
    common: dict[str, Any] = {
        "last_step": int(steps[-1]),
        "failed": broken or not finite,
        "first_full_test_accuracy": int(full[0]) if len(full) else pd.NA,
        **{name: float(end[name]) for name in LOSSES},
    }
    if "signals" not in rows or rows["signals"].isna().all():
        return common | _NO_SIGNALS, pd.DataFrame()
    p = int(p)
    signals = np.stack([np.asarray(row, dtype=np.float64) for row in rows["signals"]])
    if signals.shape[1] != count(p):
        raise ValueError(f"p = {p} has {count(p)} frequencies, not {signals.shape[1]}")
    mean = rows["signal_mean"].to_numpy(np.float64)
    failed = common["failed"] or not bool(np.isfinite(signals).all())
    last = signals[-1]
    alive = {
        "alive_2mean": alive_two_mean(last, mean[-1], thresholds.two_mean_factor),
        "alive_abs10": alive_absolute(last, thresholds.absolute),
        "alive_rel": alive_relative(last, thresholds.relative),
    }
    summary: dict[str, Any] = {
        **common,
        "settled": not failed and is_settled(steps, signals, mean, thresholds),
        "failed": failed,
        "survivors": [] if failed else survivors(alive["alive_2mean"]),
        "n_2mean": pd.NA if failed else int(alive["alive_2mean"].sum()),
        "n_rel": pd.NA if failed else int(alive["alive_rel"].sum()),
        "n_eff": np.nan if failed else float(effective_count(last)),
        "separation": np.nan if failed else float(separation(last, alive["alive_2mean"])),
    }
    ks = range(1, count(p) + 1)
    at = {int(step): index for index, step in enumerate(steps) if step <= GRADIENT_STEPS[-1]}
    nothing = np.full(len(ks), np.nan)
    start = signals[at[0]] if 0 in at else nothing
    columns: dict[str, Any] = {
        "k": list(ks),
        "gcd": [gcd(k, p) for k in ks],
        "signal0": start,
        "signal": last,
    }
    for step in GRADIENT_STEPS:
        known = step in at and step - 1 in at
        with np.errstate(divide="ignore", invalid="ignore"):
            columns[f"grad_rel_{step}"] = (
                (signals[at[step]] - signals[at[step - 1]]) / start if known else nothing
            )
    for name, labels in alive.items():
        columns[name] = pd.array([pd.NA] * len(ks) if failed else labels, dtype="boolean")
    return summary, pd.DataFrame(columns)
