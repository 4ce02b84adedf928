"""The networks in JAX: as their papers write them, and in their cheap exact forms.

A form is (weights of one network, pairs (n, 2) or None for the whole table) -> logits (n, C).
"""

from __future__ import annotations

import math
from typing import Any

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None  # type: ignore[assignment]

Weights = dict[str, Any]

_LAYER = "layers.0."


def _linear(x: Any, w: Weights, name: str) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _embedding_tail(w: Weights, first: Any) -> Any:
    hidden = jax.nn.silu(_linear(jax.nn.silu(first), w, "hidden"))
    return _linear(hidden, w, "output")


def _halves(w: Weights, layer: str) -> tuple[Any, Any]:
    """The halves of a layer's weight, one for each operand."""
    halves: tuple[Any, Any] = tuple(jnp.split(w[f"{layer}.weight"], 2, axis=1))
    return halves


def embedding_naive(w: Weights, pairs: Any) -> Any:
    """The embedding MLP pair by pair."""
    both = w["embedding.weight"][pairs].reshape(len(pairs), -1)
    return _embedding_tail(w, _linear(both, w, "input"))


def embedding_grid(w: Weights, pairs: Any) -> Any:
    """The embedding MLP on all p^2 pairs, its first layer as two tables."""
    table = w["embedding.weight"]
    weight_a, weight_b = _halves(w, "input")
    first = table @ weight_a.T + w["input.bias"]
    second = table @ weight_b.T
    return _embedding_tail(w, (first[:, None] + second[None]).reshape(-1, first.shape[1]))


def two_table_naive(w: Weights, pairs: Any) -> Any:
    """The two-table MLP pair by pair."""
    both = (w["first.weight"][pairs[:, 0]], w["second.weight"][pairs[:, 1]])
    hidden = jax.nn.relu(_linear(jnp.concatenate(both, axis=1), w, "hidden"))
    return _linear(hidden, w, "output")


def _tables(w: Weights) -> tuple[Any, Any]:
    weight_a, weight_b = _halves(w, "hidden")
    first = w["first.weight"] @ weight_a.T + w["hidden.bias"]
    return first, w["second.weight"] @ weight_b.T


def two_table_tables(w: Weights, pairs: Any) -> Any:
    """The two-table MLP, its first layer as two tables."""
    first, second = _tables(w)
    return _linear(jax.nn.relu(first[pairs[:, 0]] + second[pairs[:, 1]]), w, "output")


def two_table_grid(w: Weights, pairs: Any) -> Any:
    """The two-table MLP on all n^2 pairs."""
    first, second = _tables(w)
    hidden = jax.nn.relu((first[:, None] + second[None]).reshape(-1, first.shape[1]))
    return _linear(hidden, w, "output")


def transformer_naive(w: Weights, pairs: Any) -> Any:
    """The one-layer transformer, every position through it, as the paper writes it."""
    table = w["embedding.weight"]
    signs = jnp.full((len(pairs), 1), len(table) - 1, pairs.dtype)
    stream = table[jnp.concatenate([pairs, signs], axis=1)] + w["positions.weight"]
    size = w[_LAYER + "query"].shape[1]
    query, key, value = (
        jnp.einsum("ntd,hkd->nhtk", stream, w[_LAYER + name]) for name in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(2, 3) / math.sqrt(size)
    sees = jnp.tril(jnp.ones(scores.shape[2:], bool))
    attention = jax.nn.softmax(jnp.where(sees, scores, -jnp.inf), axis=-1)
    stream = stream + jnp.einsum("nhtk,dhk->ntd", attention @ value, w[_LAYER + "output"])
    neurons = jax.nn.relu(_linear(stream, w, _LAYER + "mlp_in"))
    stream = stream + _linear(neurons, w, _LAYER + "mlp_out")
    return (stream @ w["unembedding.weight"].T)[:, -1]


def transformer_z(w: Weights, pairs: Any) -> Any:
    """The one-layer transformer: what attention puts out, z (n, heads x head size), then one
    product that makes neurons and direct logits of it."""
    table, positions = w["embedding.weight"], w["positions.weight"]
    heads, size, _ = w[_LAYER + "query"].shape
    stream = table[-1] + positions[2]
    query = jnp.einsum("hkd,d->hk", w[_LAYER + "query"], stream) / math.sqrt(size)
    asked = jnp.einsum("hk,hkd->hd", query, w[_LAYER + "key"])
    score, score_at = table @ asked.T, positions @ asked.T
    weight = w[_LAYER + "value"].reshape(heads * size, -1)
    value, value_at = table @ weight.T, positions @ weight.T
    a, b = pairs[:, 0], pairs[:, 1]
    sign = jnp.broadcast_to(score[-1] + score_at[2], (len(pairs), heads))
    scores = jnp.stack([score[a] + score_at[0], score[b] + score_at[1], sign])
    attention = jnp.repeat(jax.nn.softmax(scores, axis=0), size, axis=2)
    z = attention[0] * (value[a] + value_at[0]) + attention[1] * (value[b] + value_at[1])
    z = z + attention[2] * (value[-1] + value_at[2])
    into, out = w[_LAYER + "mlp_in.weight"], w["unembedding.weight"]
    read = jnp.concatenate([into, out])
    bias = jnp.concatenate([w[_LAYER + "mlp_in.bias"], out @ w[_LAYER + "mlp_out.bias"]])
    joined = read @ w[_LAYER + "output"].reshape(-1, heads * size)
    pre = z @ joined.T + read @ stream + bias
    neurons = jax.nn.relu(pre[:, : len(into)])
    return pre[:, len(into) :] + neurons @ (out @ w[_LAYER + "mlp_out.weight"]).T
