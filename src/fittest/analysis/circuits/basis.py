"""The real orthonormal Fourier basis of the numbers modulo p, and how sparse something is in it
(progress methods 2.1, 2.2, 2.8).

Row 0 is constant; rows 2k - 1 and 2k are the cosine and the sine of w_k x = 2 pi k x / p, for
k = 1..(p - 1)/2. `fittest.fourier` has the complex transform, unnormalised, of the other papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fittest import fourier

Floats = NDArray[np.floating[Any]]


def _refuse_even(p: int) -> None:
    if p < 3 or p % 2 == 0:
        raise ValueError(f"p: {p} has no basis of cosines and sines alone; it must be odd, from 3")


def waves(p: int, ks: Sequence[int]) -> tuple[Floats, Floats]:
    """cos(w_k x) and sin(w_k x) at x = 0..p-1, not normalised: two arrays (len(ks), p), float64."""
    # Reduced modulo p first: exact integers keep the angles accurate.
    turns = np.outer(np.asarray(ks, dtype=np.int64), np.arange(p)) % p
    angles = 2.0 * np.pi * turns / p
    return np.cos(angles), np.sin(angles)


@lru_cache(maxsize=16)
def real_basis(p: int) -> Floats:
    """The basis F (p, p), float64, read-only. ValueError for an even p."""
    _refuse_even(p)
    cosines, sines = waves(p, fourier.half_spectrum(p))
    basis = np.empty((p, p))
    basis[0] = 1 / np.sqrt(p)
    basis[1::2] = cosines * np.sqrt(2 / p)
    basis[2::2] = sines * np.sqrt(2 / p)
    basis.setflags(write=False)
    return basis


def rows_of(ks: Sequence[int]) -> NDArray[np.int64]:
    """The rows of the basis that belong to some frequencies, cosine before sine: (2 len(ks),)."""
    return np.array([row for k in ks for row in (2 * k - 1, 2 * k)], dtype=np.int64)


def component_norms(values: Floats) -> Floats:
    """Norm of each Fourier component of a table over numbers: (p, n) -> (p,), float64.

    Of an embedding (p, d) the norm is over its dimensions, of a neuron-logit map (p, F) over
    neurons (progress methods 2.2).
    """
    transformed = real_basis(len(values)) @ np.asarray(values, dtype=np.float64)
    norms: Floats = np.sqrt(np.square(transformed).sum(axis=1))
    return norms


def by_frequency(norms: Floats) -> Floats:
    """Norms of cosine and sine together: (p,) -> ((p - 1)/2,), k = 1 first."""
    together: Floats = np.hypot(norms[1::2], norms[2::2])
    return together


def gini(norms: Floats) -> float:
    """How unequal non-negative numbers are: 0 for equal ones, towards 1 for a single one
    (Hurley and Rickard 2009; progress methods 2.8). NaN where all are 0."""
    ordered = np.sort(np.asarray(norms, dtype=np.float64))
    count, total = len(ordered), ordered.sum()
    if total == 0:
        return float("nan")
    weights = (count - np.arange(1, count + 1) + 0.5) / count
    return float(1 - 2 * (ordered / total * weights).sum())


def transform_pairs(values: Floats) -> Floats:
    """The two-dimensional transform of a table over pairs: (p, p, ...) of the same shape, [f, g]
    the product of the basis rows f of the first operand and g of the second."""
    basis = real_basis(len(values)).astype(values.dtype)
    flat = np.ascontiguousarray(values).reshape(len(values), len(values), -1)
    first = np.tensordot(basis, flat, axes=(1, 0))
    return np.matmul(basis, first).reshape(values.shape)
