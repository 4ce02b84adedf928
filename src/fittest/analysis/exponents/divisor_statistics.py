"""Statistics of networks on greatest common divisors (exponents methods 2.12; G01-G03)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.divisors import late_rise, stages, task_of
from fittest.analysis.exponents.other_names import DIVISORS
from fittest.analysis.exponents.settings import DivisorSettings
from fittest.analysis.exponents.smooth_numbers import smooth
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.run import Run

CHECKPOINTS = ["run_id", "runset", "end", "seed", "step", "loss", "accuracy", "unaided", "pairs"]
"""Of a row per checkpoint, on pairs of all divisors equally: loss (nats), share of right answers,
and of those written unaided, missing where nothing ends an answer. end: whether something does."""
BY_DIVISOR = ["run_id", "runset", "end", "seed", "step", "divisor", "pairs", "accuracy"]
COLUMNS = [
    *("run_id", "runset", "end", "seed", "steps", "epoch"),
    *("train_accuracy", "learned", "overfit", "rise", "accuracy", "unaided"),
    *("stages", "stages_half", "known", "known_smooth"),
]
"""Of a row per run. epoch: updates of one; train_accuracy: highest; learned: first recorded step at
which it is high; overfit: last loss over the least; rise: largest late one of the accuracy; stages:
checkpoints at which divisors that the last digits tell become known, and stages_half: at which a
half of their pairs are right; known: divisors that are, in the end, and how many of these the last
digits tell."""
HALF = 0.5
"""Accuracy of a divisor that is half known."""
TRAJECTORY = ["run_id", "step", "train_loss", "test_loss", "train_exact", "test_exact"]


def divisor_run(
    named: dict[str, Any],
    run: Run,
    rows: pd.DataFrame,
    checkpoints: pd.DataFrame,
    divisors: pd.DataFrame,
    rules: DivisorSettings,
) -> dict[str, Any]:
    """COLUMNS of one run.

    Args:
        named: run_id, runset, end, seed. rows: TRAJECTORY, in the order of steps. checkpoints,
            divisors: CHECKPOINTS and BY_DIVISOR of the run.
    """
    data: Any = run.trained_on
    ordered = checkpoints.sort_values("step")
    trained = rows["train_exact"].to_numpy(float)
    reached = np.flatnonzero(trained >= rules.trained)
    learned = float(rows["step"].iloc[reached[0]]) if len(reached) else math.inf
    losses, accuracies = ordered["loss"].to_numpy(float), ordered["accuracy"].to_numpy(float)
    told = smooth(task_of(run).base, rules.largest)
    last = divisors[divisors["step"] == divisors["step"].max()]
    known = last.loc[last["accuracy"] >= rules.known, "divisor"]
    steps = int(rows["step"].iloc[-1])
    return {
        **named,
        "steps": steps,
        "epoch": math.ceil(data.examples / data.per_step(data.examples)),
        "train_accuracy": float(trained.max()),
        "learned": learned,
        "overfit": float(losses[-1] / losses.min()) if losses.min() > 0 else math.inf,
        "rise": late_rise(
            ordered["step"].tolist(), list(accuracies), learned, rules.within * steps
        ),
        "accuracy": float(accuracies[-1]),
        "unaided": float(ordered["unaided"].iloc[-1]),
        "stages": stages(divisors, told, rules.known),
        "stages_half": stages(divisors, told, HALF),
        "known": len(known),
        "known_smooth": int(known.isin(told).sum()),
    }


def divisor_rows(table: pd.DataFrame) -> list[Row]:
    """Statistics by run-set. table: COLUMNS. What the report did is without a sign at the end: all
    but `unaided` is of these runs."""
    rows: list[Row] = []
    for runset, names in DIVISORS.items():
        every = table[table["runset"] == runset]
        plain, ended = (every[every["end"].astype(bool) == end] for end in (False, True))
        n = len(plain)
        told: list[tuple[str, float, str]] = [
            (
                "overfit",
                _of(plain, "overfit", "min"),
                "last loss over the least, least run",
            ),
            ("train", _of(plain, "train_accuracy", "min"), "highest train accuracy, worst run"),
            ("rise", _of(plain, "rise", "max"), "largest late rise of the accuracy"),
            ("accuracy", _of(plain, "accuracy", "median"), "accuracy at the end, median"),
            ("stages", _of(plain, "stages", "max"), "steps at which divisors become known, most"),
            (
                "stages_half",
                _of(plain, "stages_half", "max"),
                "steps at which half of a divisor's pairs become right, most",
            ),
            ("known", _of(plain, "known", "median"), "divisors known at the end, median"),
            (
                "known_smooth",
                _of(plain, "known_smooth", "median"),
                "of these, such that the last digits tell, median",
            ),
        ]
        rows += [statistic_row(names.of(name), value, n, note) for name, value, note in told]
        said = "accuracy unaided at the end, with a sign that ends answers, median"
        unaided = _of(ended, "unaided", "median")
        rows.append(statistic_row(names.of("unaided"), unaided, len(ended), said))
    return rows


def _of(part: pd.DataFrame, column: str, how: str) -> float:
    """NaN without runs."""
    return float(part[column].agg(how)) if len(part) else math.nan
