"""Which frequencies a network uses, by its weights and by its neurons, and what the neurons of one
frequency write (progress methods 2.3, 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.circuits.basis import (
    Floats,
    by_frequency,
    component_norms,
    real_basis,
    rows_of,
)

Indices = NDArray[np.int64]


def key_frequencies(neuron_logit_map: Floats, share: float) -> tuple[int, ...]:
    """Frequencies whose norm in the map (p, F) is above a share of the largest one, ascending."""
    norms = by_frequency(component_norms(neuron_logit_map))
    return tuple(int(i) + 1 for i in np.flatnonzero(norms > share * norms.max()))


def largest_frequencies(neuron_logit_map: Floats, count: int) -> tuple[int, ...]:
    """The frequencies of the `count` largest norms in the map, ascending: where a network has
    formed no circuit, no threshold tells which are its own."""
    norms = by_frequency(component_norms(neuron_logit_map))
    return tuple(sorted(int(i) + 1 for i in np.argsort(-norms, kind="stable")[:count]))


def clusters(best: Indices, explained: Floats, least: float) -> dict[int, Indices]:
    """Frequency -> neurons (n,) whose best frequency it is, of which it explains more than `least`.

    best, explained: (F,), of each neuron (`spectra.best_frequencies`).
    """
    clear = explained > least
    return {
        int(k): np.flatnonzero(clear & (best == k)).astype(np.int64) for k in np.unique(best[clear])
    }


def frequencies_of_clusters(found: Mapping[int, Indices], least: int) -> tuple[int, ...]:
    """The frequencies of clusters of at least so many neurons, ascending."""
    return tuple(sorted(k for k, neurons in found.items() if len(neurons) >= least))


def components(neuron_logit_map: Floats) -> Floats:
    """What each neuron writes, in the Fourier basis: (p, F) -> (p, F)."""
    return real_basis(len(neuron_logit_map)) @ neuron_logit_map


def written_share(neuron_logit_map: Floats, k: int, neurons: Indices) -> float:
    """Share of the energy that some neurons write into logits at the cosine and sine of w_k c."""
    energies = np.square(components(neuron_logit_map[:, neurons])).sum(axis=1)
    return float(energies[rows_of([k])].sum() / energies.sum())


def residual(neuron_logit_map: Floats, ks: Sequence[int]) -> float:
    """Norm of what is left of the map without its cosines and sines of some frequencies, over that
    of the whole map; its mean row is left."""
    energies = np.square(component_norms(neuron_logit_map))
    left = np.delete(energies, rows_of(ks)).sum()
    return float(np.sqrt(left / energies.sum()))


def read_directions(neuron_logit_map: Floats, ks: Sequence[int]) -> Floats:
    """u_k and v_k of some frequencies, what the map's cosine and sine of w_k c read of the neurons:
    (2 len(ks), F), cosine before sine."""
    return real_basis(len(neuron_logit_map))[rows_of(ks)] @ neuron_logit_map
