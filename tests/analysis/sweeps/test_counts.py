"""Counts of circles against what varies, their trends, and what the alive rule can report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.fates.alive import alive_two_mean
from fittest.analysis.fates.limits import largest_count, least_ratio
from fittest.analysis.statistics.intervals import Resampling, mean_estimate, median_estimate
from fittest.analysis.sweeps.counts import (
    all_moduli,
    count_means,
    residual_ratio,
    slope,
    slope_estimate,
    trend,
)

R = Resampling(draws=300, seed=0, confidence=0.95)


def runs(p: list[int], n: list[int], **columns: object) -> pd.DataFrame:
    table = pd.DataFrame({"p": p, "n_2mean": n, "n_rel": np.array(n) + 1, "failed": False})
    ids = [f"{a}-{i}" for i, a in enumerate(p)]
    return table.assign(run_id=ids, d=128, weight_decay=0.5).assign(**columns)


def spectrum_mean(signals: np.ndarray, p: int, zero: float) -> float:
    return float((zero + 2 * signals.sum()) / p)


@pytest.mark.parametrize(
    ("p", "most"), [(7, 1), (11, 2), (13, 3), (17, 4), (19, 4), (23, 5), (16, 3), (59, 14)]
)
def test_most_circles_that_the_rule_can_report(p: int, most: int) -> None:
    assert largest_count(p, 2.0) == most
    reported = []
    for alive in range((p - 1) // 2 + 1):
        signals = np.zeros((p - 1) // 2)
        signals[:alive] = 1.0
        mean = spectrum_mean(signals, p, 0.0)
        reported.append(int(alive_two_mean(signals, mean, 2.0).sum()))
    assert max(reported) == most
    assert reported[-1] == 0, "all alike: none"


@pytest.mark.parametrize(("p", "circles"), [(59, 1), (59, 4), (59, 14), (13, 3), (23, 5)])
def test_least_ratio_to_the_background(p: int, circles: int) -> None:
    for nudge, seen in ((1 + 1e-6, circles), (1 - 1e-6, 0)):
        signals = np.ones((p - 1) // 2)
        signals[:circles] = least_ratio(p, circles, 2.0) * nudge
        mean = spectrum_mean(signals, p, 1.0)
        assert alive_two_mean(signals, mean, 2.0).sum() == seen
    assert least_ratio(59, 4, 2.0) == pytest.approx(2.37, abs=0.01)
    assert least_ratio(p, largest_count(p, 2.0) + 1, 2.0) == np.inf


def test_count_means() -> None:
    table = count_means(
        runs([7, 7, 9, 9], [1, 3, 2, 2], failed=[False, False, False, True]), "p", "all", 2.0, R
    )
    rows = table.set_index(["series", "x"])
    assert rows.loc[("n_2mean", 7), "y"] == 2
    assert (rows.loc[("n_2mean", 7), "y_lo"], rows.loc[("n_2mean", 7), "y_hi"]) == (1, 3)
    assert rows.loc[("n_rel", 7), "y"] == 3
    assert rows.loc[("n_2mean", 9), "runs"] == 1
    assert np.isnan(rows.loc[("n_2mean", 9), "y_lo"])
    assert rows["prime"].tolist() == [True, True, False, False]
    assert rows["limit"].tolist() == [1, 1, 2, 2]
    assert len(count_means(runs([], []), "p", "all", 2.0, R)) == 0


def test_means_and_medians() -> None:
    same = mean_estimate([3, 3, 3], R)
    assert (same.value, same.lo, same.hi) == (3, 3, 3)
    assert np.isnan(mean_estimate([], R).value)
    assert median_estimate([5.0], R).value == 5
    late = median_estimate([1.0, np.inf, 1.0], R)
    assert (late.value, late.lo, late.hi) == (1, 1, np.inf)


def test_trend_of_a_monotone_count_is_one() -> None:
    rising = runs([7, 11, 13, 17, 19], [1, 2, 3, 4, 5])
    found = trend(rising, "p", "n_2mean", R)
    assert (found.value, found.hi) == (pytest.approx(1), pytest.approx(1))
    assert trend(rising, "p", "n_rel", R).value == pytest.approx(1)
    assert np.isnan(trend(rising.iloc[:1], "p", "n_2mean", R).value)


def test_every_modulus_comes_from_one_runset() -> None:
    moduli = runs([16, 17, 18], [1, 2, 3])
    primes = runs([13, 17, 19, 101, 103], [9, 9, 9, 9, 9])
    both = all_moduli(moduli, primes, 101)
    assert both["p"].tolist() == [16, 17, 18, 19, 101]
    assert both["n_2mean"].tolist() == [1, 2, 3, 9, 9]
    assert all_moduli(moduli.iloc[:0], primes, 101)["p"].tolist() == [13, 17, 19, 101]


def test_slope() -> None:
    p = list(range(10, 20))
    line = runs(p, [2 * v + 1 for v in p])
    found = slope_estimate(line, "p", "n_2mean", R)
    assert [found.value, found.lo, found.hi] == pytest.approx([2, 2, 2])
    assert np.isnan(slope([1, 1, 1], [1, 2, 3]))
    assert np.isnan(slope([1, 2], [1, 2]))


def test_scatter_of_composites_over_that_of_primes() -> None:
    """Residuals of +-1 and +-3 that are orthogonal to any line."""
    x = np.arange(8.0)
    wave = np.array([1, -1, -1, 1, 1, -1, -1, 1])
    prime = np.array([True] * 4 + [False] * 4)
    means = pd.DataFrame({"x": x, "y": x + np.where(prime, 1, 3) * wave, "runs": 4})
    means["prime"] = prime
    assert residual_ratio(means, R).value == pytest.approx(3)
    assert np.isnan(residual_ratio(means.iloc[:5], R).value)
