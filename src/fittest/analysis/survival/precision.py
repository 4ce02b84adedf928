"""How far two trainings of the same runs in different precision differ (survival claim S48)."""

from __future__ import annotations

import numpy as np
import pandas as pd

COLUMNS = ["run_id", "step", "train_loss", "test_loss", "signals"]


def precision_differences(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Relative differences at every step that both recorded.

    Args:
        first, second: trajectories (run_id, step, train_loss, test_loss, signals).

    Returns:
        One row per run and step: for the losses |a - b| / max(|a|, |b|), for the signals
        max over k of |a_k - b_k| over the largest signal; 0 where both are 0.
    """
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
