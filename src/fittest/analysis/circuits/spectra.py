"""Two-dimensional spectra of activations and logits: which frequency, and how much of it
(progress methods 2.10, claims P10, P11 and P16).

The block of a frequency k is the nine products of {constant, cos w_k a, sin w_k a} and the same of
b: the polynomials of degree 2 in that frequency. All blocks share the constant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import Floats, real_basis, rows_of, transform_pairs


def block_energies(transform: Floats) -> Floats:
    """Energy of the eight entries of each block that are not constant.

    transform: (p, p, n) as of `transform_pairs`. Returns ((p - 1)/2, n), k = 1 first.
    """
    energy = np.square(transform, dtype=np.float64)
    count = (len(energy) - 1) // 2
    waves = energy[1:, 1:].reshape(count, 2, count, 2, -1)
    both = np.einsum("kikjn->kn", waves)
    first = energy[1:, 0].reshape(count, 2, -1).sum(axis=1)
    second = energy[0, 1:].reshape(count, 2, -1).sum(axis=1)
    energies: Floats = both + first + second
    return energies


def best_frequencies(transform: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The frequency whose block explains most of each table, and its share of the variance.

    transform: (p, p, n). Returns k (n,) and shares (n,): 0 where a table is constant.
    """
    energies = block_energies(transform)
    spread = np.square(transform, dtype=np.float64).sum(axis=(0, 1))
    spread -= np.square(transform[0, 0], dtype=np.float64)
    best = energies.argmax(axis=0)
    most = np.take_along_axis(energies, best[None], axis=0)[0]
    # What rounding leaves of a constant is no variance.
    floor = 1e-12 * np.square(transform[0, 0], dtype=np.float64)
    shares = np.divide(most, spread, out=np.zeros_like(most), where=spread > floor)
    return best.astype(np.int64) + 1, shares


def block_part(transform: Floats, k: int) -> Floats:
    """The eight entries of a block that are not constant, as a table over pairs (p, p, n)."""
    rows = np.concatenate([[0], rows_of([k])])
    basis = real_basis(len(transform))[rows]
    entries = transform[np.ix_(rows, rows)].astype(np.float64)
    entries[0, 0] = 0
    part: Floats = np.einsum("fa,fgn,gb->abn", basis, entries, basis, optimize=True)
    return part


def norms_over_classes(transform: Floats) -> Floats:
    """Norm of each component of the logits (p, p, C) over the classes: (p, p)."""
    norms: Floats = np.sqrt(np.square(transform, dtype=np.float64).sum(axis=-1))
    return norms


def in_wave_blocks(p: int, ks: Sequence[int]) -> NDArray[np.bool_]:
    """Which components are products of a cosine or sine of the first operand and one of the second,
    of the same frequency among `ks`: (p, p)."""
    inside = np.zeros((p, p), dtype=bool)
    for k in ks:
        inside[np.ix_(rows_of([k]), rows_of([k]))] = True
    return inside


def energy_in_blocks(norms: Floats, ks: Sequence[int]) -> tuple[float, float]:
    """How concentrated the logits' spectrum is on some frequencies.

    norms: (p, p) as of `norms_over_classes`. Returns the share of the energy, constant aside, in
    their 2 x 2 blocks, and the share of the 4 len(ks) largest components that lie in them.
    """
    energy = np.square(norms)
    energy[0, 0] = 0
    inside = in_wave_blocks(len(norms), ks)
    count = 4 * len(ks)
    largest = np.argsort(-energy.reshape(-1), kind="stable")[:count]
    return float(energy[inside].sum() / energy.sum()), float(inside.reshape(-1)[largest].mean())


def transforms_of(values: Floats) -> Floats:
    """`transform_pairs` of a table over pairs, or of several: (p, p) becomes (p, p, 1)."""
    return transform_pairs(values if values.ndim > 2 else values[..., None])
