"""Equations of motion on planted systems, whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from fittest.analysis.dynamics.linear_ode import (
    LinearSystem,
    analytic,
    dense_signals,
    fit_diagonal,
    fit_lasso,
    fit_ols,
    fit_shared,
    rollout,
    score,
    steps_and_changes,
    t_values,
)
from fittest.analysis.dynamics.ode_runs import (
    MEASURES,
    OdeSettings,
    by_dimension,
    matrix_table,
    measure_run,
    signal_paths,
)
from fittest.analysis.dynamics.ode_statistics import ode_rows
from fittest.analysis.dynamics.quadratic_ode import (
    diverged_at,
    features,
    fit_quadratic,
    rollout_quadratic,
    score_quadratic,
)
from fittest.analysis.statistics.intervals import Resampling, over_runs

SETTINGS = OdeSettings(1e-6, (1000, 1_000_000), 2.0, 10.0)
# A decaying spiral, a signal that it drives, and one by itself: every sign, some zeros.
PLANTED = LinearSystem(
    np.array([[-0.02, 0.05, 0, 0], [-0.05, -0.01, 0, 0], [0.02, 0, -0.03, 0], [0, 0, 0, -0.004]]),
    np.array([0.1, 0.2, 0.3, 0.0]),
)
START = np.array([10.0, 4.0, 7.0, 9.0])
PATH = rollout(PLANTED, START, 200)
STATES, CHANGES = steps_and_changes(PATH)


def test_rollout_is_the_recursion():
    x = START
    for step in range(3):
        np.testing.assert_allclose(PATH[step], x)
        x = x + PLANTED.matrix @ x + PLANTED.offset


def test_planted_system_is_recovered():
    found = fit_ols(STATES, CHANGES)
    np.testing.assert_allclose(found.matrix, PLANTED.matrix, atol=1e-9)
    np.testing.assert_allclose(found.offset, PLANTED.offset, atol=1e-9)
    assert score(found, STATES, CHANGES) == pytest.approx(1)
    np.testing.assert_allclose(rollout(found, START, 200), PATH, rtol=1e-6)


def test_lasso_shrinks_to_the_mean_and_recovers_without_penalty():
    nothing = fit_lasso(STATES, CHANGES, 1e3, 1000, 1000)
    assert not nothing.matrix.any()
    np.testing.assert_allclose(nothing.offset, CHANGES.mean(0))
    found = fit_lasso(STATES, CHANGES, 1e-8, 10, 1_000_000)
    assert found.converged and found.iterations > 10
    np.testing.assert_allclose(found.matrix, PLANTED.matrix, atol=2e-3)
    assert not fit_lasso(STATES, CHANGES, 1e-8, 2, 2).converged


def test_analytic_solution_of_regular_and_singular_systems():
    a, b = PLANTED.matrix, PLANTED.offset
    path = analytic(PLANTED, START, 50)
    for t in (0, 1, 50):
        e = expm(a * t)
        expected = e @ START + (e - np.eye(4)) @ np.linalg.inv(a) @ b
        np.testing.assert_allclose(path[t], expected, rtol=1e-9)
    # Without any interaction the paper's formula divides by zero; the solution is a line.
    drift = LinearSystem(np.zeros((2, 2)), np.array([1.0, -2.0]))
    np.testing.assert_allclose(analytic(drift, np.zeros(2), 3)[3], [3.0, -6.0])
    # And it is what the released code gets by adding 1e-8 to the diagonal.
    nudged = LinearSystem(1e-8 * np.eye(2), drift.offset)
    np.testing.assert_allclose(analytic(nudged, np.zeros(2), 3)[3], [3.0, -6.0], rtol=1e-6)


def test_baselines():
    diagonal = LinearSystem(np.diag([-0.1, -0.2]), np.array([0.5, 0.1]))
    states, changes = steps_and_changes(rollout(diagonal, np.array([4.0, 8.0]), 30))
    found = fit_diagonal(states, changes)
    np.testing.assert_allclose(found.matrix, diagonal.matrix, atol=1e-12)
    np.testing.assert_allclose(found.offset, diagonal.offset, atol=1e-12)
    shared = LinearSystem(-0.1 * np.eye(2), np.array([0.3, 0.3]))
    states, changes = steps_and_changes(rollout(shared, np.array([5.0, 8.0]), 30))
    np.testing.assert_allclose(fit_shared(states, changes).matrix, shared.matrix, atol=1e-12)
    # A signal that never moves has no slope.
    assert fit_diagonal(np.ones((5, 1)), np.zeros((5, 1))).matrix == 0


def test_t_values_tell_effects_from_noise():
    generator = np.random.default_rng(0)
    states = generator.normal(size=(400, 3))
    effect = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    changes = states @ effect.T + 0.5 * generator.normal(size=(400, 3))
    t = t_values(fit_ols(states, changes), states, changes)
    assert t[0, 0] > 20 and t[1, 1] < -20
    assert np.abs(t[effect == 0]).max() < 4
    # The textbook standard error of one coefficient, by hand.
    system = fit_ols(states, changes)
    design = np.column_stack([np.ones(400), states])
    residual = changes[:, 0] - system.change(states)[:, 0]
    error = np.sqrt(residual @ residual / 396 * np.linalg.inv(design.T @ design)[2, 2])
    assert t[0, 1] == pytest.approx(system.matrix[0, 1] / error, rel=1e-6)
    assert np.isnan(t_values(system, states[:4], changes[:4])).all()


def test_quadratic_system_is_recovered_and_followed():
    x = np.empty((300, 2))
    x[0] = [3.0, 2.0]
    for step in range(299):
        a, b = x[step]
        x[step + 1] = [a + 0.02 * a - 0.01 * a * b, b - 0.03 * b + 0.005 * a * b]
    np.testing.assert_allclose(features(np.array([2.0, 3.0])), [2, 3, 4, 6, 9])
    states, changes = steps_and_changes(x)
    found = fit_quadratic(states, changes)
    expected = [[0.02, 0, 0, -0.01, 0], [0, -0.03, 0, 0.005, 0]]
    np.testing.assert_allclose(found, expected, atol=1e-8)
    assert score_quadratic(found, states, changes) == pytest.approx(1)
    path = rollout_quadratic(found, x[0], 299)
    np.testing.assert_allclose(path, x, rtol=1e-5)
    assert diverged_at(path, x, 10.0) is None


def test_divergence_is_detected_where_it_happens():
    # dx = x^2 from 1: 1, 2, 6, 42, 1806, ... and overflow soon after.
    path = rollout_quadratic(np.array([[0.0, 1.0]]), np.array([1.0]), 30)
    assert np.isnan(path[-1]).all()
    real = np.full((31, 1), 1.0)
    assert diverged_at(path, real, 10.0) == 3
    # Exactly at the bound is not beyond it.
    assert diverged_at(np.array([[1.0], [10.0]]), real[:2], 10.0) is None
    assert diverged_at(np.array([[1.0], [np.inf]]), real[:2], 10.0) == 1


def test_dense_beginning_ends_before_the_first_gap():
    rows = pd.DataFrame({"step": [2, 0, 1, 5, 1], "signals": [[2.0], [0.0], [1.0], [5.0], [1.0]]})
    np.testing.assert_array_equal(dense_signals(rows), [[0], [1], [2]])
    assert dense_signals(rows[rows["step"] > 0]).shape[0] == 0


def test_measures_of_a_planted_run():
    row = measure_run(PATH, SETTINGS, quadratic=True)
    assert set(row) == set(MEASURES)
    assert row["steps"] == 200
    for name in ("r2_ols", "odd_r2_ols", "r2_quadratic"):
        assert row[name] == pytest.approx(1, abs=1e-3)
    assert row["r2_diagonal"] < 0.9
    assert row["error_ols"] < 1e-6
    # The discrete recursion and the continuous solution differ, by little.
    assert 0 < row["analytic_difference"] < 0.2
    assert np.isnan(measure_run(PATH, SETTINGS, quadratic=False)["r2_quadratic"])


def test_paths_and_matrix():
    table, lasso = signal_paths(PATH, SETTINGS, [4, 2])
    assert len(table) == 4 * 201
    one = table[(table["k"] == 4) & (table["step"] == 7)].iloc[0]
    assert one["real"] == PATH[7, 3] and one["rank"] == 1 and one["fate"] == "survivor"
    assert set(table.loc[table["fate"] == "dead", "k"]) == {1, 3}
    entries = matrix_table(lasso)
    one = entries[(entries["i"] == 3) & (entries["j"] == 1)].iloc[0]
    assert one["value"] == lasso.matrix[2, 0]


def test_statistics_of_fits():
    rows = [{"d": 128, **measure_run(PATH, SETTINGS, True)} for _ in range(2)]
    other = [{"d": 4, **measure_run(PATH, SETTINGS, False)}]
    base, others = pd.DataFrame(rows), pd.DataFrame(other)
    table = pd.DataFrame(ode_rows(base, others, Resampling(20, 0, 0.95))).set_index("name")
    assert table.loc["ode.ols_r2", "value"] == pytest.approx(1, abs=1e-6)
    assert table.loc["ode.ols_r2_over_d", "n"] == 2
    assert table.loc["ode.quadratic_diverged", "n"] == 2
    assert set(by_dimension(pd.concat([base, others]))["d"]) == {4, 128}
    empty = pd.DataFrame(columns=["d", *MEASURES], dtype=float)
    nothing = pd.DataFrame(ode_rows(empty, empty, Resampling(20, 0, 0.95))).set_index("name")
    assert nothing["value"].isna().all() and list(nothing.index) == list(table.index)


def test_over_runs_leaves_out_what_is_missing():
    estimate, n = over_runs(pd.Series([1.0, np.nan, 3.0]), "mean", Resampling(50, 0, 0.95))
    assert (estimate.value, n) == (2.0, 2)
