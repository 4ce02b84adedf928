"""Networks with a part taken away, and what is left of their answers (progress methods 2.11).

| name | what is done |
|---|---|
| `none` | nothing |
| `polynomials` | A1: explained neurons become their mean and their polynomial in one frequency |
| `sums` | A2: neurons keep their mean and their waves of a + b at the key frequencies |
| `restricted` | T4: the logits keep these, so that the skip connection loses the rest as well |
| `without_k` | A3: the logits lose the block of one frequency |
| `key_blocks` | A4: the logits keep the constant and the blocks of the key frequencies |
| `directions`, `directions_alone` | A5: neurons are projected on u_k, v_k of the key frequencies |
| `complement`, `complement_alone` | A6: on the rest; alone: without the skip connection |
| `fitted` | A7: the logits are the fitted sum of cos(w_k(a + b - c)) |
| `skip_zero`, `skip_mean` | A8: what goes around the last MLP becomes 0, or its mean |
| `heads_zero` | A9: heads write nothing |
| `around_heads_zero` | A10: what goes around the heads becomes 0 |
| `not_itself` | A11: the sign of equality does not attend to itself |
| `itself_zero` | likewise, and what it paid to itself goes to nobody |
| `linear_attention` | A12: what heads pay to the operands is divided by lines, not sigmoids |
| `linear_not_itself` | A12 of the pattern of A11, as the paper writes it: A_1 = 1 - A_0 |
| `without_sums` | T4: the logits lose the waves of a + b at all key frequencies |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fittest.analysis.circuits import attention, forward
from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.forward import Activity
from fittest.analysis.circuits.keys import read_directions
from fittest.analysis.circuits.network import Network
from fittest.analysis.circuits.regression import coefficients, fitted_logits
from fittest.analysis.circuits.spectra import best_frequencies, block_part, transforms_of
from fittest.analysis.circuits.sums import by_sum, keep_sums, sum_parts, sum_table
from fittest.fourier import half_spectrum

Ablated = tuple[str, int | None, Floats]
"""Name, frequency where it is of one, and logits: (p, p, p), or a function of the sum (p, p)."""


def ablations(
    network: Network, parts: Activity, ks: Sequence[int], explained: float
) -> Iterator[Ablated]:
    """Every ablation, one at a time; those of attention for networks of one layer alone.

    Args:
        parts: of the network, as `forward.activity` gives them.
        ks: the key frequencies.
        explained: least share of a neuron's variance that makes it explained.
    """
    logits = network.logits(parts.stream, parts.neurons)
    yield "none", None, logits
    yield from _of_neurons(network, parts, ks, explained)
    yield from _of_logits(logits, ks)
    yield "skip_zero", None, network.logits(None, parts.neurons)
    yield "skip_mean", None, network.logits(parts.stream.mean(axis=(0, 1)), parts.neurons)
    if len(network.blocks) == 1:
        yield from _of_attention(network, parts)


def _of_neurons(
    network: Network, parts: Activity, ks: Sequence[int], explained: float
) -> Iterator[Ablated]:
    yield "polynomials", None, network.logits(parts.stream, polynomials(parts.neurons, explained))
    kept = keep_sums(by_sum(parts.neurons), ks)[sum_table(network.p)]
    yield "sums", None, network.logits(parts.stream, kept)
    along = project(parts.neurons, read_directions(network.neuron_logit_map(), ks))
    for name, neurons in (("directions", along), ("complement", parts.neurons - along)):
        yield name, None, network.logits(parts.stream, neurons)
        yield f"{name}_alone", None, network.logits(None, neurons)


def _of_logits(logits: Floats, ks: Sequence[int]) -> Iterator[Ablated]:
    p = len(logits)
    means = by_sum(logits)
    yield "restricted", None, keep_sums(means, ks)
    yield "without_sums", None, logits - sum_parts(means, ks).sum(axis=0)[sum_table(p)]
    yield "fitted", None, fitted_logits(p, ks, coefficients(means, ks))
    transform = transforms_of(logits)
    kept = np.broadcast_to(logits.mean(axis=(0, 1)), logits.shape).copy()
    for k in half_spectrum(p):
        part = block_part(transform, k)
        if k in ks:
            kept += part
        yield "without_k", k, logits - part
    yield "key_blocks", None, kept


def _of_attention(network: Network, parts: Activity) -> Iterator[Ablated]:
    start = network.start()
    yield "heads_zero", None, forward.from_stream(network, start)
    yield "around_heads_zero", None, forward.from_stream(network, parts.stream - start)
    shared = attention.without_itself(parts.pattern)
    for name, pattern in (
        ("not_itself", shared),
        ("itself_zero", parts.pattern * np.array([1, 1, 0])),
        ("linear_attention", attention.linear_pattern(network, parts.pattern)),
        ("linear_not_itself", attention.linear_pattern(network, shared)),
    ):
        stream = start + forward.written(network, pattern)
        yield name, None, forward.from_stream(network, stream)


def polynomials(neurons: Floats, explained: float) -> Floats:
    """Neurons (p, p, F), each whose best frequency explains more than `explained` of its variance
    replaced by its mean and its polynomial of degree 2 in that frequency."""
    transform = transforms_of(neurons)
    best, shares = best_frequencies(transform)
    made = np.array(neurons, dtype=np.float64)
    for k in np.unique(best[shares > explained]):
        chosen = np.flatnonzero((best == k) & (shares > explained))
        mean = made[:, :, chosen].mean(axis=(0, 1))
        made[:, :, chosen] = mean + block_part(transform[:, :, chosen], int(k))
    return made


def project(neurons: Floats, directions: Floats) -> Floats:
    """Raw activations (p, p, F) projected on the span of some directions (n, F)."""
    # Directions of a frequency that the map does not have are no directions.
    _, sizes, rows = np.linalg.svd(directions, full_matrices=False)
    span = rows[sizes > 1e-10 * sizes.max()] if sizes.max() > 0 else rows[:0]
    return (neurons @ span.T) @ span
