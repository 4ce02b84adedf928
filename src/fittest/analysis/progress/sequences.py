"""Statistics of the paper's other tasks: when answers are learned, how suddenly, and how late on a
sample (progress methods 2.17)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.changes import (
    change_suddenness,
    change_width,
    delayed_fall,
    distinct_times,
    row_means,
    steepest_drop,
)
from fittest.analysis.progress.constants import ChangeSettings
from fittest.analysis.progress.names import FRESH, SAMPLES, DigitsFresh
from fittest.analysis.statistics.intervals import Estimate, Resampling, median_estimate, rate
from fittest.analysis.statistics.table import Row, statistic_row

DROPS = ["seed", "token", "step", "fall", "over_next"]
GUESSES = (math.log(2), math.log(10))
"""Losses of a guess by frequency, nats: of the leading digit of a sum of two numbers, 0 as often as
1, and of any other digit."""


def smoothed(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Steps and train losses of one run, each loss the mean since the row before: a fresh batch
    makes single ones uneven. Rows without updates before them, such as that of step 0, are not
    there."""
    steps, each = rows["step"].to_numpy(), list(rows["train_losses"])
    lengths = np.array([len(part) for part in each])
    some = lengths > 0
    if not some.any():
        return steps[:0], np.empty(0)
    losses = np.concatenate([np.asarray(part, np.float64) for part in each])
    return steps[some], row_means(losses, lengths[some])


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


def digit_rows(drops: pd.DataFrame, rules: ChangeSettings, resampling: Resampling) -> list[Row]:
    """Whether each answer has a drop of its own, at a time of its own (DROPS)."""
    tokens = int(drops["token"].nunique())
    seeds = [part for _, part in drops.groupby("seed")]
    clear = int((drops["over_next"] >= rules.stands_out).sum())
    times = [distinct_times(part["step"], rules.apart) for part in seeds]
    first = [
        not part["step"].isna().any() and int(part.sort_values("step")["token"].iloc[0]) == 0
        for part in seeds
    ]
    return [
        statistic_row(DigitsFresh.TOKENS, tokens, len(seeds), "answers of an example"),
        statistic_row(
            DigitsFresh.DOMINANT,
            rate(clear, len(drops), resampling.confidence),
            len(drops),
            "share of answers with one dominant drop of their loss",
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


def change_rows(
    runset: str, trajectory: pd.DataFrame, rules: ChangeSettings, resampling: Resampling
) -> list[Row]:
    """How sudden the fall of the train loss is, on fresh examples."""
    curves = [smoothed(rows.sort_values("step")) for _, rows in trajectory.groupby("run_id")]
    found = []
    for name, measure, over in (
        ("width", change_width, "the run's length"),
        ("sudden", change_suddenness, "the step at which it ends"),
    ):
        values = [measure(*curve, rules.share) for curve in curves]
        note = f"shortest stretch with {rules.share:.0%} of the loss's fall, over {over}"
        estimate = median_estimate(values, resampling)
        found.append(statistic_row(FRESH[runset].of(name), estimate, len(values), note))
    return found


def fall_rows(
    runset: str, trajectory: pd.DataFrame, rules: ChangeSettings, resampling: Resampling
) -> list[Row]:
    """How the test loss falls after the train loss, on a sample."""
    falls = [
        delayed_fall(
            rows["step"], rows["train_loss"], rows["test_loss"], rules.learned, rules.factor
        )
        for _, rows in trajectory.sort_values("step").groupby("run_id")
    ]
    names, n = SAMPLES[runset], len(falls)

    def middle(values: list[float]) -> Estimate:
        return median_estimate(values, resampling)

    ratio = middle([one.ratio for one in falls])
    return [
        statistic_row(names.of("ratio"), ratio, n, "peak of the test loss over its least later"),
        statistic_row(
            names.of("learned"), middle([one.learned for one in falls]), n, "step, low train loss"
        ),
        statistic_row(
            names.of("fallen"), middle([one.fallen for one in falls]), n, "step, test loss fallen"
        ),
        statistic_row(
            names.of("peak"),
            middle([one.peak for one in falls]),
            n,
            "largest test loss once the train loss is low, nats",
        ),
    ]
