"""Losses over frozen embeddings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.sweeps.frozen import losses_at, median_ratio, size_groups

R = Resampling(draws=200, seed=0, confidence=0.95)


def test_losses_at_shares_of_the_steps() -> None:
    runs = pd.DataFrame(
        {
            "run_id": ["a", "b"],
            "p": 13,
            "d": [4, 8],
            "seed_embedding": [0, 1],
            "steps": 1000,
            "failed": [False, True],
        }
    )
    steps = [0, 100, 500, 1000]
    trajectory = pd.DataFrame(
        {"run_id": "a", "step": steps, "test_loss": [4.0, 3.0, 2.0, 1.0], "test_accuracy": 0.5}
    ).iloc[::-1]
    table = losses_at(runs, trajectory, [0.05, 0.1, 0.6, 1.0])
    # 50 was not recorded: the last step before it counts.
    assert table["step"].tolist() == [0, 100, 500, 1000]
    assert table["test_loss"].tolist() == [4, 3, 2, 1]
    assert set(table["run_id"]) == {"a"}
    assert len(losses_at(runs.iloc[:0], trajectory, [1.0])) == 0


def test_size_groups() -> None:
    groups = size_groups([16, 20, 21, 58, 59, 128], [59] * 6, 20)
    assert groups.tolist() == ["small", "small", "medium", "medium", "large", "large"]
    # A small modulus leaves no room for the medium ones.
    assert size_groups([4, 13, 20], [13] * 3, 20).tolist() == ["small", "large", "large"]


def test_median_ratio() -> None:
    loss, group = [1.0, 2.0, 9.0, 4.0, 4.0], ["large"] * 3 + ["medium"] * 2
    found = median_ratio(loss, group, "large", "medium", R)
    assert found.value == 0.5
    assert found.lo == 0.25
    assert np.isnan(median_ratio(loss, group, "small", "medium", R).value)
