"""Least, most and middle of values over runs; NaN where there are none, or where one is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Middle,
    Resampling,
    cluster_bootstrap,
)

Values = Sequence[float] | np.ndarray | pd.Series


def least(values: Values) -> float:
    """The smallest."""
    found = np.asarray(values, dtype=np.float64)
    return float(found.min()) if len(found) else math.nan


def most(values: Values) -> float:
    """The largest."""
    found = np.asarray(values, dtype=np.float64)
    return float(found.max()) if len(found) else math.nan


def odd_run(values: Values, runs: Values) -> tuple[float, float]:
    """The run that the largest value belongs to, and the largest value of all others: how far a
    verdict hangs on one run. NaN where there are none.

    Args:
        runs: of each value, such as its seed.
    """
    found, of = np.asarray(values, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    if len(found) == 0 or np.isnan(found).any():
        return math.nan, math.nan
    odd = of[found.argmax()]
    return float(odd), most(found[of != odd])


def by_run(table: pd.DataFrame, column: str, middle: Middle, resampling: Resampling) -> Estimate:
    """Mean or median over all rows, with an interval over runs: what belongs to one run, such as
    its heads, is drawn together.

    Args:
        table: run_id and `column`.
    """
    values = table[column].to_numpy(np.float64)
    if len(values) == 0 or np.isnan(values).any():
        return NOTHING
    reduce: Any = {"mean": np.mean, "median": np.median}[middle]
    return cluster_bootstrap(lambda i: float(reduce(values[i])), table["run_id"], resampling)
