"""How far two trainings of the same runs in different precision differ (survival claim S48)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

COLUMNS = ["run_id", "step", "train_loss", "test_loss", "signals"]


def precision_differences(trajectory: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Relative differences at every step that both runs of a pair recorded.

    Args:
        trajectory: run_id, step, train_loss, test_loss, signals.
        runs: run_id and config (JSON); two runs are a pair if they differ in arithmetic.dtype
            alone.

    Returns:
        One row per pair and step, under the run_id of the float32 run: for the losses
        |a - b| / max(|a|, |b|), for the signals max over k of |a_k - b_k| over the largest signal;
        0 where both are 0.

    Raises:
        ValueError: where a run is alone.
    """
    pairs: dict[str, dict[str, str]] = {}
    for run_id, config in zip(runs["run_id"], runs["config"], strict=True):
        settings = json.loads(config)
        dtype = settings.pop("arithmetic")["dtype"]
        pairs.setdefault(json.dumps(settings), {})[dtype] = run_id
    if any(set(pair) != {"float32", "float64"} for pair in pairs.values()):
        raise ValueError("arithmetic.dtype: each run needs one in float32 and one in float64")
    of_other = {pair["float64"]: pair["float32"] for pair in pairs.values()}
    first = trajectory[trajectory["run_id"].isin(set(of_other.values()))]
    second = trajectory[trajectory["run_id"].isin(set(of_other))]
    second = second.assign(run_id=second["run_id"].map(of_other))
    rows = []
    both = first.merge(second, on=["run_id", "step"], suffixes=("_a", "_b"), validate="one_to_one")
    for row in both.to_dict("records"):
        a = np.asarray(row["signals_a"], dtype=np.float64)
        b = np.asarray(row["signals_b"], dtype=np.float64)
        largest = max(float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0)))
        rows.append(
            {
                "run_id": row["run_id"],
                "step": int(row["step"]),
                **{
                    name: _relative(float(row[f"{name}_a"]), float(row[f"{name}_b"]))
                    for name in ("train_loss", "test_loss")
                },
                "signals": float(np.abs(a - b).max(initial=0)) / largest if largest else 0.0,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _relative(a: float, b: float) -> float:
    scale = max(abs(a), abs(b))
    return abs(a - b) / scale if scale else 0.0
