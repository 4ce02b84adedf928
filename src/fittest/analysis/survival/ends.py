"""How default runs end: how many circles they have, and which frequencies those are (figure S1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import wilson

COLUMNS = ["panel", "x", "runs", "n", "rate", "rate_lo", "rate_hi"]


def ends_table(
    runs: pd.DataFrame, frequencies: pd.DataFrame, gauss1: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Shares of runs by their number of circles, and by the frequencies that survived.

    Args:
        runs: a `runs` table; failed runs are left out. frequencies: run_id, k, alive_2mean.
        gauss1: `runs` table of runs whose MLP starts as the text has it.
        confidence: level of the Wilson intervals.

    Returns:
        Rows of COLUMNS: ``runs`` of n, with their share. Panels ``circles`` and ``gauss1``: x =
        circles by the authors' rule, without gaps from the least to the most; panel
        ``frequencies``: x = k.
    """
    good, others = complete(runs), complete(gauss1)
    own = frequencies[frequencies["run_id"].isin(good["run_id"])]
    alive = own["alive_2mean"].astype(bool).groupby(own["k"]).sum().sort_index()
    parts = [pd.DataFrame(columns=COLUMNS)]
    for panel, found, n in (
        ("circles", _counted(good), len(good)),
        ("frequencies", alive, len(good)),
        ("gauss1", _counted(others), len(others)),
    ):
        if n == 0:
            continue
        number = found.to_numpy(int)
        low, high = wilson(number, n, confidence)
        parts.append(
            pd.DataFrame(
                {
                    "panel": panel,
                    "x": np.asarray(found.index, dtype=int),
                    "runs": number,
                    "n": n,
                    "rate": number / n,
                    "rate_lo": low,
                    "rate_hi": high,
                }
            )
        )
    filled = [part for part in parts if len(part)] or parts
    return pd.concat(filled, ignore_index=True)[COLUMNS]


def _counted(runs: pd.DataFrame) -> pd.Series:
    if len(runs) == 0:
        return pd.Series(dtype=int)
    counts = runs["n_2mean"].astype(int)
    return counts.value_counts().reindex(range(counts.min(), counts.max() + 1), fill_value=0)
