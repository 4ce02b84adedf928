"""Answers of x^a + y^b modulo p, and waves of x^2 (exponents methods 2.1); counted in tasks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fittest.tasks.powers import powers


def answers(p: int, a: int, b: int) -> NDArray[np.int64]:
    """(p, p) x^a + y^b modulo p. ValueError for exponents below 1."""
    if a < 1 or b < 1:
        raise ValueError(f"exponents are 1 or more, unlike {a} and {b}")
    return np.asarray((powers(p, a)[:, None] + powers(p, b)[None, :]) % p)


def square_spectrum(p: int) -> NDArray[np.float64]:
    """(p-1, p) sizes of the Fourier coefficients of x -> exp(2 pi i w x^2 / p), w = 1..p-1.

    Quadratic Gauss sums: each is sqrt(p), whatever w and the frequency are, which is why an
    embedding that follows waves of x^2 is even over all frequencies of x (exponents methods 2.1).
    """
    # Remainders first, so that equal angles have equal waves.
    turns = np.outer(np.arange(1, p), powers(p, 2)) % p
    return np.abs(np.fft.fft(np.exp(2j * np.pi * turns / p), axis=1))
