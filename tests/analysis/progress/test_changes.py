"""Drops, phase changes and delayed falls of curves that are drawn by hand; and their absence."""

from __future__ import annotations

import math

import numpy as np
import pytest

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

STEPS = np.arange(0, 3001, 10)


def cliff(at: float, high: float = 2.3, low: float = 0.1, width: float = 20.0) -> np.ndarray:
    return np.asarray(np.interp(STEPS, [at - width / 2, at + width / 2], [high, low]))


def test_a_cliff_stands_out_and_is_found() -> None:
    drop = steepest_drop(STEPS, cliff(1000), 100)
    assert drop.fall == pytest.approx(2.2)
    assert abs(drop.step - 1000) <= 50
    assert math.isinf(drop.over_next)


def test_two_cliffs_of_the_same_size_do_not() -> None:
    drop = steepest_drop(STEPS, cliff(600) + cliff(2000), 100)
    assert drop.over_next == pytest.approx(1.0)


def test_a_larger_cliff_over_a_smaller_one() -> None:
    curve = cliff(600, 1.1, 0.0) + cliff(2000, 3.3, 0.0)
    drop = steepest_drop(STEPS, curve, 100)
    assert drop.fall == pytest.approx(3.3)
    assert drop.over_next == pytest.approx(3.0)


def test_no_drop_in_a_straight_line_or_a_flat_one() -> None:
    assert steepest_drop(STEPS, np.linspace(3, 0, len(STEPS)), 100).over_next == pytest.approx(1.0)
    flat = steepest_drop(STEPS, np.ones(len(STEPS)), 100)
    assert flat.fall == 0.0


def test_curves_shorter_than_the_window() -> None:
    for steps, losses in (([], []), ([0], [1.0]), ([0, 50], [1.0, 0.0])):
        assert math.isnan(steepest_drop(steps, losses, 100).step)


def test_distinct_times() -> None:
    assert distinct_times([100, 120, 400, 460, 900, math.nan], 50) == 4
    assert distinct_times([100, 120, 140, 160], 50) == 2
    assert distinct_times([], 50) == 0


def test_change_width_of_a_line_and_of_a_cliff() -> None:
    assert change_width(STEPS, np.linspace(3, 0, len(STEPS)), 0.6) == pytest.approx(0.6, abs=0.01)
    assert change_width(STEPS, cliff(1000), 0.6) < 0.02
    # Half of the fall in each of two cliffs: what holds 60 % spans both.
    both = cliff(600) + cliff(2100)
    assert change_width(STEPS, both, 0.6) == pytest.approx(0.5, abs=0.02)


def test_suddenness_of_a_cliff_and_of_what_falls_from_the_start() -> None:
    assert change_suddenness(STEPS, cliff(1000), 0.6) < 0.02
    assert change_suddenness(STEPS, np.linspace(3, 0, len(STEPS)), 0.6) == 1
    # Early in a long run both are narrow; one of them has come from a plateau.
    soon = 0.1 + 2.2 * np.exp(-STEPS / 100)
    assert change_width(STEPS, soon, 0.6) < 0.05 and change_suddenness(STEPS, soon, 0.6) == 1
    sharp = 0.1 + 2.2 / (1 + np.exp((STEPS - 200) / 20))
    assert change_width(STEPS, sharp, 0.6) < 0.05 and change_suddenness(STEPS, sharp, 0.6) < 0.35


def test_no_change_in_a_loss_that_does_not_fall() -> None:
    for measure in (change_width, change_suddenness):
        assert math.isnan(measure(STEPS, np.ones(len(STEPS)), 0.6))
        assert math.isnan(measure([0], [1.0], 0.6))
    assert math.isnan(change_width(STEPS, np.ones(len(STEPS)), 0.6))
    assert math.isnan(change_width(STEPS, np.linspace(0, 1, len(STEPS)), 0.6))
    assert math.isnan(change_width([0], [1.0], 0.6))


