"""The alive and settled rules, and their derived limits (survival methods 2.3, 2.20; claim S45)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest import fourier
from fittest.analysis.fates.alive import (
    Thresholds,
    alive_absolute,
    alive_relative,
    alive_two_mean,
    by_signal,
    effective_count,
    is_settled,
    separation,
    survivors,
)

THRESHOLDS = Thresholds(2.0, 10.0, 0.25, 500, 1.5)


def planted(p: int, circles: int, ratio: float) -> tuple[np.ndarray, float]:
    """Signals 1 but for ``circles`` of size ``ratio``; k = 0 at the background too."""
    signals = np.ones(fourier.count(p))
    signals[:circles] = ratio
    return signals, (2 * signals.sum() + 1) / p


@pytest.mark.parametrize(
    ("p", "most"), [(7, 1), (11, 2), (13, 3), (17, 4), (19, 4), (23, 5), (59, 14)]
)
def test_at_most_a_quarter_of_p_can_ever_be_counted(p, most):
    counted = []
    for circles in range(fourier.count(p) + 1):
        signals, mean = planted(p, circles, 1e9)
        counted.append(int(alive_two_mean(signals, mean, 2.0).sum()))
    assert max(counted) == most
    assert most < p / 4


@given(
    p=st.sampled_from([7, 11, 13, 23, 59]),
    seed=st.integers(0, 10**6),
)
def test_no_spectrum_beats_the_limit(p, seed):
    signals = np.random.default_rng(seed).pareto(0.5, size=fourier.count(p))
    alive = alive_two_mean(signals, 2 * signals.sum() / p, 2.0)
    assert alive.sum() < p / 4


@pytest.mark.parametrize("circles", [1, 2, 4, 8])
def test_needed_ratio_over_the_background(circles):
    p = 59
    share = circles / p
    needed = 2 * (1 - 2 * share) / (1 - 4 * share)
    if circles == 4:
        assert needed == pytest.approx(2.4, abs=0.05)
    for ratio, expected in [(needed * 1.001, circles), (needed * 0.999, 0)]:
        signals, mean = planted(p, circles, ratio)
        assert alive_two_mean(signals, mean, 2.0).sum() == expected


def test_nothing_counts_when_everything_lives():
    signals, mean = planted(59, 29, 50.0)
    assert alive_two_mean(signals, mean, 2.0).sum() == 0
    assert alive_relative(signals, 0.25).sum() == 29


def test_the_mean_includes_the_zero_bin():
    signals = np.array([4.0, 1.0, 1.0])
    light, heavy = 2 * signals.sum() / 7, (2 * signals.sum() + 20) / 7
    assert list(alive_two_mean(signals, light, 2.0)) == [True, False, False]
    assert not alive_two_mean(signals, heavy, 2.0).any()


def test_rules_work_on_stacks_and_treat_nan_as_dead():
    signals = np.array([[30.0, 2.0, 11.0], [np.nan, 1.0, 1.0]])
    assert alive_two_mean(signals, np.array([10.0, np.nan]), 2.0).tolist() == [
        [True, False, False],
        [False, False, False],
    ]
    assert alive_absolute(signals, 10.0).tolist() == [[True, False, True], [False] * 3]
    assert alive_relative(signals[0], 0.25).tolist() == [True, False, True]


def test_no_frequency_at_all_is_no_survivor():
    nothing = np.zeros(0)
    assert alive_two_mean(nothing, 1.0, 2.0).shape == (0,)
    assert alive_relative(nothing, 0.25).shape == (0,)
    assert np.isnan(effective_count(nothing)) and np.isnan(separation(nothing, nothing))


def test_all_signals_zero_is_no_survivor():
    assert not alive_relative(np.zeros(5), 0.25).any()
    assert np.isnan(effective_count(np.zeros(5)))


def test_effective_count_between_one_and_all():
    assert effective_count([3.0, 0.0, 0.0]) == pytest.approx(1)
    assert effective_count([2.0, 2.0, 2.0, 0.0]) == pytest.approx(3)
    assert effective_count([1e-200, 1e-200]) == pytest.approx(2)
    # power (4, 1): 25 / 17.
    assert effective_count([2.0, 1.0]) == pytest.approx(25 / 17)


def test_separation_is_weakest_alive_over_strongest_dead():
    signals = [40.0, 30.0, 3.0, 2.0]
    assert separation(signals, [True, True, False, False]) == pytest.approx(10)
    assert np.isnan(separation(signals, [True] * 4)) and np.isnan(separation(signals, [False] * 4))
    assert separation([1.0, 0.0], [True, False]) == np.inf


def history(alive_from: int, steps: list[int], size: float = 40.0) -> tuple[np.ndarray, np.ndarray]:
    """Frequency 1 always lives; frequency 2 dies at step ``alive_from``."""
    signals = np.ones((len(steps), 11))
    signals[:, 0] = size
    signals[:, 1] = [size if step < alive_from else 1.0 for step in steps]
    return signals, 2 * signals.sum(1) / 23


@pytest.mark.parametrize(
    ("change", "settled"), [(0, True), (1500, True), (1600, False), (2000, False)]
)
def test_settled_needs_an_unchanged_window(change, settled):
    steps = list(range(0, 2001, 100))
    assert is_settled(steps, *history(change, steps), THRESHOLDS) is settled


def test_settled_needs_separation():
    steps = list(range(0, 2001, 100))
    signals, _ = history(0, steps)
    mean = np.full(len(steps), 10.0)
    signals[:, 1] = 19.0
    signals[:, 0] = 27.0
    assert not is_settled(steps, signals, mean, THRESHOLDS)
    signals[:, 0] = 29.0
    assert is_settled(steps, signals, mean, THRESHOLDS)


def test_a_change_inside_a_gap_between_records_is_seen():
    # Records at 1000 and 2000 only: the set of 1000 differs, so the last 500 steps are unknown.
    steps = [0, 1000, 2000]
    assert not is_settled(steps, *history(1500, steps), THRESHOLDS)


def test_unsettled_when_short_or_without_survivors():
    steps = [0, 100, 400]
    assert not is_settled(steps, *history(0, steps), THRESHOLDS)
    steps = list(range(0, 2001, 100))
    assert not is_settled(steps, np.ones((21, 11)), np.ones(21), THRESHOLDS)
    assert not is_settled([], np.ones((0, 3)), [], THRESHOLDS)


def test_unordered_steps_are_refused():
    with pytest.raises(ValueError, match="increasing"):
        is_settled([0, 2, 1], np.ones((3, 2)), np.ones(3), THRESHOLDS)


def test_survivors_by_number_and_by_signal():
    assert survivors([False, True, False, True]) == [2, 4]
    assert by_signal([1, 2, 3], [5.0, 9.0, 5.0]) == [2, 1, 3]
