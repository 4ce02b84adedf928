"""What networks on sums of powers compute at their end (exponents methods 2.5, 2.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.circuits import attention, forward
from fittest.analysis.circuits.basis import Floats, by_frequency, component_norms, gini
from fittest.analysis.circuits.checkpoints import (
    files_by_run,
    read_checkpoints,
    train_pairs_of,
)
from fittest.analysis.circuits.losses import Mask
from fittest.analysis.circuits.network import Network, network_of
from fittest.analysis.circuits.runs import Analysed, held
from fittest.analysis.circuits.work import mapped
from fittest.analysis.exponents.bases import (
    KINDS,
    WAVES,
    Basis,
    Kind,
    bases,
    covering,
    norms,
    powered,
    raw,
    transform,
)
from fittest.analysis.exponents.blocks import (
    block_products,
    explained_by,
    explained_by_any,
    in_blocks,
    largest_shares,
    overlaps,
    share_by_chance,
)
from fittest.analysis.exponents.directions import loss_and_accuracy
from fittest.analysis.exponents.residues import answers
from fittest.analysis.exponents.settings import NetworkSettings
from fittest.tasks import Powers
from fittest.tasks.residues import residues

Row = dict[str, Any]
RUN = ["run_id", "runset", "seed", "p", "a", "b"]
NETWORKS = [
    *(*RUN, "step", "keys", "train_loss", "test_loss", "train_accuracy", "test_accuracy"),
    *("gini_embedding_raw", "gini_embedding_powered", "gini_map"),
    *("embedding_in_keys", "embedding_in_any"),
    *("cosine_share", "cosine_cover", "cosine_variation", "cosine_gini"),
    *("block_raw", "block_powered", "neurons"),
    *("periodic_neurons_raw", "periodic_neurons_powered"),
    *("periodic_heads_raw", "periodic_heads_powered"),
    *("periodic_chance_raw", "periodic_chance_powered"),
    *("attention_to_sign", "masked_test_accuracy", "unskipped_test_accuracy"),
]
"""Of a row per run. gini_: of the norms of components, constant aside. embedding_in_keys: share of
its variance that the key frequencies of both powers explain; _in_any: of as many drawn at random.
cosine_: of the embedding in the raw basis: their share of the energy, constant aside; share of
frequencies whose cosine is above half the median cosine; coefficient of variation and Gini of their
norms. block_: share of a neuron's variance in its best block, mean over the `neurons` that vary.
periodic_: share of the variance in the largest blocks, mean over neurons or heads; _chance_: that
of tables drawn at random. masked_: without attention to the sign of equality; unskipped_: without
what goes around the MLP."""
SPECTRA = [*RUN, "of", "basis", "k", "wave", "norm"]
"""Of a row per component of the embedding, in both bases, and of the map from neurons to logits."""
NORM_MAPS = [*RUN, "basis", "i", "j", "value"]
"""Of a row per product of components: norm over neurons of what their activations have of it."""
EMBEDDING_MAPS = [*RUN, "basis", "i", "dimension", "value"]
PAIR_MAPS = [*RUN, "of", "index", "x", "y", "value"]
"""of: `attention` (to the first operand, of a head) or `neuron`."""


@dataclass(frozen=True)
class Taken:
    """Rows of one network, without its run; those of maps where it is shown."""

    network: Row
    spectra: list[Row]
    norm_maps: list[Row]
    embedding_maps: list[Row]
    pair_maps: list[Row]


def key_frequencies(neuron_logit_map: Floats, settings: NetworkSettings) -> tuple[int, ...]:
    """The fewest frequencies that cover the energy of what neurons write (p, F), constant aside."""
    energies = np.square(by_frequency(component_norms(neuron_logit_map)))
    return covering(energies, settings.covered, settings.most_keys)


def embedding_exponent(p: int, a: int, b: int) -> int:
    """The exponent whose powers the embedding is looked at by: that with more values."""
    images = residues(p, a, b).images
    return a if images[0] >= images[1] else b


def taken_apart(
    task: Powers,
    parameters: Mapping[str, Floats],
    train: Mask,
    settings: NetworkSettings,
    activations: bool,
    embedding: bool,
) -> Taken:
    """Everything there is to say of a trained network, in float64.

    Args:
        train: (p, p), the pairs that it was trained on.
        activations, embedding: whether their maps are wanted.
    """
    (a, b), p = task.exponents, task.p
    labels = answers(p, a, b)
    network = network_of(p, parameters)
    parts = forward.activity(network)
    map_ = network.neuron_logit_map()
    exponent = embedding_exponent(p, a, b)
    by_kind: dict[Kind, Basis] = {"raw": raw(p), "powered": powered(p, exponent)}
    embedded = {kind: norms(basis, network.embedding) for kind, basis in by_kind.items()}
    keys = key_frequencies(map_, settings)
    row: Row = {
        "keys": list(keys),
        **_scores(network, parts, labels, train),
        **{f"gini_embedding_{kind}": gini(found[1:]) for kind, found in embedded.items()},
        "gini_map": gini(component_norms(map_)[1:]),
        "embedding_in_keys": explained_by(network.embedding, (a, b), keys),
        "embedding_in_any": explained_by_any(network.embedding, (a, b), len(keys)),
        **_cosines(embedded["raw"]),
        "attention_to_sign": float(parts.pattern[..., 2].mean()),
    }
    maps: list[Row] = []
    looked = attention.without_itself(parts.pattern)[..., 0]
    for kind in KINDS:
        first, second = bases(kind, p, a, b)
        overlap = overlaps(kind, p, a, b)
        made = transform(_centred(parts.neurons), first, second)
        neurons, spread = in_blocks(made, first, second), _spread(parts.neurons)
        best = largest_shares(neurons, spread, 1, overlap)
        heads = block_products(looked, first, second)
        row |= {
            f"block_{kind}": _mean(best),
            "neurons": int(np.isfinite(best).sum()),
            f"periodic_neurons_{kind}": _mean(
                largest_shares(neurons, spread, settings.largest, overlap)
            ),
            f"periodic_heads_{kind}": _mean(
                largest_shares(heads, _spread(looked), settings.largest, overlap)
            ),
            f"periodic_chance_{kind}": share_by_chance(kind, p, a, b, settings.largest),
        }
        if activations:
            norms_ = np.sqrt(np.square(made).sum(axis=2))
            maps += _table(norms_, ("i", "j"), basis=kind)
    spectra = [
        {"of": of, "basis": kind, "k": int(k), "wave": WAVES[wave], "norm": float(norm)}
        for of, kind, basis, found in (
            *(("embedding", kind, by_kind[kind], embedded[kind]) for kind in KINDS),
            ("map", "raw", by_kind["raw"], component_norms(map_)),
        )
        for k, wave, norm in zip(basis.k, basis.wave, found, strict=True)
    ]
    pictures: list[Row] = []
    if embedding:
        for kind, basis in by_kind.items():
            pictures += _table(basis.rows @ network.embedding, ("i", "dimension"), basis=kind)
    pairs: list[Row] = []
    if activations:
        for head in range(parts.pattern.shape[2]):
            pairs += _table(parts.pattern[..., head, 0], ("x", "y"), of="attention", index=head)
        for index in range(min(settings.neurons_shown, parts.neurons.shape[2])):
            pairs += _table(parts.neurons[..., index], ("x", "y"), of="neuron", index=index)
    return Taken(row, spectra, maps, pictures, pairs)


def _scores(
    network: Network, parts: forward.Activity, labels: np.ndarray, train: Mask
) -> dict[str, float]:
    whole = network.logits(parts.stream, parts.neurons)
    found: dict[str, float] = {}
    for name, mask in (("train", train), ("test", ~train)):
        loss, accuracy = loss_and_accuracy(whole[mask], labels[mask])
        found |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    blind = attention.without_itself(parts.pattern)
    stream = network.start() + forward.written(network, blind)
    for name, logits in (
        ("masked", forward.from_stream(network, stream)),
        ("unskipped", network.logits(None, parts.neurons)),
    ):
        found[f"{name}_test_accuracy"] = loss_and_accuracy(logits[~train], labels[~train])[1]
    return found


def _cosines(found: Floats) -> dict[str, float]:
    """cosine_ columns from the norms of raw components (p,)."""
    energy, cosines = np.square(found[1:]), found[1::2]
    total, mean = float(energy.sum()), float(cosines.mean())
    return {
        "cosine_share": float(energy[::2].sum()) / total if total > 0 else float("nan"),
        "cosine_cover": float((cosines > np.median(cosines) / 2).mean()),
        "cosine_variation": float(cosines.std()) / mean if mean > 0 else float("nan"),
        "cosine_gini": gini(cosines),
    }


def _centred(values: Floats) -> Floats:
    made: Floats = values - values.mean(axis=(0, 1))
    return made


def _spread(values: Floats) -> Floats:
    """Sum of squares about the mean of each table, 0 for what rounding leaves of a constant."""
    mean = values.mean(axis=(0, 1))
    found: Floats = np.square(values - mean).sum(axis=(0, 1))
    return np.where(found > 1e-12 * values[..., 0].size * np.square(mean), found, 0.0)


def _mean(shares: Floats) -> float:
    known = shares[np.isfinite(shares)]
    return float(known.mean()) if len(known) else float("nan")


def _table(values: Floats, places: tuple[str, str], **told: Any) -> list[Row]:
    one, other = places
    return [
        {**told, one: i, other: j, "value": float(value)}
        for i, line in enumerate(values)
        for j, value in enumerate(line)
    ]


TABLES = {
    "networks": NETWORKS,
    "spectra": SPECTRA,
    "norm_maps": NORM_MAPS,
    "embedding_maps": EMBEDDING_MAPS,
    "pair_maps": PAIR_MAPS,
}


def final_networks(
    runs: Sequence[Analysed], weights: Sequence[str], settings: NetworkSettings, threads: int
) -> dict[str, pd.DataFrame]:
    """TABLES of every run at its last step, each network once, under its first run-set.

    weights: tables that hold the runs' parameters.
    """
    files = files_by_run(weights)
    activations = first_of(runs, settings.shown)
    embeddings = first_of(runs, settings.embeddings)

    def analyse(one: Analysed) -> Taken:
        task = one.run.task
        assert isinstance(task, Powers)
        [[(_, parameters)]] = read_checkpoints(held(files, one), one.run_id, [one.last_step])
        return taken_apart(
            task,
            parameters,
            train_pairs_of(one.run),
            settings,
            one.run_id in activations,
            one.run_id in embeddings,
        )

    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    made = mapped(analyse, [runs], threads, len(runs), "networks")
    for one, found in zip(runs, made, strict=True):
        told = {**sum_of(one), "step": one.last_step}
        rows["networks"] += one.rows([{**told, **found.network}], once=True)
        for name in ("spectra", "norm_maps", "embedding_maps", "pair_maps"):
            some = [{**sum_of(one), **row} for row in getattr(found, name)]
            rows[name] += one.rows(some, once=True)
    return {name: pd.DataFrame(rows[name], columns=columns) for name, columns in TABLES.items()}


def sum_of(one: Analysed) -> Row:
    """p, a and b of a run."""
    task = one.run.task
    assert isinstance(task, Powers)
    return {"p": task.p, "a": task.exponents[0], "b": task.exponents[1]}


def first_of(runs: Iterable[Analysed], exponents: Iterable[tuple[int, int]]) -> set[str]:
    """run_id of the first run of each of some pairs of exponents."""
    wanted = {tuple(one) for one in exponents}
    found: dict[tuple[int, int], str] = {}
    for one in runs:
        told = sum_of(one)
        key = (told["a"], told["b"])
        if key in wanted:
            found.setdefault(key, one.run_id)
    return set(found.values())
