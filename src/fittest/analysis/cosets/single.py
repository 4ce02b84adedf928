"""Single networks taken apart: what is measured of each, its clusters and its fine-tuning neurons
(cosets methods 2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.circuits.work import mapped
from fittest.analysis.cosets import outputs, pca, waves
from fittest.analysis.cosets.clusters import Cluster
from fittest.analysis.cosets.dissection import Dissected
from fittest.analysis.cosets.perturbations import Judged, noise_curve
from fittest.analysis.cosets.single_parts import (
    MIXED_COLUMNS,
    NAMED,
    PLANE_COLUMNS,
    mixed_rows,
    plane_rows,
)
from fittest.analysis.cosets.single_settings import SingleSettings

Row = dict[str, Any]
NETWORK_COLUMNS = [
    *NAMED,
    "p",
    "clusters",
    "live",
    "simple",
    "strict",
    "agreeing",
    "output_share",
    "one_wave",
    "projected",
    "component_share",
    "accuracy",
    "loss",
    "together_accuracy",
    "together_margin",
    "alone_accuracy",
    "alone_margin",
    "remainder",
]
"""Shares of live neurons (simple), of simple ones (strict; agreeing, which leaves the output's
concentration out); median share of an output's power at the neuron's frequency; median R^2 of one
wave for the parts of simple neurons; median shares of energy of the tables' columns at the
clusters' frequencies, and of components at one; loss (nats) and accuracy on test pairs; of all
clusters together and of the best one alone: accuracy and mean margin over all pairs; share of the
logits' variance that belongs to no cluster. From `accuracy` on, only of networks of which
everything is measured; NaN for others."""
CLUSTER_COLUMNS = [
    *NAMED,
    "place",
    "f",
    "g",
    "neurons",
    "fine_tuning",
    "even_a",
    "even_b",
    "even_difference",
    "even",
    "even_chance",
    "even_pair",
    "distinct",
    "distinct_b",
    "wave_explained",
    "wave_steps",
    "coset_share",
    "alone_accuracy",
    "moved",
    "moved_turned",
    "moved_correlation",
    "removed_loss",
    "removed_accuracy",
    "noise_loss",
    "noise_accuracy",
]
"""place: 0 for the cluster whose removal costs most, a fine-tuning one last. even_a, even_b,
even_difference: Rayleigh's probability of phases; even: the least of them; even_chance: how often
that of uniform phases is as large as it has to be; even_pair: the probability of both phases
together. distinct, distinct_b: phases of each operand. coset_share: NaN where g is 1. moved: within
a step of the coset; moved_turned: within some degrees. removed_* and noise_*: on test pairs."""
TABLES = {
    "networks": NETWORK_COLUMNS,
    "clusters": CLUSTER_COLUMNS,
    "planes": PLANE_COLUMNS,
    "mixed": MIXED_COLUMNS,
}
"""Columns of the tables by name."""


def measured_networks(
    networks: Iterator[Dissected], total: int, settings: SingleSettings, threads: int
) -> dict[str, pd.DataFrame]:
    """`TABLES` of networks; of the first ones everything is measured.

    Args:
        networks: read one by one, a window of them in memory. total: how many there may be.
    """

    def windows() -> Iterator[list[tuple[int, Dissected]]]:
        numbered = enumerate(networks)
        while window := list(islice(numbered, 2 * threads)):
            yield window

    def measure(given: tuple[int, Dissected]) -> tuple[Dissected, dict[str, list[Row]]]:
        index, one = given
        return one, network_rows(one, settings, index < settings.networks)

    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for one, made in mapped(measure, windows(), threads, total, "networks"):
        for name, some in made.items():
            said = {"run_id": one.run_id, "runset": one.runset, "seed": one.seed}
            rows[name] += [{**said, **row} for row in some]
    return {name: pd.DataFrame(rows[name], columns=columns) for name, columns in TABLES.items()}


def network_rows(one: Dissected, settings: SingleSettings, whole: bool) -> dict[str, list[Row]]:
    """Rows of `TABLES` of one network, without the columns that name it.

    Args:
        whole: measure its outputs too, which takes seconds.
    """
    row: Row = {"p": one.n, **_neuron_measures(one), **_table_measures(one, settings)}
    clusters = [_phases(one, cluster, settings) for cluster in one.clusters]
    if whole:
        measured = Judged(one.parameters, one.test_pairs)
        row["loss"], row["accuracy"] = measured.whole()
        row |= _outputs(one, clusters, settings)
        _disturbed(one, measured, clusters, settings)
    order = one.ordered([found.get("removed_loss", math.nan) for found in clusters])
    for place, index in enumerate(order):
        clusters[index]["place"] = place
    return {
        "networks": [row],
        "clusters": [clusters[index] for index in order],
        "planes": list(plane_rows(one, settings.planes)),
        "mixed": list(mixed_rows(one, settings)),
    }


def _neuron_measures(one: Dissected) -> Row:
    found = one.neurons
    simple, live = found.simple, int(found.live.sum())
    # What one wave explains does not depend on the order of the numbers.
    waves_of = np.concatenate([found.kappa_a[simple], found.kappa_b[simple]])
    return {
        "clusters": len(one.clusters),
        "live": live,
        "simple": float(simple.sum() / live) if live else math.nan,
        "strict": float(found.strict[simple].mean()) if simple.any() else math.nan,
        "agreeing": float(one.agreeing[simple].mean()) if simple.any() else math.nan,
        "output_share": float(np.median(found.kappa_d[simple])) if simple.any() else math.nan,
        "one_wave": float(np.median(waves_of)) if len(waves_of) else math.nan,
    }


def _table_measures(one: Dissected, settings: SingleSettings) -> Row:
    columns = np.concatenate(one.tables, axis=1)
    columns = columns[:, waves.varying_columns(columns, settings.live_column)]
    shares = waves.projected_share(columns, [c.frequency for c in one.clusters])
    count = 2 * len(one.clusters)
    leading = pca.principal_components(one.tables, count) if count else None
    return {
        "projected": float(np.median(shares)) if count and len(shares) else math.nan,
        "component_share": math.nan if leading is None else float(np.median(leading.shares)),
    }


def _phases(one: Dissected, cluster: Cluster, settings: SingleSettings) -> Row:
    a, b = one.neurons.phase_a[cluster.neurons], one.neurons.phase_b[cluster.neurons]
    even = {
        "even_a": waves.rayleigh(a),
        "even_b": waves.rayleigh(b),
        "even_difference": waves.rayleigh(a - b),
    }
    return {
        "f": cluster.frequency,
        "g": math.gcd(cluster.frequency, one.n),
        "neurons": cluster.size,
        "fine_tuning": cluster.fine_tuning,
        **even,
        "even": min(even.values()),
        "even_chance": waves.rayleigh_by_chance(
            cluster.size, settings.uniform, settings.chance_draws, settings.seed
        ),
        "even_pair": waves.pair_evenness(
            a, b, settings.phase_orders, settings.phase_draws, settings.seed
        ),
        "distinct": waves.distinct_phases(a, settings.apart),
        "distinct_b": waves.distinct_phases(b, settings.apart),
    }


def _outputs(one: Dissected, clusters: Sequence[Row], settings: SingleSettings) -> Row:
    """What clusters add to the logits; the network's own measures come back."""
    together = np.zeros((one.n,) * 3)
    alone = []
    for cluster, row in zip(one.clusters, clusters, strict=True):
        added = one.contribution(cluster.neurons)
        together += added
        f = cluster.frequency
        fit = outputs.wave_fit(added, f)
        answers = outputs.answered(added)
        moved = outputs.equivariance(added, f, settings.shift, settings.turned)
        alone.append(answers)
        row |= {
            "wave_explained": _median(fit.explained),
            "wave_steps": _median(fit.steps),
            "coset_share": outputs.coset_share(added, f) if row["g"] > 1 else math.nan,
            "alone_accuracy": answers.accuracy,
            "moved": moved.score,
            "moved_turned": moved.turned,
            "moved_correlation": moved.correlation,
        }
    logits = one.logits()
    total = _over_answers(logits)
    found = outputs.answered(together)
    return {
        "together_accuracy": found.accuracy,
        "together_margin": found.margin,
        "alone_accuracy": max((each.accuracy for each in alone), default=math.nan),
        "alone_margin": max((each.margin for each in alone), default=math.nan),
        "remainder": _over_answers(logits - together) / total if total else math.nan,
    }


def _over_answers(logits: np.ndarray) -> float:
    """Variance of (n, n, n) logits over the answers, mean over pairs."""
    return float(logits.var(axis=-1).mean())


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else math.nan


def _disturbed(
    one: Dissected, measured: Judged, clusters: Sequence[Row], settings: SingleSettings
) -> None:
    for cluster, row in zip(one.clusters, clusters, strict=True):
        loss, accuracy = measured.measured(measured.without(cluster.neurons))
        curve = noise_curve(
            measured, cluster.neurons, [settings.noise.judged], settings.noise.draws, settings.seed
        )
        row |= {
            "removed_loss": loss,
            "removed_accuracy": accuracy,
            "noise_loss": float(curve.loss.mean()),
            "noise_accuracy": float(curve.accuracy.mean()),
        }
