"""Statistics of the paper's other tasks: when answers are learned, how suddenly, and how late on a
sample (progress methods 2.17)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.fates.curves import every_train_loss
from fittest.analysis.fates.slingshots import slingshot_steps
from fittest.analysis.progress.changes import (
    change_suddenness,
    change_width,
    delayed_fall,
    distinct_times,
    fall_left,
    later_fall,
    row_means,
    steepest_drop,
    tail_median,
)
from fittest.analysis.progress.constants import ChangeSettings, OutcomeSettings
from fittest.analysis.progress.names import FRESH, SAMPLES, DigitsFresh
from fittest.analysis.statistics.intervals import Estimate, Resampling, median_estimate, rate
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.run import Run
from fittest.tasks.repeated_subsequence import RepeatedSubsequence

DROPS = ["seed", "token", "step", "fall", "over_next"]
GUESSES = (math.log(2), math.log(10))
"""Losses of a guess by frequency, nats: of the leading digit of a sum of two numbers, 0 as often as
1, and of any other digit."""


def loss_range(run: Run) -> tuple[float, float]:
    """The loss of a guess among all classes and the least one possible, nats.

    The first token of a repeated subsequence cannot be known; all else can, in every task here.
    """
    guess = math.log(run.task.shape().classes)
    hidden = isinstance(run.task, RepeatedSubsequence)
    return guess, guess / run.task.subsequence if hidden else 0.0


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


def change_rows(
    runset: str,
    runs: pd.DataFrame,
    trajectory: pd.DataFrame,
    rules: ChangeSettings,
    resampling: Resampling,
) -> list[Row]:
    """How sudden the fall of the train loss is, on fresh examples, and how far it goes.

    Args:
        runs: run_id, config. trajectory: run_id, step, train_loss, train_losses, test_accuracy.
    """
    settings = dict(zip(runs["run_id"], runs["config"], strict=True))
    parts = {run_id: rows.sort_values("step") for run_id, rows in trajectory.groupby("run_id")}
    curves = [smoothed(rows) for rows in parts.values()]
    ranges = [loss_range(Run.model_validate_json(settings[run_id])) for run_id in parts]
    ends = [tail_median(*curve, rules.tail) for curve in curves]
    told = {
        "end": (ends, "train loss at the end, nats"),
        "left": (
            [fall_left(end, *one) for end, one in zip(ends, ranges, strict=True)],
            "share of the way from a guess to the least loss possible that is left at the end",
        ),
        "later": (
            [later_fall(*curve, rules.tail) for curve in curves],
            "share of the fall that comes after half of the steps",
        ),
        "accuracy": (
            [tail_median(one["step"], one["test_accuracy"], rules.tail) for one in parts.values()],
            "test accuracy at the end",
        ),
    }
    found = [
        statistic_row(
            FRESH[runset].of(name), median_estimate(values, resampling), len(values), note
        )
        for name, (values, note) in told.items()
    ]
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
    runset: str,
    trajectory: pd.DataFrame,
    rules: ChangeSettings,
    outcomes: OutcomeSettings,
    resampling: Resampling,
) -> list[Row]:
    """How the test loss falls after the train loss, on a sample; and slingshots up to there.

    outcomes: its numbers of slingshots.
    """
    parts = [rows for _, rows in trajectory.sort_values("step").groupby("run_id")]
    falls = [
        delayed_fall(
            rows["step"],
            rows["train_loss"],
            rows["test_loss"],
            rules.learned,
            rules.factor,
            rules.tail,
        )
        for rows in parts
    ]
    shots = [
        [
            step
            for step in slingshot_steps(
                *every_train_loss(rows), outcomes.after, outcomes.factor, outcomes.refractory
            )
            if step <= fall.fallen
        ]
        for rows, fall in zip(parts, falls, strict=True)
    ]
    since = [
        fall.fallen - before[-1] if before else math.nan
        for fall, before in zip(falls, shots, strict=True)
    ]
    names, n = SAMPLES[runset], len(falls)

    def middle(values: list[float]) -> Estimate:
        return median_estimate(values, resampling)

    ratio = middle([one.ratio for one in falls])
    return [
        statistic_row(names.of("ratio"), ratio, n, "peak of the test loss over what it comes to"),
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
        statistic_row(
            names.of("shots"),
            middle([float(len(before)) for before in shots]),
            n,
            "slingshots up to the step at which the test loss has fallen",
        ),
        statistic_row(
            names.of("since"), middle(since), n, "steps from the last of them to that step"
        ),
    ]
