"""Intervals, correlations and fits against known values and simulations (survival methods 2.19)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, pearsonr, spearmanr

from fittest.analysis.statistics.correlation import (
    auc,
    pearson,
    pearson_at_trials,
    quantile_rates,
    shuffled_p,
    spearman,
    stratified_auc,
)
from fittest.analysis.statistics.intervals import Resampling, cluster_bootstrap, wilson
from fittest.analysis.statistics.logistic import Logistic, fit_logistic

RESAMPLING = Resampling(400, 7, 0.95)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Newcombe (1998), table I, score method without correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_agrees_with_published_values(hits, trials, low, high):
    found = wilson(hits, trials, 0.95)
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(trials=st.integers(1, 300), data=st.data())
def test_wilson_contains_the_rate_and_mirrors(trials, data):
    hits = data.draw(st.integers(0, trials))
    low, high = wilson(hits, trials, 0.9)
    assert 0 <= low <= hits / trials <= high <= 1
    mirrored = wilson(trials - hits, trials, 0.9)
    assert mirrored == (pytest.approx(1 - float(high)), pytest.approx(1 - float(low)))


def test_wilson_refuses_impossible_counts():
    with pytest.raises(ValueError, match="between 0"):
        wilson([3], [2], 0.95)


def test_bootstrap_is_reproducible_and_follows_its_seed():
    values = np.random.default_rng(0).normal(size=60)
    clusters = np.repeat(np.arange(12), 5)
    runs = [
        cluster_bootstrap(lambda i: float(values[i].mean()), clusters, resampling)
        for resampling in (RESAMPLING, RESAMPLING, Resampling(400, 8, 0.95))
    ]
    assert runs[0] == runs[1]
    assert runs[0].value == pytest.approx(values.mean())
    assert (runs[2].lo, runs[2].hi) != (runs[0].lo, runs[0].hi)


def test_bootstrap_resamples_clusters_and_not_rows():
    # Rows of a cluster are copies: the interval must be that of 8 values, not of 400.
    values = np.repeat(np.random.default_rng(1).normal(size=8), 50)
    clusters = np.repeat(np.arange(8), 50)
    whole = cluster_bootstrap(lambda i: float(values[i].mean()), clusters, RESAMPLING)
    naive = cluster_bootstrap(lambda i: float(values[i].mean()), np.arange(400), RESAMPLING)
    assert whole.hi - whole.lo > 4 * (naive.hi - naive.lo)


def test_bootstrap_covers_the_truth():
    hits = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(loc=1.0, size=(20, 3))
        values += np.random.default_rng([seed, 1]).normal(size=(20, 1))
        flat, clusters = values.ravel(), np.repeat(np.arange(20), 3)
        found = cluster_bootstrap(lambda i, v=flat: float(v[i].mean()), clusters, RESAMPLING)
        hits += found.lo <= 1.0 <= found.hi
    assert 49 <= hits < 60


def test_bootstrap_without_clusters_to_resample_has_no_interval():
    found = cluster_bootstrap(lambda i: float(len(i)), np.zeros(9), RESAMPLING)
    assert found.value == 9 and np.isnan(found.lo) and np.isnan(found.hi)
    degenerate = cluster_bootstrap(lambda i: np.nan, np.arange(9), RESAMPLING)
    assert np.isnan(degenerate.lo)
    with pytest.raises(ValueError, match="at least one"):
        cluster_bootstrap(lambda i: 0.0, np.arange(9), Resampling(0, 0, 0.95))


def test_correlations_agree_with_scipy():
    x = np.random.default_rng(0).normal(size=50).round(1)
    y = x + np.random.default_rng(1).normal(size=50).round(1)
    assert pearson(x, y) == pytest.approx(pearsonr(x, y).statistic)
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert np.isnan(pearson(x, np.ones(50))) and np.isnan(pearson([1, 2], [1, 2]))
    assert np.isnan(pearson([], []))


def test_auc_of_grouped_cases_agrees_with_mann_whitney():
    luck = np.random.default_rng(0)
    score = luck.integers(0, 9, size=30).astype(float)
    good, bad = luck.integers(0, 6, size=(2, 30))
    u = mannwhitneyu(np.repeat(score, good), np.repeat(score, bad)).statistic
    assert auc(score, good, bad) == pytest.approx(u / (good.sum() * bad.sum()))
    assert np.isnan(auc(score, good, 0 * bad))


def test_noise_correction_predicts_more_trials():
    luck = np.random.default_rng(0)
    signal = luck.normal(size=40_000)
    true_rate = 1 / (1 + np.exp(1.5 - 1.2 * signal - 0.5 * luck.normal(size=signal.size)))
    few = luck.binomial(8, true_rate)
    many = luck.binomial(50, true_rate)
    once = np.ones(signal.size)
    assert pearson_at_trials(signal, few, 8 * once, 8) == pytest.approx(pearson(signal, few / 8))
    assert pearson_at_trials(signal, few, 8 * once, 50) == pytest.approx(
        pearson(signal, many / 50), abs=0.006
    )
    assert pearson_at_trials(signal, few, 8 * once, np.inf) == pytest.approx(
        pearson(signal, true_rate), abs=0.006
    )
    assert pearson(signal, few / 8) < pearson(signal, many / 50) - 0.05


def test_noise_correction_gives_up_when_all_is_noise():
    luck = np.random.default_rng(3)
    trials = np.full(30, 10)
    # Less spread than binomial noise: nothing is left to correlate with.
    assert np.isnan(pearson_at_trials(luck.normal(size=30), np.tile([5, 4], 15), trials, 50))
    assert np.isnan(pearson_at_trials([1.0, 2.0, 3.0], [0, 1, 1], [1, 1, 1], 50))


def test_quintiles_pool_their_counts():
    x = np.arange(20.0)[::-1]
    survived = np.where(x >= 16, 3, 0)
    table = quantile_rates(x, survived, np.full(20, 4), 5, 0.95)
    assert table["rate"].tolist() == [0, 0, 0, 0, 0.75]
    assert table["points"].tolist() == [4] * 5 and table["trials"].tolist() == [16] * 5
    assert table["x_lo"].tolist() == [0, 4, 8, 12, 16]
    assert table["rate_lo"].iloc[4] == pytest.approx(float(wilson(12, 16, 0.95)[0]))
    assert len(quantile_rates(x[:3], survived[:3], np.full(3, 4), 5, 0.95)) == 3
    assert quantile_rates([], [], [], 5, 0.95).empty


def test_logistic_recovers_the_truth():
    luck = np.random.default_rng(0)
    x = luck.uniform(75, 100, size=400)
    truth = Logistic(-0.3 * 88, 0.3)
    trials = np.full(400, 200)
    found = fit_logistic(x, luck.binomial(trials, truth.rate(x)), trials)
    assert found.slope == pytest.approx(0.3, rel=0.03)
    assert found.midpoint == pytest.approx(88, abs=0.2)


def test_logistic_of_one_group_each_is_the_jeffreys_estimate():
    # For a saturated model Firth's estimate adds half a success and half a failure.
    found = fit_logistic([0.0, 1.0], [3, 20], [10, 20])
    assert found.rate([0.0, 1.0]) == pytest.approx([3.5 / 11, 20.5 / 21])


def test_logistic_of_separable_data_is_finite_and_free_of_units():
    x = np.arange(10.0)
    found = fit_logistic(x, (x >= 5).astype(int), np.ones(10))
    assert 0.5 < found.slope < 10 and found.midpoint == pytest.approx(4.5)
    scaled = fit_logistic(1e6 * x, (x >= 5).astype(int), np.ones(10))
    assert scaled.slope == pytest.approx(found.slope * 1e-6, rel=1e-6)


@pytest.mark.parametrize("separable", [False, True])
def test_logistic_is_the_maximum_of_the_penalised_likelihood(separable: bool) -> None:
    luck = np.random.default_rng(1)
    x = luck.normal(size=40)
    trials = luck.integers(1, 4, size=40)
    hits = np.where(x > 0.2, trials, 0) if separable else luck.binomial(trials, 0.6)
    found = fit_logistic(x, hits, trials)

    def likelihood(one: Logistic) -> float:
        rate = one.rate(x)
        design = np.column_stack([np.ones(40), x])
        information = design.T @ ((trials * rate * (1 - rate))[:, None] * design)
        logit = one.intercept + one.slope * x
        # Rates near 0 or 1 have no logarithm.
        plain = -hits * np.logaddexp(0, -logit) - (trials - hits) * np.logaddexp(0, logit)
        return float(plain.sum() + np.log(np.linalg.det(information)) / 2)

    for up, along in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01), (0.01, 0.01), (0.01, -0.01)):
        beside = Logistic(found.intercept + up, found.slope + along)
        assert likelihood(beside) < likelihood(found)


@pytest.mark.parametrize(
    ("x", "hits", "trials"), [([], [], []), ([1, 1], [0, 1], [1, 1]), ([1, 2], [0, 1], [0, 1])]
)
def test_logistic_without_two_places_is_not_a_number(x, hits, trials):
    found = fit_logistic(x, hits, trials)
    assert np.isnan(found.slope) and np.isnan(found.intercept)


def test_auc_among_cases_alike_takes_out_what_they_share() -> None:
    noise = np.random.default_rng(0)
    given = noise.normal(size=4000)
    good = noise.random(4000) < 1 / (1 + np.exp(-2 * given))
    score = given + 0.5 * noise.normal(size=4000)
    assert auc(score, good, ~good) > 0.75
    assert stratified_auc(score, good, given, 50) == pytest.approx(0.5, abs=0.05)
    assert stratified_auc(score, good, given, 1) == pytest.approx(auc(score, good, ~good))
    assert np.isnan(stratified_auc([1, 2], [True, True], [0, 0], 1))


def test_p_values_from_shuffling_within_clusters() -> None:
    noise = np.random.default_rng(1)
    cluster = np.repeat([0, 1], 20)
    x = noise.normal(size=40)
    assert shuffled_p(x, x, cluster, 199, 0) == 1 / 200
    assert shuffled_p(x, noise.normal(size=40), cluster, 199, 0) > 0.01
    # A difference between clusters alone is none within them.
    assert shuffled_p(10.0 * cluster + x, 10.0 * cluster, cluster, 199, 0) == 1
    assert np.isnan(shuffled_p(x, np.ones(40), cluster, 9, 0))
