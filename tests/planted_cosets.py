"""Networks of the cosets paper whose clusters are known: waves on a grid of phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LIMIT = 4 / (3 * np.pi**2)
"""What a neuron of unit amplitudes adds to its cluster's wave, in the limit of a fine grid."""


def planted_network(
    n: int, frequencies: Sequence[int], grid: int = 8, dead: int = 2
) -> dict[str, NDArray[np.float64]]:
    """Parameters of a `two_table_mlp` with a cluster of grid^2 simple neurons for each frequency,
    on a grid of phases of both operands, unit amplitudes; and some neurons that do nothing."""
    k, m = np.arange(n), len(frequencies)
    tables = np.concatenate(
        [[np.cos(2 * np.pi * f * k / n), np.sin(2 * np.pi * f * k / n)] for f in frequencies]
    ).T
    turns = 2 * np.pi * np.arange(grid) / grid
    phase_a, phase_b = (phases.ravel() for phases in np.meshgrid(turns, turns, indexing="ij"))
    size = grid**2
    hidden = np.zeros((m * size + dead, 4 * m))
    output = np.zeros((n, m * size + dead))
    for index, f in enumerate(frequencies):
        own = slice(index * size, (index + 1) * size)
        hidden[own, 2 * index] = np.cos(phase_a)
        hidden[own, 2 * index + 1] = np.sin(phase_a)
        hidden[own, 2 * m + 2 * index] = np.cos(phase_b)
        hidden[own, 2 * m + 2 * index + 1] = np.sin(phase_b)
        output[:, own] = np.cos(2 * np.pi * f * k[:, None] / n - phase_a - phase_b)
    return {
        "first.weight": tables,
        "second.weight": tables.copy(),
        "hidden.weight": hidden,
        "hidden.bias": np.zeros(len(hidden)),
        "output.weight": output,
        "output.bias": np.zeros(n),
    }


def square_wave(n: int = 91, period: int = 13) -> NDArray[np.float64]:
    """A part of a fine-tuning neuron, (n,): (-1)^(k mod 13) on 91 numbers. Its magnitudes stand at
    multiples of 7, in the order 42, 35, 28, 21, 14, 7 that the paper reports."""
    return np.where(np.arange(n) % period % 2 == 0, 1.0, -1.0)


def with_fine_tuning(
    parameters: dict[str, NDArray[np.float64]], part: NDArray[np.float64], neurons: int = 2
) -> dict[str, NDArray[np.float64]]:
    """The same network with some further neurons, of which each operand's part is `part`."""
    n = len(part)
    old = parameters["hidden.weight"]
    d = old.shape[1] // 2
    hidden = np.zeros((len(old) + neurons, 2 * d + 2))
    hidden[: len(old), :d], hidden[: len(old), d + 1 : -1] = old[:, :d], old[:, d:]
    hidden[len(old) :, d], hidden[len(old) :, -1] = 1.0, 1.0
    more = {
        name: np.column_stack([parameters[name], part])
        for name in ("first.weight", "second.weight")
    }
    wave = np.zeros((n, neurons))
    return {
        **parameters,
        **more,
        "hidden.weight": hidden,
        "hidden.bias": np.zeros(len(hidden)),
        "output.weight": np.column_stack([parameters["output.weight"], wave]),
    }
