"""Survival rates over a plane of two measures: what figure 7 shows of signal and gradient."""

from __future__ import annotations

import numpy as np
import pandas as pd

CELL_COLUMNS = ["x_lo", "x_hi", "y_lo", "y_hi", "n", "rate"]


def rate_cells(table: pd.DataFrame, x: str, y: str, bins: int, least: int) -> pd.DataFrame:
    """Survival rates in equal cells over the range of two columns.

    Args:
        table: alive (bool) and the columns ``x`` and ``y``.
        bins: along either axis. least: frequencies that a cell needs for its rate.

    Returns:
        A row of CELL_COLUMNS per cell that is full enough; edges in the units of the columns.
    """
    if len(table) == 0:
        return pd.DataFrame(columns=CELL_COLUMNS)
    first, second = (table[name].to_numpy(np.float64) for name in (x, y))
    alive = table["alive"].to_numpy(bool)
    edges = [np.histogram_bin_edges(values, bins) for values in (first, second)]
    total, _, _ = np.histogram2d(first, second, edges)
    good, _, _ = np.histogram2d(first[alive], second[alive], edges)
    i, j = np.nonzero(total >= least)
    cells = {
        "x_lo": edges[0][i],
        "x_hi": edges[0][i + 1],
        "y_lo": edges[1][j],
        "y_hi": edges[1][j + 1],
        "n": total[i, j].astype(int),
        "rate": good[i, j] / total[i, j],
    }
    return pd.DataFrame(cells, columns=CELL_COLUMNS)
