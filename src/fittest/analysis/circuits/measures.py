"""Progress measures: what a network has formed at each checkpoint (progress paper, section 5.1;
progress methods 2.5 to 2.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fittest.analysis.circuits import forward, losses, regression
from fittest.analysis.circuits.basis import Floats, by_frequency, component_norms, gini
from fittest.analysis.circuits.losses import Mask
from fittest.analysis.circuits.network import network_of, sum_of_squares
from fittest.analysis.circuits.sums import by_sum

Row = dict[str, Any]

_SCORES = ("loss", "train_loss", "test_loss", "accuracy", "train_accuracy", "test_accuracy")
COLUMNS = [
    *("run_id", "runset", "seed", "step"),
    *_SCORES,
    *(f"restricted_{name}" for name in _SCORES),
    *("excluded_loss", "excluded_accuracy", "excluded_largest", "excluded_largest_k"),
    *("gini_embedding", "gini_map", "gini_embedding_frequencies", "gini_map_frequencies"),
    *("squared_weights", "logits_explained"),
]
"""Of a row per checkpoint. restricted_: of the key frequencies' waves of a + b alone. excluded_:
without them, over the train pairs; `largest`: of all single frequencies. gini_: of the norms of the
components, constant aside; `_frequencies`: cosine and sine together. Losses in nats."""
FREQUENCY_COLUMNS = [
    *("run_id", "runset", "seed", "step", "k"),
    *("alpha", "excluded_loss", "excluded_accuracy"),
]
"""Of a row per checkpoint and key frequency. alpha: coefficient of cos(w_k(a + b - c)) in the
logits. excluded_: without that frequency alone, over the train pairs."""
WEIGHT_COLUMNS = ["run_id", "runset", "seed", "step", "parameter", "squares"]
"""Of a row per checkpoint and parameter."""


@dataclass(frozen=True)
class Measured:
    """Rows of one checkpoint, without the run: of COLUMNS, FREQUENCY_COLUMNS and WEIGHT_COLUMNS."""

    measures: Row
    frequencies: list[Row]
    weights: list[Row]


def progress_measures(
    step: int, parameters: Mapping[str, Floats], train: Mask, ks: Sequence[int]
) -> Measured:
    """All measures of one checkpoint.

    Args:
        parameters: of a network on p numbers, by name.
        train: (p, p), the pairs that are trained on.
        ks: the run's key frequencies, the same for all its checkpoints.
    """
    p = len(train)
    # Logits of float32, as in training; all that is summed from them is in float64.
    network = network_of(p, parameters, np.float32)
    logits = forward.all_logits(network)
    means = by_sum(logits)
    alphas = regression.coefficients(means, ks)
    kept = losses.restricted(means, ks, train)
    loss, accuracy = losses.excluded(logits, means, ks, train)
    each = losses.excluded_each(logits, means, train)
    # The losses of key frequencies are among those of all.
    alone = [(float(each[k - 1]), losses.excluded_accuracy(logits, means, [k], train)) for k in ks]
    row = {
        "step": step,
        **vars(losses.score(logits, train)),
        **{f"restricted_{name}": value for name, value in vars(kept).items()},
        "excluded_loss": loss,
        "excluded_accuracy": accuracy,
        "excluded_largest": float(each.max()),
        "excluded_largest_k": int(each.argmax()) + 1,
        **sparsity(network.embedding, network.neuron_logit_map()),
        "squared_weights": sum_of_squares(parameters),
        "logits_explained": regression.share_explained(logits, alphas),
    }
    frequencies = [
        {
            "step": step,
            "k": k,
            "alpha": float(alpha),
            "excluded_loss": without[0],
            "excluded_accuracy": without[1],
        }
        for k, alpha, without in zip(ks, alphas, alone, strict=True)
    ]
    weights = [
        {"step": step, "parameter": name, "squares": sum_of_squares({name: value})}
        for name, value in parameters.items()
    ]
    return Measured(row, frequencies, weights)


def sparsity(embedding: Floats, neuron_logit_map: Floats) -> Row:
    """The four columns of Gini coefficients, from tables (p, d) and (p, F) over numbers."""
    found: Row = {}
    for name, table in (("embedding", embedding), ("map", neuron_logit_map)):
        norms = component_norms(table)
        found[f"gini_{name}"] = gini(norms[1:])
        found[f"gini_{name}_frequencies"] = gini(by_frequency(norms))
    return found
