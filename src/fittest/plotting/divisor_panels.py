"""What the figures of networks on greatest common divisors share: which runs, and their epochs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

SETS = {"gcd_uniform": "uniform numbers", "gcd_log_uniform": "log-uniform numbers"}
"""Run-set -> title of its panels."""


def own_runs(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the report's own runs: these have no sign at the end of a number."""
    return table[~table["end"].astype(bool)]


def told(table: pd.DataFrame, words: Callable[[str], str]) -> str:
    """What is found of each run-set that has rows; `words` says it of a run-set."""
    found = [
        f"{title}: {words(name)}" for name, title in SETS.items() if (table["runset"] == name).any()
    ]
    return "; ".join(found) or "no runs"


def epoch_steps(runs: pd.DataFrame) -> float:
    """Steps of an epoch of some runs alike; 1 where there are none."""
    return float(runs["epoch"].iloc[0]) if len(runs) else 1.0
