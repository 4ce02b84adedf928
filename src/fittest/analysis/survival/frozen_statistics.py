"""More of figure 4: a step at d = p beside the trend, levels and times (S09, S10, S55)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import Resampling, share
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.names import Frozen
from fittest.analysis.sweeps.frozen import median_ratio, size_groups
from fittest.analysis.sweeps.transitions import jump, level_dimension, time_trend, transition

ARMS = ("authors", "gauss1")
"""Further sets of runs: the authors' own random numbers, and the text's initial MLP."""


def transition_rows(
    table: pd.DataFrame,
    times: pd.DataFrame,
    reach: int,
    levels: Sequence[float],
    accurate: float,
    resampling: Resampling,
) -> list[Row]:
    """Whether the loss steps down at d = p, beyond falling with d (S09), and what is learned (S55).

    Args:
        table: from ``frozen.losses_at``. times: from ``transitions.times_to``.
        reach: dimensions on each side of p that are fitted. levels: test losses, nats.
        accurate: test accuracy of a run that generalises.
    """
    shares = sorted(table["share"].unique()) if len(table) else []
    rows = []
    for index in range(4):
        part = table[table["share"] == shares[index]] if index < len(shares) else table.iloc[:0]
        p = float(part["p"].iloc[0]) if len(part) else np.nan
        factor = jump(part["d"], part["test_loss"], p, reach, resampling)
        step = f"step {int(part['step'].max()):,}" if len(part) else "no step"
        rows.append(
            statistic_row(
                Frozen.of(f"jump_{index + 1}"),
                factor,
                len(part),
                f"factor of the test loss at d = p beyond its trend, {step}; bootstrap over runs"
                " within dimensions",
            )
        )
    last = table[table["share"] == shares[-1]] if shares else table
    d, loss = last["d"], last["test_loss"]
    p = float(last["p"].iloc[0]) if len(last) else np.nan
    rows.append(
        statistic_row(
            Frozen.TREND_TRANSITION_D,
            transition(d, loss, p, reach, resampling),
            len(last),
            "smallest d beyond the step that fits best beside a trend, last step",
            p if np.isfinite(p) else None,
        )
    )
    for index, level in enumerate(levels):
        rows.append(
            statistic_row(
                Frozen.of(f"level_{index + 1}_d"),
                level_dimension(d, loss, level) if len(last) else np.nan,
                len(last),
                f"smallest d from which the median test loss stays at {level:g} or below",
            )
        )
    rows.append(
        statistic_row(
            Frozen.SPEARMAN_D_TIME,
            time_trend(times, resampling),
            len(times),
            "d and the first step with a test loss of that level, runs",
        )
    )
    large = last[last["d"] >= last["p"]]
    rows.append(
        statistic_row(
            Frozen.ACCURATE_LARGE,
            share(large["test_accuracy"] >= accurate, resampling.confidence),
            len(large),
            f"share of runs with d >= p and a test accuracy of {accurate:g}; Wilson",
        )
    )
    return rows


def arm_rows(arm: str, table: pd.DataFrame, small: int, resampling: Resampling) -> list[Row]:
    """Small against medium d in one of ARMS (S10). table: from ``frozen.losses_at``."""
    last = table[table["share"] == table["share"].max()]
    group = size_groups(last["d"], last["p"], small)
    ratio = median_ratio(last["test_loss"], group, "small", "medium", resampling)
    note = "median test loss at the last step, small d over medium; bootstrap over runs"
    return [
        statistic_row(Frozen.of(f"{arm}_runs"), len(last), len(last), "runs that did not fail"),
        statistic_row(Frozen.of(f"{arm}_ratio_small"), ratio, len(last), note),
    ]
