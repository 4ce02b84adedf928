"""Networks built by hand, whose circuits are known to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fittest.models import TransformerSettings
from fittest.tasks import ModularAddition

Array = NDArray[np.float64]

SLOPES = (0.2, -0.1)
"""Cosine and sine of the second head's score."""
LOOKUP = 2
"""Its frequency."""


def adder(p: int, alphas: Mapping[int, float]) -> dict[str, Array]:
    """Parameters of a transformer of one layer whose logits are the sum of
    alpha_k cos(w_k(a + b - c)), exactly.

    The first head attends equally to all three tokens and carries the numbers themselves, so that
    the MLP reads a + b. Its ramps are combined to any function of that integer. The second head
    writes nothing; its scores are one sinusoid of small amplitude, and the sign never sees itself.
    """
    ks = list(alphas)
    integers = np.arange(2 * p - 1)
    # Residual dimensions: the number, cosine and sine of the lookup, a query, then the answers.
    width, first = 4 + 2 * len(ks), 4
    embedding = np.zeros((p + 1, width))
    embedding[:p, 0] = np.arange(p)
    angle = 2 * np.pi * LOOKUP * np.arange(p) / p
    embedding[:p, 1], embedding[:p, 2] = np.cos(angle), np.sin(angle)
    embedding[p, 3] = 1
    query, key, value = (np.zeros((2, 2, width)) for _ in range(3))
    output = np.zeros((width, 2, 2))
    value[0, 0, 0], output[0, 0, 0] = 1, 3
    query[1, 0, 3] = np.sqrt(2)
    key[1, 0, 1:4] = (*SLOPES, -1000)
    read = np.zeros((2 * p + 1, width))
    read[:, 0] = 1
    write = np.zeros((width, 2 * p + 1))
    unembedding = np.zeros((p + 1, width))
    for index, k in enumerate(ks):
        for part, wave in enumerate((np.cos, np.sin)):
            at = first + 2 * index + part
            wanted = alphas[k] * wave(2 * np.pi * k * integers / p)
            for shift, factor in enumerate((1, -2, 1)):
                write[at, shift : shift + len(integers)] += factor * wanted
            unembedding[:p, at] = wave(2 * np.pi * k * np.arange(p) / p)
    return {
        "embedding.weight": embedding,
        "positions.weight": np.zeros((3, width)),
        "layers.0.query": query,
        "layers.0.key": key,
        "layers.0.value": value,
        "layers.0.output": output,
        "layers.0.mlp_in.weight": read,
        "layers.0.mlp_in.bias": 1.0 - np.arange(2 * p + 1),
        "layers.0.mlp_out.weight": write,
        "layers.0.mlp_out.bias": np.zeros(width),
        "unembedding.weight": unembedding,
    }


def wanted_logits(p: int, alphas: Mapping[int, float]) -> Array:
    """The sum of alpha_k cos(w_k(a + b - c)), by its definition: (p, p, p)."""
    a, b, c = np.indices((p, p, p))
    total = np.zeros((p, p, p))
    for k, alpha in alphas.items():
        total += alpha * np.cos(2 * np.pi * k * (a + b - c) / p)
    return total


def stretched_logits(p: int, alphas: Mapping[int, float]) -> Array:
    """Logits of `adder` where its first head attends to the operands alone: it carries 1.5 (a + b),
    and the ramps interpolate: (p, p, p)."""
    integers = np.arange(2 * p - 1)
    a, b = np.indices((p, p))
    at = 1.5 * (a + b)
    known = np.concatenate([[-1], integers, [2 * p - 1]])
    total = np.zeros((p, p, p))
    for k, alpha in alphas.items():
        for wave in (np.cos, np.sin):
            values = np.concatenate([[0], wave(2 * np.pi * k * integers / p), [0]])
            between = np.interp(at, known, values, left=0, right=0)
            total += alpha * between[..., None] * wave(2 * np.pi * k * np.arange(p) / p)
    return total


def plain_loss(logits: Array, pairs: NDArray[np.bool_] | None = None) -> float:
    """Mean cross-entropy, by its definition."""
    p = len(logits)
    a, b = np.indices((p, p))
    likely = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(likely, ((a + b) % p)[..., None], axis=2)[..., 0]
    return float(losses.mean() if pairs is None else losses[pairs].mean())


def random_network(p: int, layers: int = 1, seed: int = 0) -> dict[str, Any]:
    """An untrained network of the paper's architecture, smaller."""
    settings = TransformerSettings(d=16, heads=2, head_size=8, mlp=32, layers=layers)
    task = ModularAddition(p=p, equals="input_and_output").build()
    return settings.initial(task, seed, seed)


def some_pairs(p: int, share: float = 0.3) -> NDArray[np.bool_]:
    """A split: (p, p)."""
    return np.random.default_rng(5).random((p, p)) < share
