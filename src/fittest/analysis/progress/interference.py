"""Waves that agree at one place only: why a few frequencies suffice (progress paper, app. B)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ["panel", "k", "x", "value"]
"""k = 0 stands for the sum over all frequencies."""


def waves(p: int, frequencies: Sequence[int]) -> NDArray[np.float64]:
    """(frequencies, p) values of cos(2 pi k x / p), x = 0..p-1. ValueError for a frequency that is
    not between 1 and (p-1)/2."""
    for k in frequencies:
        if not 1 <= k <= (p - 1) // 2:
            raise ValueError(f"a frequency lies between 1 and {(p - 1) // 2}, unlike {k}")
    # Of the remainder, so that equal angles have equal cosines.
    turns = np.outer(np.asarray(frequencies, dtype=np.int64), np.arange(p)) % p
    return np.asarray(np.cos(2 * np.pi * turns / p))


def second_peak(p: int, frequencies: Sequence[int]) -> float:
    """The largest sum of the waves beside that at x = 0, over that at 0, which is their number."""
    total = waves(p, frequencies).sum(axis=0)
    return float(total[1:].max() / total[0])


def wave_table(panel: str, p: int, frequencies: Sequence[int]) -> pd.DataFrame:
    """COLUMNS: every wave and their sum over the number of waves."""
    values = waves(p, frequencies)
    parts = [
        pd.DataFrame({"panel": panel, "k": k, "x": np.arange(p), "value": row})
        for k, row in [
            *zip(frequencies, values, strict=True),
            (0, values.mean(axis=0)),
        ]
    ]
    return pd.concat(parts, ignore_index=True)[COLUMNS]
