"""Two Fourier bases of the numbers modulo p: of the numbers themselves, and of their powers
(exponents methods 2.5)."""

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
    """Orthonormal functions of x = 0..p-1.

    rows: (m, p). k: (m,) frequencies, 0 for the constant. wave: (m,) index in WAVES.
    """

    rows: Floats
    k: NDArray[np.int64]
    wave: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many functions there are."""
        return len(self.rows)

    def of_frequency(self, k: int) -> NDArray[np.int64]:
        """Rows of a frequency, none where the basis has none."""
        return np.flatnonzero(self.k == k)


@lru_cache(maxsize=32)
def raw(p: int) -> Basis:
    """Constant, then cosine and sine of 2 pi k x / p."""
    order = np.arange(p)
    wave = np.where(order == 0, 0, 2 - order % 2)
    return Basis(real_basis(p), (order + 1) // 2, wave)


@lru_cache(maxsize=32)
def powered(p: int, exponent: int) -> Basis:
    """The same of x^exponent in place of x: a basis of what depends on the power alone.

    Where the power is no permutation it has fewer values, and higher frequencies are sums of lower
    ones on them: waves are taken in the order of their frequency, each without what those before it
    have of it.
    """
    values = powers(p, exponent)
    size = len(np.unique(values))
    plain = raw(p)
    waves = plain.rows[:, values]
    if size == p:
        return Basis(waves, plain.k, plain.wave)
    kept: list[Floats] = []
    at: list[int] = []
    for index, wave in enumerate(waves):
        left = wave / max(float(np.linalg.norm(wave)), 1e-300)
        for _ in range(2):  # once more for what rounding leaves
            for other in kept:
                left = left - (left @ other) * other
        norm = float(np.linalg.norm(left))
        if norm > _DEPENDENT and np.linalg.norm(wave) > _DEPENDENT:
            kept.append(left / norm)
            at.append(index)
        if len(kept) == size:
            break
    rows = np.stack(kept)
    return Basis(rows, plain.k[at], plain.wave[at])


def bases(kind: Kind, p: int, a: int, b: int) -> tuple[Basis, Basis]:
    """Those of the first and of the second operand."""
    return (raw(p), raw(p)) if kind == "raw" else (powered(p, a), powered(p, b))


def norms(basis: Basis, values: Floats) -> Floats:
    """Norm of each component of a table over numbers: (p, n) -> (m,)."""
    made: Floats = np.linalg.norm(basis.rows @ np.asarray(values, dtype=np.float64), axis=1)
    return made


def transform(values: Floats, first: Basis, second: Basis) -> Floats:
    """A table over pairs in the products of two bases: (p, p, n) -> (m, l, n)."""
    part = np.tensordot(first.rows.astype(values.dtype), values, axes=(1, 0))
    return np.matmul(second.rows.astype(values.dtype), part)


def block_energies(energy: Floats, first: Basis, second: Basis) -> Floats:
    """Energy of each frequency's block, {constant, cosine, sine} of one operand times the same of
    the other, without the constant: (m, l, n) -> (K, n), k = 1 first.

    energy: squares of a transform.
    """
    highest = int(max(first.k.max(), second.k.max()))
    found = np.zeros((highest, energy.shape[2]))
    for k in range(1, highest + 1):
        rows = np.append(0, first.of_frequency(k))
        columns = np.append(0, second.of_frequency(k))
        block = energy[np.ix_(rows, columns)].astype(np.float64)
        found[k - 1] = block.sum(axis=(0, 1)) - block[0, 0]
    return found


def largest_shares(blocks: Floats, spread: Floats, count: int) -> Floats:
    """Share of the variance of each table that its `count` largest blocks have: (n,); NaN where it
    does not vary.

    blocks: (K, n). spread: (n,), variance times number of pairs.
    """
    top = np.sort(blocks, axis=0)[::-1][:count].sum(axis=0)
    return np.divide(top, spread, out=np.full(len(spread), np.nan), where=spread > 0)


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
