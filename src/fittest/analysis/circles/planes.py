"""Geometry of an embedding: circle planes, circularity, token order, PCA planes, purity.

One embedding is (p, d): a row per token. Coordinates carry the embedding's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fittest.fourier import Floats, coefficients, count, half_spectrum

# A direction whose share of its coefficient's norm is below this is rounding, not geometry.
_DEGENERATE = 1e-9


def circle_plane(embedding: Floats, k: int) -> Floats:
    """Unit vectors of Re F_k and Im F_k: (p, d) -> (2, d) (survival methods 2.5).

    Neither centred nor orthogonalised, as in the authors' code. A direction that vanishes (the
    sine part of a constructed line, methods 2.12) comes back as zeros, so that projections on it
    are 0 and not amplified rounding.

    Raises:
        ValueError: for k outside 1..K.
    """
    p = embedding.shape[0]
    if k not in half_spectrum(p):
        raise ValueError(f"frequency {k} is not one of 1..{count(p)} (p = {p})")
    value = coefficients(embedding)[k]
    return _unit(np.stack([value.real, value.imag]), float(np.linalg.norm(value)))


def _unit(vectors: Floats, scale: Any) -> Floats:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    present = norms > _DEGENERATE * np.asarray(scale)
    unit: Floats = np.where(present, vectors / np.where(present, norms, 1.0), 0.0)
    return unit


def project(embedding: Floats, directions: Floats) -> Floats:
    """Coordinates of the tokens: (p, d) on (m, d) -> (p, m), uncentred (methods 2.5)."""
    return np.asarray(embedding, dtype=np.float64) @ np.asarray(directions, dtype=np.float64).T


def circularity(embedding: Floats) -> NDArray[np.float64]:
    """How closely each frequency's plane shows a circle: (p, d) -> (K,) in [0, 1].

    ``c_u = 2 |sum_j x_j exp(2 pi i j k / p)|^2 / (p sum_j x_j^2)`` with x = E u for u = Re F_k
    and Im F_k, ``c_k = sqrt((c_re^2 + c_im^2) / 2)`` (paper appendix B, methods 2.10). A vanishing
    direction counts 0, so an exact line has sqrt(1/2). At a random start the mean is close to
    d / (d + p - 2).
    """
    values = coefficients(embedding)
    p = len(values)
    ks = np.arange(1, count(p) + 1)
    chosen = values[ks]
    scale = np.linalg.norm(chosen, axis=-1, keepdims=True)
    squares = np.zeros(len(ks))
    for part in (chosen.real, chosen.imag):
        x = project(embedding, _unit(part, scale))
        power = np.abs(np.fft.fft(x, axis=0)[ks, np.arange(len(ks))]) ** 2
        total = np.square(x).sum(0)
        share = np.divide(2 * power, p * total, out=np.zeros(len(ks)), where=total > 0)
        squares += np.square(share)
    return np.asarray(np.sqrt(squares / 2))


def token_step(k: int, p: int) -> int:
    """Delta: the token step between neighbours on circle k, min(k^-1, p - k^-1) mod p.

    ``k Delta = +-1 mod p``; the authors' labels are defined up to that sign only (footnote 3,
    methods 2.6).

    Raises:
        ValueError: if k has no inverse modulo p.
    """
    if p < 2 or gcd(k, p) != 1:
        raise ValueError(f"{k} has no inverse modulo {p}")
    inverse = pow(k, -1, p)
    return min(inverse, p - inverse)


def purity(coordinates: Floats) -> tuple[float, int]:
    """Share of the non-constant Fourier power of a plane that one frequency holds (methods 2.7).

    Args:
        coordinates: (p, m), the tokens' coordinates; m = 2 for a plane.

    Returns:
        The share in [0, 1], k and p - k together, and that frequency k. (NaN, 0) if the plane
        shows no variation at all, or p has no circle.
    """
    power = np.square(np.abs(coefficients(coordinates))).sum(-1)
    p = len(power)
    total = float(power[1:].sum())
    if total == 0 or count(p) == 0:
        return np.nan, 0
    # The two mirror bins hold the same power; k = p / 2 of an even p is in the total only.
    shares = 2 * power[1 : count(p) + 1] / total
    best = int(shares.argmax())
    return float(shares[best]), best + 1


@dataclass(frozen=True)
class PrincipalPlane:
    """Plane j of the principal components 2j-1 and 2j.

    Attributes:
        index: j, from 1.
        coordinates: (p, 2), uncentred projection of the tokens.
        variance_share: share of the centred embedding's variance in the two components.
        singular_values: of the two components, in the embedding's unit.
    """

    index: int
    coordinates: Floats
    variance_share: float
    singular_values: tuple[float, float]


def principal_planes(embedding: Floats, planes: int) -> list[PrincipalPlane]:
    """PCA of the centred embedding; coordinates uncentred, as in the authors' code (methods 2.7).

    Args:
        embedding: (p, d).
        planes: how many pairs of components; fewer come back if min(p, d) does not hold them.
    """
    values = np.asarray(embedding, dtype=np.float64)
    _, singular, components = np.linalg.svd(values - values.mean(0), full_matrices=False)
    # The sign of a component is arbitrary; fixing it makes figures repeatable across machines.
    largest = np.abs(components).argmax(axis=1)
    components = components * np.sign(components[np.arange(len(components)), largest])[:, None]
    total = float(np.square(singular).sum())
    result = []
    for index in range(min(planes, len(singular) // 2)):
        pair = slice(2 * index, 2 * index + 2)
        first, second = (float(value) for value in singular[pair])
        share = (first**2 + second**2) / total if total else np.nan
        result.append(
            PrincipalPlane(index + 1, project(values, components[pair]), share, (first, second))
        )
    return result
