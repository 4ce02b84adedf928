"""Phases of runs whose curves are drawn by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fittest.analysis.progress.phases import (
    PhaseRules,
    below_for_good,
    find_phases,
    first_floor,
    growth_after,
    left_after,
    running_median,
    smoothed_loss,
)

RULES = PhaseRules(window=5, factor=2.0)
STEPS = np.arange(0, 40_001, 100)


def through(*points: tuple[int, float]) -> np.ndarray:
    """A loss that is a straight line between points, on a logarithmic axis."""
    at, values = zip(*points, strict=True)
    return np.asarray(np.exp(np.interp(STEPS, at, np.log(values))))


TRAIN = through((0, 5), (1200, 3e-7), (8000, 3e-7), (14_000, 1e-7), (40_000, 1e-7))
EXCLUDED = through((0, 5), (1400, 0.01), (9000, 3.0), (14_000, 6.0), (40_000, 6.0))
TEST = through((0, 5), (1400, 30.0), (8000, 20.0), (10_000, 1.0), (14_000, 2e-7), (40_000, 2e-7))
NORM = through((0, 3000), (1200, 6000), (9000, 4000), (14_000, 1500), (40_000, 1500))


def test_a_run_that_groks() -> None:
    found = find_phases(STEPS, TRAIN, EXCLUDED, TEST, NORM, 113, RULES)
    # From 5 to 3e-7 within 1200 steps, and a little lower by 9000: twice that is passed at 1161.
    assert (found.memorised, found.least_excluded) == (1200, 1400)
    # From 20 at 8000 to 1 at 10,000 the loss passes ln 113 at 8963.
    assert found.formed == 9000
    # From 1 at 10,000 to 2e-7 at 14,000, twice the last value is passed at 13,820.
    assert found.cleaned == 13_900
    assert (found.highest_test, found.largest_norm) == (1400, 1200)


def test_a_run_that_never_generalises() -> None:
    test = through((0, 5), (2000, 30.0), (40_000, 40.0))
    found = find_phases(STEPS, TRAIN, EXCLUDED, test, NORM, 113, RULES)
    # The least train loss is then that of the end.
    assert found.least_excluded == 1400 and 9000 < found.memorised < 14_000
    assert math.isnan(found.formed) and math.isnan(found.cleaned)
    assert found.highest_test >= 39_800


def test_single_spikes_move_nothing() -> None:
    """Of one checkpoint: in train and excluded loss before t1, in the test loss after t3."""
    train, excluded, test = TRAIN.copy(), EXCLUDED.copy(), TEST.copy()
    train[5] = excluded[5] = 1e-9
    test[300] = 50.0
    found = find_phases(STEPS, train, excluded, test, NORM, 113, RULES)
    assert (found.memorised, found.formed, found.cleaned) == (1200, 9000, 13_900)
    assert found.least_excluded == 1400


def test_a_test_loss_that_rises_again_ends_cleanup_where_it_first_was_low() -> None:
    """Tenfold, for good or for a while; the end of the run would put the line elsewhere."""
    for end in (2e-6, 2e-7):
        test = through(
            (0, 5), (8000, 20.0), (10_000, 1.0), (14_000, 2e-7), (25_000, 2e-6), (40_000, end)
        )
        assert find_phases(STEPS, TRAIN, EXCLUDED, test, NORM, 113, RULES).cleaned == 13_900
    # And one that goes on falling slowly is clean when it is near its least.
    slow = through((0, 5), (8000, 20.0), (10_000, 1.0), (14_000, 2e-6), (40_000, 2e-7))
    assert find_phases(STEPS, TRAIN, EXCLUDED, slow, NORM, 113, RULES).cleaned > 30_000


def test_an_early_rise_of_the_excluded_loss_is_no_end_of_memorisation() -> None:
    """Circuits that form while the train loss still falls: the two readings part."""
    early = through((0, 5), (700, 0.01), (9000, 3.0), (40_000, 6.0))
    found = find_phases(STEPS, TRAIN, early, TEST, NORM, 113, RULES)
    assert (found.memorised, found.least_excluded) == (1200, 700)


def test_where_a_fall_first_comes_to_rest() -> None:
    assert first_floor([9, 3, 1, 1.5, 2.1, 0.1], 2) == 1
    assert first_floor([9, 3, 1, 1.5, 1.9, 0.1], 2) == 0.1
    assert first_floor([4], 2) == 4


def test_a_relapse_puts_generalisation_off() -> None:
    test = TEST.copy()
    test[200:210] = 20.0
    found = find_phases(STEPS, TRAIN, EXCLUDED, test, NORM, 113, RULES)
    assert found.formed == 21_000


def test_generalisation_is_not_sought_before_it_is_for_good() -> None:
    """The least excluded loss of the whole run lies after generalisation: it does not count."""
    excluded = EXCLUDED.copy()
    excluded[350:] = 1e-6
    train = np.where(STEPS > 20_000, 1e-12, TRAIN)
    found = find_phases(STEPS, train, excluded, TEST, NORM, 113, RULES)
    assert (found.memorised, found.least_excluded) == (1200, 1400)


def test_low_from_the_first_checkpoint() -> None:
    low = np.full(len(STEPS), 0.1)
    found = find_phases(STEPS, TRAIN, EXCLUDED, low, NORM, 113, RULES)
    assert (found.least_excluded, found.formed, found.cleaned) == (1400, 0, 0)


def test_running_median_by_hand() -> None:
    np.testing.assert_allclose(running_median([5, 1, 9, 2, 8], 3), [3, 5, 2, 8, 5])
    np.testing.assert_allclose(running_median([5, 1, 9], 1), [5, 1, 9])
    for window in (0, 2, -1):
        with pytest.raises(ValueError, match="odd window"):
            running_median([1.0], window)


def test_a_loss_of_zero_stays_one() -> None:
    assert smoothed_loss([0.0, 0.0, 0.0], 3).tolist() == [0, 0, 0]


def test_below_for_good() -> None:
    assert below_for_good([3, 1, 3, 1, 1], 2) == 3
    assert below_for_good([1, 1], 2) == 0
    assert below_for_good([1, 2], 2) is None
    # What is not a number is not below anything.
    assert below_for_good([1, math.nan, 1], 2) == 2


def test_curves_of_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one value for each"):
        find_phases(STEPS, TRAIN, EXCLUDED[1:], TEST, NORM, 113, RULES)
    with pytest.raises(ValueError, match="one value for each"):
        find_phases([], [], [], [], [], 113, RULES)


def test_growth_after_a_step() -> None:
    assert growth_after([0, 1, 2, 3, 4], [9, 1, 2, 0.5, 4], 0) == 8
    assert growth_after([0, 1, 2], [3, 2, 1], 0) == 1
    # What came before does not count.
    assert growth_after([0, 1, 2, 3], [0.1, 5, 4, 6], 1) == 1.5
    assert math.isnan(growth_after([0, 1], [1, 2], math.inf))


def test_what_is_left_of_a_rise() -> None:
    """A rise that stays, one that passes, and none; what came before the start does not count."""
    steps = np.arange(0, 1001, 10)
    stays, passes = np.where(steps < 500, 1.0, 20.0), np.where(abs(steps - 500) < 60, 20.0, 1.0)
    assert left_after(steps, stays, 100, 0.1) == 20
    assert left_after(steps, passes, 100, 0.1) == 1 and growth_after(steps, passes, 100) == 20
    assert left_after(steps, np.where(steps < 50, 0.01, 1.0), 100, 0.1) == 1
    assert math.isnan(left_after(steps, stays, math.inf, 0.1))
