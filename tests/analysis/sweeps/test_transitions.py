"""A step at d = p beside a trend, levels of loss and times to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.sweeps.transitions import (
    jump,
    level_dimension,
    time_trend,
    times_to,
    transition,
)

R = Resampling(50, 0, 0.95)
D = np.repeat(np.arange(48, 71), 3).astype(float)


def test_a_planted_jump_is_measured_beside_the_trend() -> None:
    noise = np.exp(0.05 * np.random.default_rng(0).normal(size=len(D)))
    loss = np.exp(-0.1 * D) * np.where(D >= 59, 0.2, 1.0) * noise
    found = jump(D, loss, 59, 16, R)
    assert found.value == pytest.approx(0.2, rel=0.1) and found.hi < 0.3
    place = transition(D, loss, 59, 16, R)
    assert place.value == place.lo == place.hi == 59


def test_a_falling_curve_has_no_jump() -> None:
    found = jump(D, np.exp(-0.3 * D), 59, 16, R)
    assert found.value == pytest.approx(1)
    assert np.isnan(jump(D[D < 59], D[D < 59], 59, 16, R).value)
    assert np.isnan(transition([], [], 59, 16, R).value)


def test_levels_and_times() -> None:
    loss = [3.0, 1.0, 0.5, 2.0, 0.5, 0.1]
    assert level_dimension([1, 2, 3, 4, 5, 6], loss, 1.0) == 5
    assert np.isnan(level_dimension([1, 2], [1.0, 2.0], 1.0))
    runs = pd.DataFrame({"run_id": ["a", "b", "c"], "d": [1, 2, 3], "failed": [False, False, True]})
    rows = [("a", 0, 3.0), ("a", 100, 2.0), ("b", 0, 3.0), ("b", 100, 0.9), ("b", 200, 0.5)]
    recorded = pd.DataFrame(rows, columns=["run_id", "step", "test_loss"])
    found = times_to(runs, recorded, 1.0)
    assert found["time"].tolist() == [np.inf, 100]
    faster = pd.DataFrame({"d": [1, 2, 3, 4], "time": [np.inf, np.inf, 300, 100]})
    assert time_trend(faster, R).value < -0.9
