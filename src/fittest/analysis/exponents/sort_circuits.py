"""What the weights of a network of one layer that sorts do to tokens: which it attends to, and what
it writes for those (exponents methods 2.13). Shapes: V tokens, h heads of size k, width d."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.statistics.correlation import spearman
from fittest.models import EMBEDDING
from fittest.models.transformer import POSITIONS
from fittest.runs.run import Run
from fittest.tasks import Sorting

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
UNEMBEDDING = "unembedding.weight"


@dataclass(frozen=True)
class SortNetwork:
    """Parameters by name in double precision (shapes: models/networks/transformer.py), and the
    tokens of the task: values 0..values-1, and the sign before the sorted list."""

    parameters: Mapping[str, Floats]
    values: int
    middle: int

    @property
    def heads(self) -> int:
        """How many."""
        return len(self.of_layer("query"))

    def of_layer(self, name: str) -> Floats:
        """A parameter of the one layer. KeyError where there is none."""
        return self.parameters[f"layers.0.{name}"]


def task_of(run: Run) -> Sorting:
    """The task of a run that sorts; TypeError for another."""
    if not isinstance(run.task, Sorting):
        raise TypeError(f"{run.task.name} is not sorting")
    return run.task


def sort_network(run: Run, parameters: Mapping[str, Any]) -> SortNetwork:
    """The network of a run from its stored parameters."""
    task = task_of(run)
    signs = 2 if task.shortest is None else 3
    found = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    return SortNetwork(found, task.vocabulary - signs, task.vocabulary - 1)


def token_scores(network: SortNetwork) -> Floats:
    """Scores (h, V, V) of each token as query (rows) for each as key (columns), positions left
    out."""
    table = network.parameters[EMBEDDING]
    query, key = (
        np.einsum("hkd,vd->hvk", network.of_layer(name), table) for name in ("query", "key")
    )
    found: Floats = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    return found


def token_outputs(network: SortNetwork) -> Floats:
    """Logits (h, V, V) of each class (rows) that a head writes for each token that it attends to
    (columns), straight to the output."""
    table, unembedding = network.parameters[EMBEDDING], network.parameters[UNEMBEDDING]
    read = np.einsum("hkd,vd->hkv", network.of_layer("value"), table)
    write = np.einsum("cd,dhk->hck", unembedding, network.of_layer("output"))
    found: Floats = write @ read
    return found


def copying_score(network: SortNetwork, head: int | None = None) -> float:
    """Sum of the real parts of the eigenvalues of what heads write for tokens over the sum of
    their absolute values: 1 where each token is written for itself, -1 where it is taken away.

    head: alone; None: of all together. The eigenvalues are those of the cyclic product, which has
    a row per dimension of a head; the others are 0. NaN where all are.
    """
    heads = slice(None) if head is None else slice(head, head + 1)
    table, unembedding = network.parameters[EMBEDDING], network.parameters[UNEMBEDDING]
    value = network.of_layer("value")[heads].reshape(-1, table.shape[1])
    output = network.of_layer("output")[:, heads].reshape(table.shape[1], -1)
    found = np.linalg.eigvals(value @ (table.T @ unembedding) @ output)
    whole = float(np.abs(found).sum())
    return float(found.real.sum()) / whole if whole > 0 else math.nan


def diagonal_contrast(network: SortNetwork) -> float:
    """Mean logit that a value's attention writes for itself less the mean of those for others, in
    standard deviations of these; all heads together, values alone."""
    written = token_outputs(network).sum(axis=0)[: network.values, : network.values]
    same = np.eye(network.values, dtype=bool)
    others = written[~same]
    spread = float(others.std())
    return float(written[same].mean() - others.mean()) / spread if spread > 0 else math.nan


def own_largest(network: SortNetwork) -> float:
    """Share of the values for which attention to them writes the largest logit of all values for
    themselves; all heads together."""
    written = token_outputs(network).sum(axis=0)[: network.values, : network.values]
    return float((written.argmax(axis=0) == np.arange(network.values)).mean())


def middle_slope(network: SortNetwork) -> float:
    """Spearman correlation of the score that the sign before the sorted list has for a value with
    that value; of several heads the most negative."""
    scores = token_scores(network)[:, network.middle, : network.values]
    return min(spearman(range(network.values), one) for one in scores)


def successor_rank(network: SortNetwork) -> float:
    """Median over the values of the rank of the next value among the keys that are larger, by
    score; 1 is the highest. Of several heads the best median."""
    scores = token_scores(network)[:, : network.values, : network.values]
    medians = []
    for one in scores:
        ranks = [
            int((one[value, value + 1 :] >= one[value, value + 1]).sum())
            for value in range(network.values - 1)
        ]
        medians.append(float(np.median(ranks)))
    return min(medians)


def attention(network: SortNetwork, tokens: Integers, rows: Integers) -> Floats:
    """Weights (n, h, R, T) by which positions `rows` of sequences (n, T) attend to those up to
    them."""
    stream = _embedded(network, tokens)
    query = np.einsum("hkd,nrd->nhrk", network.of_layer("query"), stream[:, rows])
    key = np.einsum("hkd,ntd->nhtk", network.of_layer("key"), stream)
    scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(query.shape[-1])
    scores = np.where(np.arange(tokens.shape[1]) <= rows[:, None], scores, -np.inf)
    likely = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: Floats = likely / likely.sum(axis=-1, keepdims=True)
    return found


def neurons(network: SortNetwork, tokens: Integers, rows: Integers) -> Floats:
    """Neurons (n, R, F) after their activation, ReLU, at positions `rows` of sequences (n, T).
    KeyError for a network without."""
    pattern, stream = attention(network, tokens, rows), _embedded(network, tokens)
    value = np.einsum("hkd,ntd->nhtk", network.of_layer("value"), stream)
    mixed = np.einsum("dhk,nhrk->nrd", network.of_layer("output"), pattern @ value)
    read = (stream[:, rows] + mixed) @ network.of_layer("mlp_in.weight").T
    bias = network.parameters.get("layers.0.mlp_in.bias", 0.0)
    found: Floats = np.maximum(read + bias, 0.0)
    return found


def _embedded(network: SortNetwork, tokens: Integers) -> Floats:
    stream = network.parameters[EMBEDDING][tokens]
    places = network.parameters.get(POSITIONS)
    return np.asarray(stream if places is None else stream + places[: tokens.shape[1]])
