"""Neurons of the pizza model's largest clusters (cosets methods 4, C26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fittest.analysis.cosets.dissection import Dissected
from fittest.analysis.cosets.waves import strong_neighbours

COLUMNS = ["run_id", "seed", "f", "neuron", "explained", "neighbours"]
"""explained: R^2 of one wave once the numbers are remapped, the less of both parts. neighbours:
whether both parts are strong a step before and after the number at which they are strongest."""


def pizza_neurons(one: Dissected, clusters: int, strong: float) -> Iterator[dict[str, Any]]:
    """Rows of COLUMNS: the neurons of so many clusters, those with the most neurons.

    strong: share of the largest value from which on another one is strong.
    """
    chosen = sorted(one.clusters, key=lambda c: (-c.size, c.frequency))[:clusters]
    found, parts = one.neurons, (one.split.a, one.split.b)
    for cluster in chosen:
        f = cluster.frequency
        for i in cluster.neurons:
            yield {
                "run_id": one.run_id,
                "seed": one.seed,
                "f": f,
                "neuron": int(i),
                "explained": float(min(found.kappa_a[i], found.kappa_b[i])),
                "neighbours": all(strong_neighbours(p[:, i], f, strong) for p in parts),
            }
