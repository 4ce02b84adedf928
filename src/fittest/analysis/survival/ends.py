"""How default runs end: how many circles they have, and which frequencies those are (figure S1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import wilson

COLUMNS = ["panel", "x", "runs", "n", "rate", "rate_lo", "rate_hi"]


def ends_table(runs: pd.DataFrame, frequencies: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Shares of runs by their number of circles, and by the frequencies that survived.

    Args:
        runs: a `runs` table; failed runs are left out. frequencies: run_id, k, alive_2mean.
        confidence: level of the Wilson intervals.

    Returns:
        Rows of COLUMNS: ``runs`` of n, with their share. Panel ``circles``: x = circles by the
        authors' rule, without gaps from the least to the most; panel ``frequencies``: x = k.
    """
    good = complete(runs)
    if len(good) == 0:
        return pd.DataFrame(columns=COLUMNS)
    counts = good["n_2mean"].astype(int)
    circles = counts.value_counts().reindex(range(counts.min(), counts.max() + 1), fill_value=0)
    own = frequencies[frequencies["run_id"].isin(good["run_id"])]
    alive = own["alive_2mean"].astype(bool).groupby(own["k"]).sum().sort_index()
    parts = []
    for panel, found in (("circles", circles), ("frequencies", alive)):
        number = found.to_numpy(int)
        low, high = wilson(number, len(good), confidence)
        parts.append(
            pd.DataFrame(
                {
                    "panel": panel,
                    "x": np.asarray(found.index, dtype=int),
                    "runs": number,
                    "n": len(good),
                    "rate": number / len(good),
                    "rate_lo": low,
                    "rate_hi": high,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[COLUMNS]