def test_delayed_fall_of_a_run_that_groks() -> None:
    train = cliff(300, 3.0, 0.001)
    test = np.interp(STEPS, [0, 400, 1500, 2000], [3.0, 10.0, 10.0, 0.5])
    fall = delayed_fall(STEPS, train, test, 0.1, 5, 0.1)
    assert fall.learned == 310
    assert fall.peak == pytest.approx(10)
    assert fall.ratio == pytest.approx(20)
    # From 10 to 0.5 over 500 steps: 2 is reached after 421 of them.
    assert fall.fallen == 1930


def test_no_delayed_fall_where_both_fall_together() -> None:
    """Once the train loss is low, the test loss is as low. From there on it may fall as far as it
    would after a peak: the peak tells the two apart."""
    slow = 3 * np.exp(-STEPS / 100)
    both = delayed_fall(STEPS, slow, slow, 0.1, 5, 0.1)
    assert both.ratio > 1e6 and both.peak < 0.2 and math.isfinite(both.fallen)
    fall = delayed_fall(STEPS, cliff(300, 3, 0.05), cliff(300, 3, 0.05), 0.1, 5, 0.1)
    assert fall.ratio < 2
    assert math.isinf(fall.fallen)


def test_no_delayed_fall_without_learning_or_without_generalising() -> None:
    never = delayed_fall(STEPS, np.ones(len(STEPS)), cliff(300), 0.1, 5, 0.1)
    assert math.isinf(never.learned) and math.isnan(never.ratio) and math.isinf(never.fallen)
    test = np.linspace(3.0, 10.0, len(STEPS))
    stuck = delayed_fall(STEPS, cliff(300, 3, 0.001), test, 0.1, 5, 0.1)
    assert stuck.ratio == 1 and math.isinf(stuck.fallen)


def test_one_low_batch_is_not_what_a_loss_falls_to() -> None:
    """A plateau of 0.5 with a single loss of 0.001 in it, once before the tail, once in it."""
    test = np.interp(STEPS, [0, 400, 1500, 2000], [3.0, 10.0, 10.0, 0.5])
    test[[220, 295]] = 0.001
    fall = delayed_fall(STEPS, cliff(300, 3.0, 0.001), test, 0.1, 5, 0.1)
    assert fall.ratio == pytest.approx(20)
    # A peak in the tail: what comes before it is not fallen to.
    late = np.interp(STEPS, [0, 2800, 3000], [0.5, 0.5, 10.0])
    assert delayed_fall(STEPS, cliff(300, 3.0, 0.001), late, 0.1, 5, 0.1).ratio == 1


def test_the_end_of_a_loss_is_a_median_over_its_tail() -> None:
    losses = cliff(1000, 2.0, 1.0)
    losses[-3] = 50.0
    assert tail_median(STEPS, losses, 0.1) == 1.0
    assert math.isnan(tail_median([], [], 0.1))
    # A tail of no length is the last step.
    assert tail_median([0, 1], [3.0, 2.0], 1e-9) == 2.0


def test_how_far_a_task_is_learned() -> None:
    assert fall_left(4.85, 4.85, 0.3) == 1 and fall_left(0.3, 4.85, 0.3) == 0
    assert fall_left(2.0, 4.0, 1.0) == pytest.approx(1 / 3)


def test_a_loss_at_rest_and_one_that_still_falls() -> None:
    assert later_fall(STEPS, cliff(1000), 0.1) == pytest.approx(0, abs=1e-9)
    assert later_fall(STEPS, cliff(2500), 0.1) == pytest.approx(1)
    line = later_fall(STEPS, np.linspace(3, 0, len(STEPS)), 0.1)
    assert line == pytest.approx(0.45 / 0.95, abs=0.01)
    for steps, losses in (([], []), ([0, 10], [1.0, 0.5]), (STEPS, np.linspace(0, 1, len(STEPS)))):
        assert math.isnan(later_fall(steps, losses, 0.1))


def test_row_means() -> None:
    np.testing.assert_allclose(row_means([1, 2, 3, 4, 5], [1, 2, 2]), [1, 2.5, 4.5])
