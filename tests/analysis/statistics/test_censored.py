"""Kaplan and Meier's estimate, against numbers worked out by hand and against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from fittest.analysis.statistics.censored import (
    median_time,
    median_with_interval,
    survival_curve,
)
from fittest.analysis.statistics.intervals import Resampling

R = Resampling(draws=200, seed=3, confidence=0.95)


def test_curve_by_hand() -> None:
    """Of six runs two end early: at 3 five wait, at 5 three, at 8 one."""
    times = [1, 3, 3, 4, 5, 8]
    happened = [False, True, True, False, True, True]
    events, left = survival_curve(times, happened)
    assert events.tolist() == [3, 5, 8]
    assert left == pytest.approx([3 / 5, 3 / 5 * 1 / 2, 0])
    assert median_time(times, happened) == 5


def test_curve_is_scipys() -> None:
    generator = np.random.default_rng(1)
    times = generator.integers(1, 20, 50).astype(float)
    happened = generator.random(50) < 0.7
    events, left = survival_curve(times, happened)
    theirs = ecdf(CensoredData(uncensored=times[happened], right=times[~happened])).sf
    at = np.isin(theirs.quantiles, events)
    assert left == pytest.approx(theirs.probabilities[at])


def test_runs_that_ended_early_make_the_median_later_not_sooner() -> None:
    assert median_time([10, 20, 30], [True, True, True]) == 20
    assert median_time([10, 20, 30], [True, False, True]) == 30
    assert median_time([10, 20, 30], [True, False, False]) == math.inf
    assert median_time([40, 40], [False, False]) == math.inf
    assert math.isnan(median_time([], []))


def test_half_is_reached_in_spite_of_rounding() -> None:
    """With six events, 1 - 1/6, times 4/5, times 3/4 is a half."""
    assert median_time([1, 2, 3, 4, 5, 6], [True] * 6) == 3


def test_interval() -> None:
    found = median_with_interval([10, 20, 30], [True, True, True], R)
    assert found.value == 20 and found.lo == 10 and found.hi == 30
    never = median_with_interval([40, 40], [False, False], R)
    assert never.value == math.inf and never.lo == math.inf


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="last step"):
        survival_curve([1, math.inf], [True, False])
    with pytest.raises(ValueError, match="2 times and 1 marks"):
        survival_curve([1, 2], [True])
