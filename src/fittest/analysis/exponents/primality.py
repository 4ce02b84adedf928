"""Whether networks learn to tell primes, and what guessing gives (exponents methods 2.10; P01,
P02)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.baselines import baseline_of
from fittest.analysis.exponents.other_names import PRIMALITY
from fittest.analysis.exponents.outcomes import run_outcomes
from fittest.analysis.exponents.settings import OutcomeSettings
from fittest.analysis.fates.curves import every_train_loss, thinned
from fittest.analysis.statistics.intervals import Resampling, median_estimate, rate
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.run import Run

TRAJECTORY = [
    *("run_id", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy"),
    *("train_losses", "train_balanced_accuracy", "test_balanced_accuracy"),
]
"""Columns that are read of a trajectory."""
CURVES = ["runset", "seed", "series", "step", "value"]
SERIES = {
    "train": "train_loss",
    "test": "test_loss",
    "train balanced": "train_balanced_accuracy",
    "test balanced": "test_balanced_accuracy",
}
"""Curve -> column of a trajectory; the first two are losses in nats."""


def primality_runs(
    runs: pd.DataFrame, trajectory: pd.DataFrame, rules: OutcomeSettings
) -> pd.DataFrame:
    """A row per run that did not fail: COLUMNS of outcomes, and

    - rule, baseline, rule_balanced: the simple rule of its arm, and the test loss (nats) and the
      balanced test accuracy of that;
    - least_test_loss, gain: the least test loss, and how far it is below the baseline;
    - overfit: the last test loss over the least;
    - best_train_accuracy, best_balanced: the highest ones, the second on test numbers.

    runs, trajectory: `runs` tables and rows of at least these runs (TRAJECTORY).
    """
    table = run_outcomes(runs, trajectory, rules)
    by_run = dict(iter(trajectory.groupby("run_id")))
    configs = runs.drop_duplicates("run_id").set_index("run_id")["config"]
    more: list[dict[str, Any]] = []
    for run_id in table["run_id"]:
        rows = by_run[run_id].sort_values("step")
        simple = baseline_of(Run.model_validate_json(str(configs[run_id])))
        losses = rows["test_loss"].to_numpy(dtype=np.float64)
        more.append(
            {
                "rule": simple.rule,
                "baseline": simple.loss,
                "rule_balanced": simple.balanced,
                "least_test_loss": float(losses.min()),
                "gain": simple.loss - float(losses.min()),
                "overfit": float(losses[-1] / losses.min()) if losses.min() > 0 else math.inf,
                "best_train_accuracy": float(rows["train_accuracy"].max()),
                "best_balanced": float(rows["test_balanced_accuracy"].max()),
            }
        )
    columns = [
        *("rule", "baseline", "rule_balanced", "least_test_loss", "gain", "overfit"),
        *("best_train_accuracy", "best_balanced"),
    ]
    return table.join(pd.DataFrame(more, columns=columns, index=table.index))


def primality_curves(table: pd.DataFrame, trajectory: pd.DataFrame, pieces: int) -> pd.DataFrame:
    """CURVES of all runs of `primality_runs`; the train loss at every step where recorded.

    pieces: see ``thinned``.
    """
    by_run = dict(iter(trajectory.groupby("run_id")))
    parts = []
    for run in table.to_dict("records"):
        rows = by_run[run["run_id"]].sort_values("step")
        for series, column in SERIES.items():
            steps, values = rows["step"].to_numpy(), rows[column].to_numpy(dtype=np.float64)
            if series == "train":
                steps, values = every_train_loss(rows)
            kept = thinned(steps, values, pieces)
            shown = pd.DataFrame({"step": steps[kept], "value": values[kept]})
            parts.append(shown.assign(runset=run["runset"], seed=run["seed"], series=series))
    if not parts:
        return pd.DataFrame(columns=CURVES)
    return pd.concat(parts, ignore_index=True)[CURVES]


def primality_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics of all arms, of `primality_runs`."""
    rows: list[Row] = []
    for runset, names in PRIMALITY.items():
        part = table[table["runset"] == runset]
        n = len(part)

        def most(column: str, part: pd.DataFrame = part) -> float:
            return float(part[column].max()) if len(part) else math.nan

        memorised = int((part["outcome"] == "memorised").sum())
        least = float(part["best_train_accuracy"].min()) if n else math.nan
        rows += [
            statistic_row(
                names.of("memorised"),
                rate(memorised, n, resampling.confidence),
                n,
                "share of runs that memorise and never generalise",
            ),
            statistic_row(
                names.of("gain"), most("gain"), n, "rule's test loss less the least one, largest"
            ),
            statistic_row(names.of("baseline"), _middle(part, "baseline"), n, "rule's test loss"),
            statistic_row(
                names.of("balanced"), most("best_balanced"), n, "highest balanced test accuracy"
            ),
            statistic_row(
                names.of("train_accuracy"), least, n, "highest train accuracy, of the worst run"
            ),
            statistic_row(
                names.of("overfit"),
                median_estimate(part["overfit"], resampling),
                n,
                "last test loss over the least, median over runs",
            ),
        ]
    return rows


def _middle(part: pd.DataFrame, column: str) -> float:
    return float(part[column].median()) if len(part) else math.nan
