"""How far runs over frozen embeddings lie above guessing: the colour of figure 9 (methods 7.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.completeness.learned import accuracies_on_test
from fittest.runs.run import Run
from fittest.store import by_step
from fittest.tasks import Task

Balanced = Mapping[tuple[str, int], float]
"""(run_id, step) -> balanced test accuracy there."""


def needed_checkpoints(table: pd.DataFrame) -> Callable[[pd.DataFrame], NDArray[np.bool_]]:
    """Which rows of a `weights` table `balanced_accuracies` needs. table: run_id, step."""
    places = set(zip(table["run_id"], table["step"], strict=True))

    def wanted(rows: pd.DataFrame) -> NDArray[np.bool_]:
        pairs = zip(rows["run_id"], rows["step"], strict=True)
        return np.fromiter(((i, int(s)) in places for i, s in pairs), bool, len(rows))

    return wanted


def balanced_accuracies(runs: pd.DataFrame, weights: pd.DataFrame) -> dict[tuple[str, int], float]:
    """Mean over the labels of the share of their test pairs that are answered right.

    Args:
        runs: the `runs` table. weights: rows of the `weights` table with all parameters of a step.

    Returns:
        (run_id, step) -> from 0 to 1.
    """
    configs = dict(zip(runs["run_id"].astype(str), runs["config"].astype(str), strict=True))
    found: dict[tuple[str, int], float] = {}
    for _, rows in weights.groupby(["run_id", "step"]):
        run_id, step = str(rows["run_id"].iloc[0]), int(rows["step"].iloc[0])
        run = Run.model_validate_json(configs[run_id])
        found[run_id, step] = accuracies_on_test(run, by_step(rows)[step])[1]
    return found


def above_guessing(table: pd.DataFrame, runs: pd.DataFrame, balanced: Balanced) -> pd.DataFrame:
    """Add test_skill: how far the balanced accuracy lies above that of always giving one answer,
    as a share of what is left to be learned: 0 for who always says no, 1 for all right.

    Where the labels are equally frequent the recorded accuracy is balanced as it stands; elsewhere
    a step without stored weights has none (NaN).

    Args:
        table: run_id, step, test_accuracy; a row per run and share of the steps.
        runs: the `runs` table, of one task. balanced: from ``balanced_accuracies``.
    """
    if len(runs) == 0:
        return table.assign(test_skill=np.nan)
    task = Run.model_validate_json(str(runs["config"].iloc[0])).task.build()
    if not isinstance(task, Task):
        raise ValueError(f"task: {type(task).__name__} has no answer for each pair")
    labels = task.labels
    counts = np.unique(np.ravel(labels), return_counts=True)[1]
    if (counts == counts[0]).all():
        accuracy = table["test_accuracy"].to_numpy(float)
    else:
        places = zip(table["run_id"], table["step"], strict=True)
        accuracy = np.array([balanced.get((i, int(s)), np.nan) for i, s in places], dtype=float)
    chance = 1 / len(counts)
    return table.assign(test_skill=(accuracy - chance) / (1 - chance))
