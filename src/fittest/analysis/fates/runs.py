"""Runs that did not fail, and how many did."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Row, statistic_row


def complete(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that did not fail: only these have counts."""
    return runs[~runs["failed"].astype(bool)]


def run_rows(names: type[StatisticName], runs: pd.DataFrame) -> list[Row]:
    """Runs, failed runs and, where the group has a name for it, the unsettled share (of those that
    did not fail) of a run-set."""
    good = complete(runs)
    failed = len(runs) - len(good)
    rows = [
        statistic_row(names.of("runs"), len(runs), len(runs), "runs asked for"),
        statistic_row(names.of("failed"), failed, len(runs), "NaN seen; left out"),
    ]
    if names.has("unsettled_share"):
        unsettled = float((~good["settled"].astype(bool)).mean()) if len(good) else np.nan
        name = names.of("unsettled_share")
        rows.append(statistic_row(name, unsettled, len(good), "at the last step"))
    return rows
