"""Linear equations of motion of the signals: fits, roll-outs and the analytic solution.

x(t) is the K signals at step t; dx(t) = x(t+1) - x(t) is fitted by A x(t) + b (survival paper
section 4.2, methods 2.15). Times are steps, x carries the embedding's unit.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import expm
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.metrics import r2_score

Floats = NDArray[np.float64]

# Iterations are raised by this factor until the Lasso has converged.
_PATIENCE = 10


@dataclass(frozen=True)
class LinearSystem:
    """dx = A x + b. matrix: A (K, K), entry (i, j) is the effect of x_j on x_i. offset: b (K,).

    iterations: most that any output of a Lasso took; converged: whether all did.
    """

    matrix: Floats
    offset: Floats
    iterations: int = 0
    converged: bool = True

    def change(self, x: Floats) -> Floats:
        """A x + b for states (..., K)."""
        return np.asarray(x @ self.matrix.T + self.offset)


def dense_signals(rows: pd.DataFrame) -> Floats:
    """Signals of one run at consecutive steps from 0 on: (T + 1, K) float64.

    rows: step, signals of one run. The dense beginning ends before the first missing step.
    """
    ordered = rows.drop_duplicates("step").sort_values("step")
    steps = ordered["step"].to_numpy(np.int64)
    length = int((steps == np.arange(len(steps))).cumprod().sum())
    values = [np.asarray(row, dtype=np.float64) for row in ordered["signals"].iloc[:length]]
    return np.stack(values) if values else np.zeros((0, 0))


def steps_and_changes(x: Floats) -> tuple[Floats, Floats]:
    """States x(t) and changes dx(t), t = 0..T-1: (T + 1, K) -> (T, K) twice."""
    return x[:-1], np.diff(x, axis=0)


def fit_ols(states: Floats, changes: Floats) -> LinearSystem:
    """Ordinary least squares with intercept, one output at a time: (T, K) twice."""
    model = LinearRegression().fit(states, changes)
    return LinearSystem(np.asarray(model.coef_), np.asarray(model.intercept_))


def fit_lasso(
    states: Floats, changes: Floats, alpha: float, first_iterations: int, last_iterations: int
) -> LinearSystem:
    """Lasso, 1/(2n) |residual|^2 + alpha |A|_1 per output, features as they are.

    Args:
        states, changes: (T, K).
        alpha: penalty (0.01 in the paper), in scikit-learn's scaling.
        first_iterations: coordinate descents before convergence is first asked for; raised
            tenfold, up to last_iterations, until it is reached.
    """
    outputs = changes.shape[1]
    matrix, offset = np.zeros((outputs, states.shape[1])), np.zeros(outputs)
    most, converged = 0, True
    for index in range(outputs):
        limit = first_iterations
        while True:
            # The Gram matrix is K x K: descents do not depend on the number of steps.
            model = Lasso(alpha=alpha, max_iter=limit, precompute=True)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ConvergenceWarning)
                model.fit(states, changes[:, index])
            failed = any(issubclass(w.category, ConvergenceWarning) for w in caught)
            if not failed or limit >= last_iterations:
                break
            limit = min(limit * _PATIENCE, last_iterations)
        matrix[index], offset[index] = model.coef_, model.intercept_
        most, converged = max(most, int(model.n_iter_)), converged and not failed
    return LinearSystem(matrix, offset, most, converged)


def fit_diagonal(states: Floats, changes: Floats) -> LinearSystem:
    """Each signal by itself: dx_i = a_i x_i + b_i (methods 2.17)."""
    spread = states - states.mean(0)
    power = np.square(spread).sum(0)
    slope = np.divide((spread * changes).sum(0), power, out=np.zeros_like(power), where=power > 0)
    return LinearSystem(np.diag(slope), changes.mean(0) - slope * states.mean(0))


def fit_shared(states: Floats, changes: Floats) -> LinearSystem:
    """All signals alike: dx_i = -c x_i + b with two numbers in all (methods 2.17)."""
    model = LinearRegression().fit(states.reshape(-1, 1), changes.reshape(-1))
    k = states.shape[1]
    return LinearSystem(float(model.coef_[0]) * np.eye(k), np.full(k, float(model.intercept_)))


def score(system: LinearSystem, states: Floats, changes: Floats) -> float:
    """R^2 of the changes, averaged over the K outputs."""
    return float(r2_score(changes, system.change(states)))


def rollout(system: LinearSystem, start: Floats, steps: int) -> Floats:
    """x(t+1) = x(t) + A x(t) + b from x(0) = start (K,): (steps + 1, K)."""
    path = np.empty((steps + 1, len(start)))
    path[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            path[step + 1] = path[step] + system.change(path[step])
    return path


def analytic(system: LinearSystem, start: Floats, steps: int) -> Floats:
    """x(t) = e^(A t) x0 + (e^(A t) - I) A^-1 b at t = 0..steps: (steps + 1, K).

    From the exponential of the augmented matrix [[A, b], [0, 0]], which needs no inverse: the
    paper's formula is its value for regular A, and its limit where A is singular, which a sparse
    A usually is (the released code adds 1e-8 I instead).
    """
    k = len(start)
    augmented = np.zeros((k + 1, k + 1))
    augmented[:k, :k], augmented[:k, k] = system.matrix, system.offset
    one_step = expm(augmented)
    path = np.empty((steps + 1, k + 1))
    path[0] = np.append(start, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            path[step + 1] = one_step @ path[step]
    return path[:, :k]


def t_values(system: LinearSystem, states: Floats, changes: Floats) -> Floats:
    """Coefficient over its standard error for an ordinary least-squares fit: (K, K).

    Independent residuals are assumed; those of a trajectory are not, so these are a yardstick.
    NaN with fewer steps than coefficients.
    """
    n, k = states.shape
    if n <= k + 1:
        return np.full((changes.shape[1], k), np.nan)
    residual = np.square(changes - system.change(states)).sum(0) / (n - k - 1)
    inverse = np.linalg.pinv(np.cov(states, rowvar=False, bias=True).reshape(k, k) * n)
    error = np.sqrt(residual[:, None] * np.diag(inverse)[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(system.matrix / error)
