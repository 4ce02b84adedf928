"""When each answer of five-digit addition is learned (progress methods 2.17)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.changes import distinct_times, steepest_drop
from fittest.analysis.progress.constants import ChangeSettings
from fittest.analysis.progress.names import DigitsFresh
from fittest.analysis.statistics.intervals import Resampling, median_estimate, rate
from fittest.analysis.statistics.table import Row, statistic_row

DROPS = ["seed", "token", "step", "fall", "over_next"]
GUESSES = (math.log(2), math.log(10))
"""Losses of a guess by frequency, nats: of the leading digit of a sum of two numbers, 0 as often as
1, and of any other digit."""


def token_drops(
    runs: pd.DataFrame, trajectory: pd.DataFrame, rules: ChangeSettings
) -> pd.DataFrame:
    """The steepest drop of the loss of every answer of every run below that of a guess: DROPS.

    How often each digit comes is learned within the first steps, and is no arithmetic: losses above
    those of GUESSES count as these.

    Args:
        runs: run_id, seed. trajectory: run_id, step, train_token_losses (nats).
    """
    found = []
    for run in runs.itertuples():
        rows = trajectory[trajectory["run_id"] == run.run_id].sort_values("step")
        losses = np.stack([np.asarray(one, np.float64) for one in rows["train_token_losses"]])
        for token, curve in enumerate(losses.T):
            guess = GUESSES[min(token, 1)]
            drop = steepest_drop(rows["step"], np.minimum(curve, guess), rules.window)
            found.append((run.seed, token, drop.step, drop.fall, drop.over_next))
    return pd.DataFrame(found, columns=DROPS)


TOKENS = ["token", "step", "loss"]
"""token -1 is the mean of all answers."""


def token_curves(runs: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """The train losses of every answer of the run of the lowest seed, and their mean: TOKENS.

    Args:
        runs, trajectory: as in ``token_drops``, with train_loss.
    """
    if len(runs) == 0:
        return pd.DataFrame(columns=TOKENS)
    first = runs.sort_values("seed")["run_id"].iloc[0]
    rows = trajectory[trajectory["run_id"] == first].sort_values("step")
    losses = np.stack([np.asarray(one, np.float64) for one in rows["train_token_losses"]])
    curves = {-1: rows["train_loss"].to_numpy(), **dict(enumerate(losses.T))}
    parts = [
        pd.DataFrame({"token": token, "step": rows["step"].to_numpy(), "loss": curve})
        for token, curve in curves.items()
    ]
    return pd.concat(parts, ignore_index=True)[TOKENS]


def digit_rows(
    drops: pd.DataFrame, wider: pd.DataFrame, rules: ChangeSettings, resampling: Resampling
) -> list[Row]:
    """Whether each answer has a drop of its own, at a time of its own.

    Args:
        drops: DROPS. wider: the same, measured over twice as many steps: no paper says how long a
            drop may take, and fresh batches are noisy over few steps.
    """
    tokens = int(drops["token"].nunique())
    seeds = [part for _, part in drops.groupby("seed")]
    clear, clear_wider = (
        [float((p["over_next"] >= rules.stands_out).mean()) for _, p in table.groupby("seed")]
        for table in (drops, wider)
    )
    least = [float(part["over_next"].min()) for part in seeds]
    times = [distinct_times(part["step"], rules.apart) for part in seeds]
    first = [
        not part["step"].isna().any() and int(part.sort_values("step")["token"].iloc[0]) == 0
        for part in seeds
    ]
    return [
        statistic_row(DigitsFresh.TOKENS, tokens, len(seeds), "answers of an example"),
        statistic_row(
            DigitsFresh.DOMINANT,
            median_estimate(clear, resampling),
            len(seeds),
            "share of answers with one dominant drop of their loss, median over runs",
        ),
        statistic_row(
            DigitsFresh.DOMINANT_WIDER,
            median_estimate(clear_wider, resampling),
            len(seeds),
            "likewise, of drops over twice as many steps",
        ),
        statistic_row(
            DigitsFresh.LEAST_CLEAR,
            median_estimate(least, resampling),
            len(seeds),
            "that drop over the next largest, of the answer where it is least, median over runs",
        ),
        statistic_row(
            DigitsFresh.DISTINCT,
            median_estimate(times, resampling),
            len(seeds),
            "distinct times of these drops, median over runs",
        ),
        statistic_row(
            DigitsFresh.FIRST,
            rate(sum(first), len(first), resampling.confidence),
            len(first),
            "share of runs that learn the leading digit first",
        ),
    ]
