"""Principal components of both tables side by side (paper B.1; cosets methods 2, PCA)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.neurons import Floats


@dataclass(frozen=True)
class Components:
    """Principal components, the largest first.

    scores: (n, c), embedding units. explained: (c,), shares of the variance. magnitudes: (c,
    n // 2), |DFT| of the scores at 1..n // 2. frequencies: (c,), the largest of these. shares:
    (c,), the energy at it over that of all.
    """

    scores: Floats
    explained: Floats
    magnitudes: Floats
    frequencies: NDArray[np.int64]
    shares: Floats


def principal_components(tables: Sequence[Floats], count: int) -> Components:
    """Of the points (0, 0), (1, 1), ..: row k is row k of all tables, one after the other.

    Args:
        tables: (n, d) each. count: how many components; fewer where there are fewer dimensions.

    A component's sign is free: its entry of the largest magnitude is made positive. So are the
    directions of a pair of equal variance, within their plane.
    """
    points = np.concatenate([np.asarray(table, dtype=np.float64) for table in tables], axis=1)
    centred = points - points.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    scores = (left * singular)[:, :count]
    signs = np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])])
    scores = scores * np.where(signs == 0, 1.0, signs)
    total = float(np.square(singular).sum()) or 1.0
    magnitudes = np.abs(np.fft.rfft(scores, axis=0)[1:].T)
    energy = np.square(magnitudes)
    whole = energy.sum(axis=1)
    return Components(
        scores=scores,
        explained=np.square(singular[:count]) / total,
        magnitudes=magnitudes,
        frequencies=energy.argmax(axis=1) + 1,
        shares=energy.max(axis=1) / np.where(whole > 0, whole, 1.0),
    )


def radius_variation(x: Floats, y: Floats) -> float:
    """Standard deviation over mean of the points' distance from the middle, both axes scaled to
    unit variance; infinite where an axis does not vary. 0 on a circle."""
    deviations = x.std(), y.std()
    if min(deviations) == 0:
        return float("inf")
    radius = np.hypot((x - x.mean()) / deviations[0], (y - y.mean()) / deviations[1])
    return float(radius.std() / radius.mean())


def explained_by_residue(values: Floats, period: int) -> float:
    """Share of the variance of (n, ..) values over their first axis that their place modulo
    `period` explains: 1 where places of equal residues are equal. NaN without variance.

    Args:
        values: variances of all further axes are added up.
    """
    centred = values - values.mean(axis=0)
    total = float(np.square(centred).sum())
    if total == 0:
        return float("nan")
    between = 0.0
    for residue in range(period):
        rows = centred[residue::period]
        if len(rows):
            between += len(rows) * float(np.square(rows.mean(axis=0)).sum())
    return between / total
