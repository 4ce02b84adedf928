"""Parts of single networks: pairs of principal components, and fine-tuning neurons (cosets methods
2.17)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from fittest.analysis.cosets import pca, waves
from fittest.analysis.cosets.dissection import Dissected
from fittest.analysis.cosets.neurons import folded
from fittest.analysis.cosets.single_settings import PlaneSettings, SingleSettings

Row = dict[str, Any]
NAMED = ["run_id", "runset", "seed"]
"""Columns that name a network."""
PLANE_COLUMNS = [
    *NAMED,
    "first",
    "second",
    "f_first",
    "f_second",
    "share_first",
    "share_second",
    "variation",
    "circular",
    "same",
    "coset_share",
]
"""Pairs of principal components, numbered from 1. coset_share: NaN unless both have one frequency
with a common divisor."""
MIXED_COLUMNS = [
    *NAMED,
    "f",
    "neuron",
    "part",
    "in_cluster",
    "strong",
    "frequencies",
    "related",
    "by_chance",
    "explained",
]
"""Fine-tuning neurons, a row for each part: `strong` frequencies, by magnitude; the share of them
in additive relations, and what chance gives; R^2 of the largest few.
in_cluster: whether the neuron's cluster is a fine-tuning one."""


def plane_rows(one: Dissected, settings: PlaneSettings) -> Iterator[Row]:
    """Every pair of the leading components."""
    found = pca.principal_components(one.tables, settings.components)
    for second in range(len(found.frequencies)):
        for first in range(second):
            x, y = found.scores[:, first], found.scores[:, second]
            f, other = int(found.frequencies[first]), int(found.frequencies[second])
            variation, g = pca.radius_variation(x, y), math.gcd(f, one.n)
            exact = f == other and g > 1
            yield {
                "first": first + 1,
                "second": second + 1,
                "f_first": f,
                "f_second": other,
                "share_first": float(found.shares[first]),
                "share_second": float(found.shares[second]),
                "variation": variation,
                "circular": variation <= settings.circular,
                "same": f == other,
                "coset_share": pca.explained_by_residue(np.stack([x, y], axis=1), one.n // g)
                if exact
                else math.nan,
            }


def mixed_rows(one: Dissected, settings: SingleSettings) -> Iterator[Row]:
    """Parts of fine-tuning neurons."""
    majority = {int(i) for c in one.clusters if c.fine_tuning for i in c.neurons}
    for i in np.flatnonzero(one.neurons.tuned):
        for name, part in (("a", one.split.a[:, i]), ("b", one.split.b[:, i])):
            strong = waves.strong_frequencies(folded(part), settings.strong)
            _, _, shares = waves.partial_sums(part, settings.representations)
            yield {
                "f": int(one.neurons.frequency[i]),
                "neuron": int(i),
                "part": name,
                "in_cluster": int(i) in majority,
                "strong": len(strong),
                "frequencies": strong,
                "related": waves.related_share(strong, one.n),
                "by_chance": waves.related_by_chance(
                    len(strong), one.n, settings.chance_draws, settings.seed
                ),
                "explained": float(shares[-1]) if len(shares) else math.nan,
            }
