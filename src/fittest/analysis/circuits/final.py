"""The circuit of a run at its end: one row of everything, and the tables behind figures
(progress methods 2.2 to 2.13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fittest.analysis.circuits import attention, forward, losses, regression, spectra
from fittest.analysis.circuits import keys as rules
from fittest.analysis.circuits.ablations import ablations
from fittest.analysis.circuits.basis import Floats, component_norms
from fittest.analysis.circuits.losses import Mask
from fittest.analysis.circuits.measures import sparsity
from fittest.analysis.circuits.network import Network, network_of, sum_of_squares
from fittest.analysis.circuits.reads import Read, mlp_reads
from fittest.analysis.circuits.settings import CircuitSettings
from fittest.analysis.circuits.sums import by_sum

Row = dict[str, Any]

RUN = ["run_id", "runset", "seed"]
TABLES: dict[str, list[str]] = {
    "circuits": [
        *RUN,
        *(
            "p",
            "layers",
            "train_fraction",
            "weight_decay",
            "dropout",
            "step",
            "slingshot",
            "formed",
        ),
        *("keys", "keys_by_neurons", "rules_agree", "keys_of_embedding"),
        *("loss", "train_loss", "test_loss", "accuracy", "train_accuracy", "test_accuracy"),
        *("gini_embedding", "gini_map", "gini_embedding_frequencies", "gini_map_frequencies"),
        *("squared_weights", "map_residual", "map_residual_squared"),
        *("alphas", "logits_explained", "spectrum_in_blocks", "largest_in_blocks"),
        *("reads_mean", "reads_least", "reads_sd", "neurons_explained"),
    ],
    "ablations": [
        *(*RUN, "ablation", "k"),
        *("loss", "train_loss", "test_loss", "accuracy", "train_accuracy", "test_accuracy"),
        *("ratio", "test_ratio"),
    ],
    "components": [*RUN, "of", "k", "wave", "norm"],
    "reads": [
        *(*RUN, "k", "part", "first", "second", "merged", "explained", "expansion"),
    ],
    "neurons": [*RUN, "neuron", "k", "explained"],
    "clusters": [*RUN, "k", "is_key", "neurons", "written_share"],
    "heads": [
        *(*RUN, "head", "itself", "itself_sd", "itself_most"),
        *("k", "alpha", "beta", "pattern_explained", "divided_explained", "periodic"),
        *("lookup_k", "lookup_cos", "lookup_sin", "lookup_explained", "offset"),
        *("slope", "linear_explained", "lowest", "highest", "ov_entropy", "ov_share"),
    ],
    "head_components": [*RUN, "head", "k", "wave", "lookup", "ov_norm"],
}
"""Columns of the tables of all runs, in this order; `is_key` and so on: docs of `Circuit`."""
MAP_COLUMNS = [*RUN, "of", "index", "a", "b", "value"]
"""Of tables over pairs of one run: `attention` (to the first operand, of a head), `neuron`, and
`logits` (norm over classes of the component a, b of their spectrum)."""
CLUSTER_COLUMNS = [*RUN, "cluster", "neuron", "k", "wave", "value"]
"""Of what the neurons of one run's smallest key cluster write, in the Fourier basis."""


@dataclass(frozen=True)
class Circuit:
    """Rows by table (TABLES), without the run, and what the tables of one run alone need.

    circuits: keys: of the neuron-logit map; of a network that has formed none (`formed`), its
    largest ones. keys_by_neurons: clusters that are large enough. keys_of_embedding: by the same
    threshold as keys. map_residual: norm of the map without the keys' rows over that of the map.
    reads_: over both reads of all keys. neurons_explained: share of the neurons.
    ablations: ratio: loss over that of the whole network, over all pairs; test_: over test pairs.
    components: norms of W_E and W_L by component; wave: const, cos or sin.
    """

    rows: Mapping[str, list[Row]]
    network: Network
    parts: forward.Activity
    keys: tuple[int, ...]
    clusters: Mapping[int, rules.Indices]


