"""Networks whose clusters are disturbed: noise on their weights, and neurons taken away (paper B.4;
cosets methods 2, noise injection and ablation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.neurons import Floats

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Curve:
    """Loss (mean cross-entropy, nats) and accuracy by how much is disturbed (rows) and draw."""

    loss: Floats
    accuracy: Floats


class Judged:
    """A network of two tables on some pairs, of which neurons are exchanged.

    The sum of all other neurons is made once, so that a disturbed cluster costs its own neurons
    only.
    """

    def __init__(self, parameters: Mapping[str, Floats], pairs: Indices) -> None:
        """
        Args:
            parameters: of a `two_table_mlp`. pairs: (m, 2), operands; answers are their sums.
        """
        self._read = {name: np.asarray(v, dtype=np.float64) for name, v in parameters.items()}
        self._pairs = pairs
        n = len(self._read["first.weight"])
        self._right = pairs.sum(axis=1) % n
        everything = np.arange(len(self._read["hidden.bias"]))
        self._logits = self.added(everything) + self._read["output.bias"]

    def added(self, neurons: Indices, factors: Sequence[Floats] | None = None) -> Floats:
        """What neurons add to the logits of the pairs: (m, n).

        Args:
            factors: of their incoming weights (neurons, 2 d), biases (neurons,) and outgoing ones
                (n, neurons); None for 1.
        """
        weights = self._read["hidden.weight"][neurons]
        bias = self._read["hidden.bias"][neurons]
        out = self._read["output.weight"][:, neurons]
        if factors is not None:
            weights, bias, out = weights * factors[0], bias * factors[1], out * factors[2]
        d = self._read["first.weight"].shape[1]
        first = self._read["first.weight"] @ weights[:, :d].T
        second = self._read["second.weight"] @ weights[:, d:].T
        before = first[self._pairs[:, 0]] + second[self._pairs[:, 1]] + bias
        found: Floats = np.maximum(before, 0.0) @ out.T
        return found

    def without(self, neurons: Indices) -> Floats:
        """Logits of the pairs where neurons write nothing: (m, n)."""
        return self._logits - self.added(neurons)

    def measured(self, logits: Floats) -> tuple[float, float]:
        """Loss (nats) and accuracy of logits of the pairs; NaN without pairs. A tie is wrong."""
        if len(logits) == 0:
            return float("nan"), float("nan")
        rows = np.arange(len(logits))
        own = logits[rows, self._right].copy()
        most = logits.max(axis=1)
        log_sum = most + np.log(np.exp(logits - most[:, None]).sum(axis=1))
        others = logits.copy()
        others[rows, self._right] = -np.inf
        return float((log_sum - own).mean()), float((own > others.max(axis=1)).mean())

    def whole(self) -> tuple[float, float]:
        """Loss and accuracy of the network as it is."""
        return self.measured(self._logits)

    def size(self, neurons: Indices) -> tuple[int, int]:
        """Incoming and outgoing weights of a neuron."""
        return self._read["hidden.weight"].shape[1], len(self._read["output.bias"])


def noise_curve(
    judged: Judged, neurons: Indices, sigmas: Sequence[float], draws: int, seed: int
) -> Curve:
    """Multiply every weight of a cluster's neurons by e^s, s from N(0, sigma) each.

    A draw has the same noise at every sigma, longer or shorter, so that its curve is smooth.
    """
    rest = judged.without(neurons)
    incoming, outgoing = judged.size(neurons)
    found = np.empty((2, len(sigmas), draws))
    for draw in range(draws):
        generator = np.random.default_rng([seed, draw])
        noise = [
            generator.standard_normal(shape)
            for shape in ((len(neurons), incoming), (len(neurons),), (outgoing, len(neurons)))
        ]
        for row, sigma in enumerate(sigmas):
            factors = [np.exp(sigma * part) for part in noise]
            found[:, row, draw] = judged.measured(rest + judged.added(neurons, factors))
    return Curve(*found)


def ablation_curve(judged: Judged, neurons: Indices, draws: int, seed: int) -> Curve:
    """Take 0, 1, .. all neurons of a cluster away, in an order of chance for each draw."""
    found = np.empty((2, len(neurons) + 1, draws))
    rest = judged.without(neurons)
    for draw in range(draws):
        order = np.random.default_rng([seed, draw]).permutation(neurons)
        for gone in range(len(neurons) + 1):
            logits = rest + judged.added(order[gone:]) if gone < len(order) else rest
            found[:, gone, draw] = judged.measured(logits)
    return Curve(*found)
