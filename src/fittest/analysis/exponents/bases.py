"""Waves of the numbers modulo p: of the numbers themselves, and of their powers (exponents methods
2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import Floats, real_basis
from fittest.fourier import half_spectrum
from fittest.tasks.powers import powers

Kind = Literal["raw", "powered"]
KINDS: tuple[Kind, ...] = ("raw", "powered")
WAVES = ("const", "cos", "sin")
_DEPENDENT = 1e-8
"""Norm of what is new in a wave that is none."""


@dataclass(frozen=True)
class Basis:
    """Functions of x = 0..p-1, orthonormal within a frequency.

    rows: (p, p). k: (p,) frequencies, 0 for the constant. wave: (p,) index in WAVES.
    """

    rows: Floats
    k: NDArray[np.int64]
    wave: NDArray[np.int64]

    def of_frequency(self, k: int) -> NDArray[np.int64]:
        """Rows of a frequency."""
        return np.flatnonzero(self.k == k)


@lru_cache(maxsize=32)
def raw(p: int) -> Basis:
    """Constant, then cosine and sine of 2 pi k x / p."""
    order = np.arange(p)
    wave = np.where(order == 0, 0, 2 - order % 2)
    return Basis(real_basis(p), (order + 1) // 2, wave)


@lru_cache(maxsize=32)
def powered(p: int, exponent: int) -> Basis:
    """The same of x^exponent in place of x: waves of what depends on the power alone.

    Of one frequency they are orthonormal: cosine and sine without the constant, the sine without
    what the cosine has of it, rows of 0 where nothing is left. Different frequencies are orthogonal
    where the power is a permutation. Elsewhere it has fewer values than there are waves, which then
    overlap: each keeps its own frequency, and what several have together is for
    ``blocks.largest_shares`` to find.
    """
    values = powers(p, exponent)
    plain = raw(p)
    waves = plain.rows[:, values]
    if len(np.unique(values)) == p:
        return Basis(waves, plain.k, plain.wave)
    rows = np.zeros_like(waves)
    rows[0] = 1 / np.sqrt(p)
    for k in half_spectrum(p):
        kept = [rows[0]]
        for index in np.flatnonzero(plain.k == k):
            left = waves[index]
            for _ in range(2):  # once more for what rounding leaves
                for other in kept:
                    left = left - (left @ other) * other
            norm = float(np.linalg.norm(left))
            if norm > _DEPENDENT:
                rows[index] = left / norm
                kept.append(rows[index])
    return Basis(rows, plain.k, plain.wave)


def bases(kind: Kind, p: int, a: int, b: int) -> tuple[Basis, Basis]:
    """Those of the first and of the second operand."""
    return (raw(p), raw(p)) if kind == "raw" else (powered(p, a), powered(p, b))


def norms(basis: Basis, values: Floats) -> Floats:
    """Norm of what a table over numbers has of each function: (p, n) -> (p,)."""
    made: Floats = np.linalg.norm(basis.rows @ np.asarray(values, dtype=np.float64), axis=1)
    return made


def transform(values: Floats, first: Basis, second: Basis) -> Floats:
    """Products of a table over pairs with those of two bases: (p, p, n) -> (p, p, n)."""
    part = np.tensordot(first.rows.astype(values.dtype), values, axes=(1, 0))
    return np.matmul(second.rows.astype(values.dtype), part)


def covering(energies: Floats, share: float, most: int) -> tuple[int, ...]:
    """The fewest frequencies that have a share of the energy, at most so many, ascending.

    energies: (K,), k = 1 first.
    """
    order = np.argsort(-energies, kind="stable")
    reached = np.cumsum(energies[order]) >= share * energies.sum()
    count = min(int(np.argmax(reached)) + 1 if reached.any() else len(order), most)
    return tuple(sorted(int(index) + 1 for index in order[:count]))


def frequencies(p: int) -> Sequence[int]:
    """1..(p - 1)/2."""
    return list(half_spectrum(p))