def circuit(parameters: Mapping[str, Floats], train: Mask, settings: CircuitSettings) -> Circuit:
    """Everything there is to say of a trained network, in float64.

    train: (p, p), the pairs that it was trained on.
    """
    network = network_of(len(train), parameters)
    parts = forward.activity(network)
    logits = network.logits(parts.stream, parts.neurons)
    whole = losses.score(logits, train)
    map_ = network.neuron_logit_map()
    # Without test pairs there is no telling, and the threshold stands.
    formed = not whole.test_accuracy < settings.formed_accuracy
    ks = (
        rules.key_frequencies(map_, settings.key_share)
        if formed
        else rules.largest_frequencies(map_, settings.keys_without_circuit)
    )
    best, shares = spectra.best_frequencies(spectra.transforms_of(parts.neurons))
    found = rules.clusters(best, shares, settings.explained)
    reads = mlp_reads(parts.neurons, map_, ks, settings.printed_share)
    by_neurons = rules.frequencies_of_clusters(found, settings.cluster)
    row = {
        "formed": formed,
        "keys": list(ks),
        "keys_by_neurons": list(by_neurons),
        "rules_agree": ks == by_neurons,
        "keys_of_embedding": list(rules.key_frequencies(network.embedding, settings.key_share)),
        **vars(whole),
        **sparsity(network.embedding, map_),
        "squared_weights": sum_of_squares(parameters),
        **_fits(logits, map_, ks),
        **_of_reads(reads),
        "neurons_explained": float((shares > settings.explained).mean()),
    }
    one_layer = len(network.blocks) == 1
    rows = {
        "circuits": [row],
        "ablations": _ablation_rows(network, parts, ks, settings.explained, train),
        "components": _component_rows(network, map_),
        "reads": [asdict(read) for read in reads],
        "neurons": [
            {"neuron": i, "k": int(k), "explained": float(share)}
            for i, (k, share) in enumerate(zip(best, shares, strict=True))
        ],
        "clusters": [
            {
                "k": k,
                "is_key": k in ks,
                "neurons": len(members),
                "written_share": rules.written_share(map_, k, members),
            }
            for k, members in found.items()
            if len(members) >= settings.cluster
        ],
        "heads": [asdict(h) for h in attention.heads(network, parts.pattern)] if one_layer else [],
        "head_components": _head_rows(network) if one_layer else [],
    }
    return Circuit(rows, network, parts, ks, found)


def _fits(logits: Floats, map_: Floats, ks: tuple[int, ...]) -> Row:
    means = by_sum(logits)
    alphas = regression.coefficients(means, ks)
    left = rules.residual(map_, ks)
    norms = spectra.norms_over_classes(spectra.transforms_of(logits))
    share, largest = spectra.energy_in_blocks(norms, ks)
    return {
        "map_residual": left,
        "map_residual_squared": left**2,
        "alphas": [float(alpha) for alpha in alphas],
        "logits_explained": regression.share_explained(logits, alphas),
        "spectrum_in_blocks": share,
        "largest_in_blocks": largest,
    }


def _of_reads(reads: list[Read]) -> Row:
    explained = np.array([read.explained for read in reads])
    return {
        "reads_mean": float(explained.mean()),
        "reads_least": float(explained.min()),
        "reads_sd": float(explained.std(ddof=1)),
    }


def _ablation_rows(
    network: Network,
    parts: forward.Activity,
    ks: tuple[int, ...],
    explained: float,
    train: Mask,
) -> list[Row]:
    rows: list[Row] = []
    for name, k, logits in ablations(network, parts, ks, explained):
        scores = vars(losses.score(logits, train))
        whole = rows[0] if rows else scores
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio, test_ratio = (
                float(np.float64(scores[part]) / whole[part]) for part in ("loss", "test_loss")
            )
        rows.append({"ablation": name, "k": k, **scores, "ratio": ratio, "test_ratio": test_ratio})
    return rows


def _wave(row: int) -> Row:
    """Names of a row of the basis."""
    return {"k": (row + 1) // 2, "wave": ("const" if row == 0 else "cos" if row % 2 else "sin")}


def _component_rows(network: Network, map_: Floats) -> list[Row]:
    return [
        {"of": name, **_wave(row), "norm": float(norm)}
        for name, table in (("embedding", network.embedding), ("map", map_))
        for row, norm in enumerate(component_norms(table))
    ]


def _head_rows(network: Network) -> list[Row]:
    looked, carried = attention.lookup_components(network), attention.ov_norms(network)
    return [
        {"head": head, **_wave(row), "lookup": float(looked[head, row]), "ov_norm": float(norm)}
        for head in range(len(carried))
        for row, norm in enumerate(carried[head])
    ]


# -- of one run alone --------------------------------------------------------------------------


def map_rows(found: Circuit, neurons: int) -> list[Row]:
    """Rows of MAP_COLUMNS, without the run: every head of a network of one layer, the first so many
    neurons, and the logits' spectrum."""
    network, parts = found.network, found.parts
    transform = spectra.transforms_of(network.logits(parts.stream, parts.neurons))
    tables: list[tuple[str, int, Floats]] = []
    if len(network.blocks) == 1:
        heads = range(parts.pattern.shape[2])
        tables += [("attention", head, parts.pattern[:, :, head, 0]) for head in heads]
    tables += [
        ("neuron", i, parts.neurons[:, :, i]) for i in range(min(neurons, parts.neurons.shape[2]))
    ]
    tables.append(("logits", 0, spectra.norms_over_classes(transform)))
    return [
        {"of": of, "index": index, "a": a, "b": b, "value": float(values[a, b])}
        for of, index, values in tables
        for a in range(network.p)
        for b in range(network.p)
    ]


def cluster_rows(found: Circuit) -> list[Row]:
    """Rows of CLUSTER_COLUMNS, without the run, of the smallest cluster of a key frequency; none
    where no key frequency has one."""
    of_keys = {k: members for k, members in found.clusters.items() if k in found.keys}
    if not of_keys:
        return []
    cluster, members = min(of_keys.items(), key=lambda item: (len(item[1]), item[0]))
    written = rules.components(found.network.neuron_logit_map()[:, members])
    return [
        {"cluster": cluster, "neuron": int(neuron), **_wave(row), "value": float(written[row, i])}
        for row in range(len(written))
        for i, neuron in enumerate(members)
    ]
