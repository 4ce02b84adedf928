"""One stored network with its neurons, clusters and test pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.circuits.checkpoints import files_by_run, read_checkpoints, train_pairs_of
from fittest.analysis.cosets.clusters import Cluster, clusters_of, contribution
from fittest.analysis.cosets.neurons import (
    Floats,
    NeuronRules,
    Neurons,
    Split,
    describe,
    split_pizza,
    split_two_tables,
)
from fittest.analysis.fates.runs import complete
from fittest.errors import StoreError

if TYPE_CHECKING:
    from fittest.runs.run import Run

TABLES = ("first.weight", "second.weight")


@dataclass(frozen=True)
class Dissected:
    """A network at the end of its run.

    parameters: by name, float64. split, neurons, clusters: as their modules say.
    agreeing: (H,), whether a neuron passes the strict test but for the concentration of its output.
    test_pairs: (m, 2)
    operands that it was not trained on.
    """

    run_id: str
    runset: str
    seed: int
    parameters: Mapping[str, Floats]
    split: Split
    neurons: Neurons
    agreeing: NDArray[np.bool_]
    clusters: tuple[Cluster, ...]
    test_pairs: NDArray[np.int64]

    @property
    def n(self) -> int:
        """The modulus."""
        return self.split.n

    @property
    def has_two_tables(self) -> bool:
        """Whether it is a network of two tables, and not the pizza model."""
        return all(name in self.parameters for name in TABLES)

    @property
    def tables(self) -> list[Floats]:
        """Its tables of numbers, (n, d) each."""
        names = TABLES if self.has_two_tables else ("embedding.weight",)
        return [self.parameters[name][: self.n] for name in names]

    @property
    def strength(self) -> Floats:
        """(H,), the larger magnitude of a neuron's parts at its frequency."""
        at = (self.neurons.frequency - 1, np.arange(len(self.neurons.frequency)))
        return np.maximum(self.neurons.spectrum_a[at], self.neurons.spectrum_b[at])

    def contribution(self, neurons: NDArray[np.int64]) -> Floats:
        """What neurons add to the logits of all pairs: (n, n, n)."""
        return contribution(self.split, neurons).reshape((self.n,) * 3)

    def logits(self) -> Floats:
        """Of all pairs: (n, n, n)."""
        found = self.contribution(np.arange(len(self.split.bias))) + self.split.constant
        if self.split.around_a is not None and self.split.around_b is not None:
            found = found + self.split.around_a[:, None] + self.split.around_b
        return found

    def ordered(self, removed: Sequence[float]) -> list[int]:
        """Places of the clusters by the loss without each, the largest first, and fine-tuning ones
        last; by size where no loss is known."""

        def rank(index: int) -> tuple[bool, float, int, int]:
            loss = removed[index]
            cluster = self.clusters[index]
            known = 0.0 if math.isnan(loss) else -loss
            return cluster.fine_tuning, known, -cluster.size, cluster.frequency

        return sorted(range(len(self.clusters)), key=rank)


def dissected(
    run: Run,
    runset: str,
    parameters: Mapping[str, NDArray[Any]],
    rules: NeuronRules,
) -> Dissected:
    """Take a network apart."""
    values = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    n = run.numbers_task.p
    two = all(name in values for name in TABLES)
    split = split_two_tables(values, n) if two else split_pizza(values, n)
    neurons = describe(split, rules)
    loose = describe(split, rules.model_copy(update={"concentration": np.finfo(float).tiny}))
    return Dissected(
        run_id=run.run_id,
        runset=runset,
        seed=run.seeds.split,
        parameters=values,
        split=split,
        neurons=neurons,
        agreeing=loose.strict & neurons.simple,
        clusters=tuple(clusters_of(neurons)),
        test_pairs=np.argwhere(~train_pairs_of(run)),
    )


def stored_networks(
    runs: pd.DataFrame, weights: Sequence[str], rules: NeuronRules
) -> Iterator[Dissected]:
    """The networks of a `runs` table that did not fail and keep their weights, in its order.

    Args:
        runs: run_id, runset, config, last_step, failed.
        weights: tables of the run-set's parameters.
    """
    from fittest.runs.run import Run

    files = files_by_run(weights)
    for row in complete(runs).to_dict("records"):
        run_id = str(row["run_id"])
        if run_id not in files:
            continue
        run = Run.model_validate_json(str(row["config"]))
        [[(_, parameters)]] = read_checkpoints(files[run_id], run_id, [int(row["last_step"])])
        yield dissected(run, str(row["runset"]), parameters, rules)


def stored_network(
    runs: pd.DataFrame, run_id: str, weights: Sequence[str], rules: NeuronRules
) -> Dissected:
    """The network of that name.

    Raises:
        StoreError: where its weights are not there.
    """
    for one in stored_networks(runs[runs["run_id"] == run_id], weights, rules):
        return one
    raise StoreError(
        f"{', '.join(weights)}: no weights of run {run_id}; let showcase.json choose among the"
        " networks that keep them (keep_weights_of), or delete it and run the same command again"
    )
