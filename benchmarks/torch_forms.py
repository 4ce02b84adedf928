"""The cheap exact forms in torch, for stacked networks: what one who wants speed from it writes.

Each form is (parameters, tokens (S, n, T)) -> logits (S, n, C); shapes: S networks, n pairs. The
embedding MLP's computes the whole table and takes no tokens. Derivation of the transformer's: the
last position alone is read, its query is one vector per head, and values, output and the first
matrix of the MLP are one product.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

Parameters = Mapping[str, Tensor]


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (S, n, in), weight (S, out, in), bias (S, out)."""
    turned = weight.transpose(1, 2)
    return torch.bmm(x, turned) if bias is None else torch.baddbmm(bias[:, None], x, turned)


def _rows(table: Tensor, rows: Tensor) -> Tensor:
    """Of each network's table (S, V, k) the rows (S, n)."""
    size, vocabulary, width = table.shape
    if size == 1:
        return functional.embedding(rows, table[0])
    start = torch.arange(0, size * vocabulary, vocabulary)[:, None]
    return functional.embedding(rows + start, table.reshape(-1, width))


def embedding_grid(w: Parameters, tokens: Tensor) -> Tensor:
    """The embedding MLP on all p^2 pairs, its first layer as two tables."""
    table = w["embedding.weight"]
    weight_a, weight_b = w["input.weight"].chunk(2, dim=2)
    first = _linear(table, weight_a, w["input.bias"])
    second = _linear(table, weight_b)
    hidden = functional.silu((first[:, :, None] + second[:, None]).flatten(1, 2))
    hidden = functional.silu(_linear(hidden, w["hidden.weight"], w["hidden.bias"]))
    return _linear(hidden, w["output.weight"], w["output.bias"])


def two_table_direct(w: Parameters, tokens: Tensor) -> Tensor:
    """The two-table MLP, its first layer pair by pair."""
    a = _rows(w["first.weight"], tokens[..., 0])
    b = _rows(w["second.weight"], tokens[..., 1])
    hidden = _linear(torch.cat([a, b], dim=2), w["hidden.weight"], w["hidden.bias"])
    return _linear(torch.relu(hidden), w["output.weight"], w["output.bias"])


def two_table_tables(w: Parameters, tokens: Tensor) -> Tensor:
    """The two-table MLP, its first layer as two tables."""
    weight_a, weight_b = w["hidden.weight"].chunk(2, dim=2)
    first = _linear(w["first.weight"], weight_a, w["hidden.bias"])
    second = _linear(w["second.weight"], weight_b)
    hidden = _rows(first, tokens[..., 0]) + _rows(second, tokens[..., 1])
    return _linear(torch.relu(hidden), w["output.weight"], w["output.bias"])


def two_table_grid(w: Parameters, tokens: Tensor) -> Tensor:
    """The two-table MLP on all n^2 pairs."""
    weight_a, weight_b = w["hidden.weight"].chunk(2, dim=2)
    first = _linear(w["first.weight"], weight_a, w["hidden.bias"])
    second = _linear(w["second.weight"], weight_b)
    hidden = torch.relu((first[:, :, None] + second[:, None]).flatten(1, 2))
    return _linear(hidden, w["output.weight"], w["output.bias"])


def transformer_z(w: Parameters, tokens: Tensor) -> Tensor:
    """The one-layer transformer: what attention puts out, z (S, n, heads x head size), then one
    product that makes neurons and direct logits of it."""
    layer = "layers.0."
    table, positions = w["embedding.weight"], w["positions.weight"]
    heads, size = w[layer + "query"].shape[1:3]
    last = tokens.shape[2] - 1
    stream = table[:, -1] + positions[:, last]
    query = torch.einsum("shkd,sd->shk", w[layer + "query"], stream) / math.sqrt(size)
    asked = torch.einsum("shk,shkd->shd", query, w[layer + "key"])
    score = torch.einsum("svd,shd->svh", table, asked)
    score_at = torch.einsum("std,shd->sth", positions, asked)
    value_weight = w[layer + "value"].flatten(1, 2)
    value, value_at = _linear(table, value_weight), _linear(positions, value_weight)
    scores = torch.stack(
        [
            *(_rows(score, tokens[..., i]) + score_at[:, i, None] for i in range(last)),
            (score[:, -1] + score_at[:, last])[:, None].expand(-1, tokens.shape[1], -1),
        ]
    )
    attention = scores.softmax(dim=0)
    z = (value[:, -1] + value_at[:, last]).unflatten(1, (heads, size))[:, None]
    z = z * attention[last][..., None]
    for i in range(last):
        seen = _rows(value, tokens[..., i]) + value_at[:, i, None]
        z = z + attention[i][..., None] * seen.unflatten(2, (heads, size))
    read = torch.cat([w[layer + "mlp_in.weight"], w["unembedding.weight"]], dim=1)
    neurons = w[layer + "mlp_in.weight"].shape[1]
    constant = torch.einsum("sfd,sd->sf", read, stream)
    bias = torch.cat(
        [
            w[layer + "mlp_in.bias"],
            torch.einsum("scd,sd->sc", w["unembedding.weight"], w[layer + "mlp_out.bias"]),
        ],
        dim=1,
    )
    joined = torch.bmm(read, w[layer + "output"].flatten(2))
    pre = _linear(z.flatten(2), joined, constant + bias)
    onto_logits = torch.bmm(w["unembedding.weight"], w[layer + "mlp_out.weight"])
    return pre[..., neurons:] + _linear(torch.relu(pre[..., :neurons]), onto_logits)
