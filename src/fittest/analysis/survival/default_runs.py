"""Default runs by their ends alone: how many circles, which, how soon solved (S02, S08, S51, S56,
S58, K50)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete, run_rows
from fittest.analysis.statistics.intervals import Resampling, over_runs, share
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.names import Defaults

FEW = (3, 5)
"""Circles that the paper calls few (its section 1)."""


def default_rows(
    runs: pd.DataFrame,
    frequencies: pd.DataFrame,
    gauss1: pd.DataFrame,
    accurate: float,
    resampling: Resampling,
) -> list[Row]:
    """Statistics over runs; shares with Wilson's interval.

    Args:
        runs, frequencies: tables of default runs that went on until settled or to the last step.
        gauss1: `runs` table of runs whose MLP starts as the text has it.
        accurate: test accuracy of a run that generalises.
    """
    good = complete(runs)
    counts = good["n_2mean"].to_numpy(float)
    n, confidence = len(good), resampling.confidence
    first = good["first_full_test_accuracy"].astype("Float64").to_numpy(float, na_value=np.inf)
    fates = frequencies[frequencies["run_id"].isin(good["run_id"])].dropna(subset=["signal0"])
    # Tables of several run-sets put together may repeat their labels.
    fates = fates.reset_index(drop=True)
    largest = fates.loc[fates.groupby("run_id")["signal0"].idxmax()] if len(fates) else fates
    sets = {tuple(sorted(int(k) for k in ks)) for ks in good["survivors"]}
    plain = complete(gauss1)
    return [
        *run_rows(Defaults, runs),
        statistic_row(
            Defaults.CIRCLES, *over_runs(counts, "mean", resampling), "mean number at the end"
        ),
        statistic_row(
            Defaults.THREE_TO_FIVE,
            share((counts >= FEW[0]) & (counts <= FEW[1]), confidence),
            n,
            "share of runs with 3 to 5 circles at the end",
        ),
        statistic_row(
            Defaults.THREE_OR_MORE,
            share(counts >= FEW[0], confidence),
            n,
            "share of runs with three circles or more at the end",
        ),
        statistic_row(
            Defaults.LEAST_CIRCLES, counts.min() if n else np.nan, n, "fewest circles of any run"
        ),
        statistic_row(
            Defaults.LARGEST_DIES,
            share(~largest["alive_2mean"].astype(bool), confidence),
            len(largest),
            "share of runs whose largest initial signal dies",
        ),
        statistic_row(
            Defaults.SOLVED_STEP,
            *over_runs(first, "median", resampling),
            "first recorded step with full test accuracy, median over runs",
        ),
        statistic_row(
            Defaults.SOLVED, share(np.isfinite(first), confidence), n, "share that gets there"
        ),
        statistic_row(
            Defaults.DIFFERENT_SETS,
            len(sets) / n if n else np.nan,
            n,
            "different sets of survivors over runs",
        ),
        statistic_row(Defaults.GAUSS1_RUNS, len(plain), len(gauss1), "runs that did not fail"),
        statistic_row(
            Defaults.GAUSS1_ACCURATE,
            share(plain["test_accuracy"].to_numpy(float) >= accurate, confidence),
            len(plain),
            f"share with a test accuracy of {accurate:g} at the end, MLP from N(0, 1)",
        ),
        statistic_row(
            Defaults.GAUSS1_CIRCLES,
            *over_runs(plain["n_2mean"].to_numpy(float), "mean", resampling),
            "mean number of circles at the end, MLP from N(0, 1)",
        ),
        statistic_row(
            Defaults.GAUSS1_LOSS,
            *over_runs(plain["test_loss"].to_numpy(float), "median", resampling),
            "median test loss at the end, MLP from N(0, 1)",
        ),
    ]
