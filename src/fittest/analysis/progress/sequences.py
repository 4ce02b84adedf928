"""Statistics of the paper's other tasks: how suddenly and how far they are learned, and how late on
a sample (progress methods 2.17)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fittest.analysis.fates.curves import every_train_loss
from fittest.analysis.fates.slingshots import slingshot_steps
from fittest.analysis.progress.changes import (
    change_suddenness,
    change_width,
    delayed_fall,
    fall_left,
    later_fall,
    row_means,
    shortest_stretch,
    tail_median,
)
from fittest.analysis.progress.constants import ChangeSettings, OutcomeSettings
from fittest.analysis.progress.names import FRESH, SAMPLES
from fittest.analysis.statistics.intervals import Resampling, median_estimate
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.run import Run
from fittest.tasks.repeated_subsequence import RepeatedSubsequence


def loss_range(run: Run) -> tuple[float, float]:
    """The loss of a guess among all classes and the least one possible, nats.

    The first token of a repeated subsequence cannot be known; all else can, in every task here.
    """
    guess = math.log(run.task.shape().classes)
    if isinstance(run.task, RepeatedSubsequence):
        return guess, guess / run.task.subsequence
    return guess, 0.0


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
    stretches = [shortest_stretch(*curve, rules.share) for curve in curves]
    told = {
        "end": (ends, "train loss at the end, nats"),
        "left": (
            [fall_left(end, *one) for end, one in zip(ends, ranges, strict=True)],
            "share of the way from a guess to the least loss possible that is left at the end",
        ),
        "floor": ([floor for _, floor in ranges], "least loss possible, nats"),
        "start": ([start for start, _ in stretches], "step at which the change begins"),
        "stop": ([stop for _, stop in stretches], "step at which it ends"),
        "later": (
            [later_fall(*curve, rules.tail) for curve in curves],
            "share of the fall that comes after half of the steps",
        ),
        "accuracy": (
            [tail_median(one["step"], one["test_accuracy"], rules.tail) for one in parts.values()],
            "test accuracy at the end",
        ),
    }
    for name, measure, over in (
        ("width", change_width, "the run's length"),
        ("sudden", change_suddenness, "the step at which it ends"),
    ):
        note = f"shortest stretch with {rules.share:.0%} of the loss's fall, over {over}"
        told[name] = ([measure(*curve, rules.share) for curve in curves], note)
    return _medians(FRESH[runset], told, resampling)


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
        slingshot_steps(
            *every_train_loss(rows), outcomes.after, outcomes.factor, outcomes.refractory
        )
        for rows in parts
    ]
    before = [
        [step for step in steps if step <= fall.fallen]
        for steps, fall in zip(shots, falls, strict=True)
    ]
    since = [
        fall.fallen - steps[-1] if steps else math.nan
        for steps, fall in zip(before, falls, strict=True)
    ]
    ends = [tail_median(rows["step"], rows["train_loss"], rules.tail) for rows in parts]
    told = {
        "ratio": ([one.ratio for one in falls], "peak of the test loss over what it comes to"),
        "learned": ([one.learned for one in falls], "step, low train loss"),
        "fallen": ([one.fallen for one in falls], "step, test loss fallen"),
        "peak": (
            [one.peak for one in falls],
            "largest test loss once the train loss is low, nats",
        ),
        "train_end": (ends, "train loss at the end, nats"),
        "all_shots": ([float(len(steps)) for steps in shots], "slingshots"),
        "shots": (
            [float(len(steps)) for steps in before],
            "slingshots up to the step at which the test loss has fallen",
        ),
        "since": (since, "steps from the last of them to that step"),
    }
    return _medians(SAMPLES[runset], told, resampling)


def _medians(
    names: type[StatisticName],
    told: Mapping[str, tuple[Sequence[float], str]],
    resampling: Resampling,
) -> list[Row]:
    """Medians over runs: values and a note by the statistic's name."""
    return [
        statistic_row(names.of(name), median_estimate(values, resampling), len(values), note)
        for name, (values, note) in told.items()
    ]
