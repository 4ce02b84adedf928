"""Kicks in mid-training: answers against a planted matrix, and where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.dynamics.linear_ode import LinearSystem, fit_lasso, rollout, steps_and_changes
from fittest.analysis.dynamics.midrun_kicks import answer, answers, midrun_kick_rows
from fittest.analysis.statistics.intervals import Resampling

RESAMPLING = Resampling(draws=100, seed=0, confidence=0.95)
# Few interactions, of both signs.
MATRIX = np.diag([-0.02, -0.015, -0.03, -0.01, -0.025, -0.012])
MATRIX[0, 1], MATRIX[2, 0], MATRIX[4, 3] = 0.01, -0.008, 0.006
OFFSET = np.array([0.1, 0.2, 0.3, 0.05, 0.2, 0.1])


def kicks_of(
    state: NDArray[np.float64], frequencies: Sequence[int]
) -> Iterator[tuple[int, float, NDArray[np.float64]]]:
    """k, factor, and a state whose signal of k is multiplied by it, one at a time."""
    for k in frequencies:
        for factor in (0.9, 1.1):
            moved = state.copy()
            moved[k - 1] *= factor
            yield k, factor, moved


def test_an_answer_to_a_kick_in_mid_training_is_the_column_of_the_matrix() -> None:
    """The least-squares fit finds the matrix, and so does the first step after a kick."""
    noise = np.random.default_rng(3)
    system = LinearSystem(MATRIX, OFFSET)
    plain = {0: rollout(system, noise.uniform(5, 12, 6), 120)}
    kicks = {}
    for k, factor, moved in kicks_of(plain[0][50], (1, 2, 4)):
        path = np.concatenate([plain[0][:50], rollout(system, moved, 70)])
        kicks[0, 50, k, factor] = path
    table = answers(plain, kicks, 1, 1e-6, (1000, 100_000))
    assert len(table) == 3 * 5 and set(table["k"]) == {1, 2, 4}
    entries = MATRIX[table["i"] - 1, table["k"] - 1]
    for column in ("up", "down"):
        np.testing.assert_allclose(table[column], entries, rtol=1e-9, atol=1e-12)
    # Signals that move alike tell entries apart less exactly.
    np.testing.assert_allclose(table["ols"], entries, rtol=0, atol=1e-3)
    sparse = fit_lasso(*steps_and_changes(plain[0]), 1e-6, 1000, 100_000).matrix
    np.testing.assert_array_equal(table["lasso"], sparse[table["i"] - 1, table["k"] - 1])
    # A longer look mixes in what the others do to each other, little as that is here.
    longer = answers(plain, kicks, 5, 1e-6, (1000, 100_000))
    np.testing.assert_allclose(longer["up"], entries, rtol=0.2, atol=1e-3)
    # What is not recorded is not looked at; without a step after it a kick has no answer.
    late = {key: path[:52] for key, path in kicks.items()}
    pd.testing.assert_frame_equal(answers(plain, late, 9, 1e-6, (1000, 100_000)), table)
    late = {key: path[:51] for key, path in kicks.items()}
    assert len(answers(plain, late, 9, 1e-6, (1000, 100_000))) == 0


def test_a_kick_of_nothing_has_no_answer() -> None:
    x = rollout(LinearSystem(MATRIX, OFFSET), np.full(6, 8.0), 20)
    assert np.isnan(answer(x, x, 10, 1, 5)).all()


def test_signals_by_themselves_do_not_answer_kicks_in_mid_training() -> None:
    """An answer of exactly 0 is not one of the same sign."""
    system = LinearSystem(np.diag(np.diag(MATRIX)), OFFSET)
    plain = {0: rollout(system, np.full(6, 8.0), 100)}
    kicks = {
        (0, 50, k, factor): np.concatenate([plain[0][:50], rollout(system, moved, 50)])
        for k, factor, moved in kicks_of(plain[0][50], (1, 2))
    }
    table = answers(plain, kicks, 5, 1e-6, (1000, 100_000))
    assert not table[["up", "down"]].any(axis=None)
    found = {row["name"]: row["value"] for row in midrun_kick_rows(table, RESAMPLING)}
    assert found["midrun_kick.same_sign"] == 0
    assert np.isnan(found["midrun_kick.positive_share"])


def test_kicks_of_one_direction_or_of_unknown_runs_do_not_count() -> None:
    x = rollout(LinearSystem(MATRIX, OFFSET), np.full(6, 8.0), 60)
    kicks = {(0, 30, 1, f): x + (np.arange(61) >= 30)[:, None] * 0.1 for f in (1.1, 1.2)}
    kicks |= {(7, 30, 1, f): x for f in (0.9, 1.1)}
    assert len(answers({0: x}, kicks, 5, 1e-6, (1000, 100_000))) == 0
