"""Quadratic equations of motion (Lotka-Volterra): dx = linear terms + all products.

Survival paper section 4.2, equation 2, with one coefficient vector per output (methods 2.16).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

Floats = NDArray[np.float64]


def features(x: Floats) -> Floats:
    """x_i, then x_i x_j for i <= j: (..., K) -> (..., K + K (K + 1) / 2)."""
    first, second = np.triu_indices(x.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([x, x[..., first] * x[..., second]], axis=-1)


def fit_quadratic(states: Floats, changes: Floats) -> Floats:
    """Least squares without intercept: (T, K) twice -> coefficients (K, features)."""
    columns = features(states)
    # Products are some hundred times larger than signals; scaling keeps the least-squares
    # solver's cut-off from dropping directions that only their unit makes small.
    scale = np.sqrt(np.square(columns).mean(0))
    scale[scale == 0] = 1.0
    model = LinearRegression(fit_intercept=False).fit(columns / scale, changes)
    return np.asarray(model.coef_ / scale)


def score_quadratic(coefficients: Floats, states: Floats, changes: Floats) -> float:
    """R^2 of the changes, averaged over the K outputs."""
    return float(r2_score(changes, features(states) @ coefficients.T))


def rollout_quadratic(coefficients: Floats, start: Floats, steps: int) -> Floats:
    """x(t+1) = x(t) + fitted change, from x(0) = start (K,): (steps + 1, K).

    What has overflowed stays so: NaN from there on.
    """
    path = np.full((steps + 1, len(start)), np.nan)
    path[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            path[step + 1] = path[step] + features(path[step]) @ coefficients.T
            if not np.isfinite(path[step + 1]).all():
                break
    return path


def diverged_at(path: Floats, real: Floats, factor: float) -> int | None:
    """First step at which a roll-out is not finite or some |x| exceeds factor x the largest real
    signal; None if it stays in bounds (methods 2.16). path, real: (T + 1, K)."""
    with np.errstate(invalid="ignore"):
        out = ~(np.abs(path) <= factor * np.abs(real).max()).all(axis=1)
    found = np.flatnonzero(out)
    return int(found[0]) if len(found) else None
