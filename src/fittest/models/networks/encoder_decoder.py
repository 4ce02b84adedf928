"""The network of `fittest.models.encoder_decoder`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.models.activations import Activation, function_of
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from fittest.models.encoder_decoder import EncoderDecoderSettings


class EncoderDecoder(nn.Module):
    """Layers as nn.Transformer has them, LayerNorm after each sum, and a norm after the last layer.

    x = sqrt(d) E[token] + sines and cosines of the position in source or target. Encoder layer:
    x = norm(x + attention(x)), x = norm(x + MLP(x)). Decoder layer: the same with attention to
    earlier positions of the target, and between the two x = norm(x + attention to the source).

    Parameters (V tokens, C classes, h heads of size k = d / h, F neurons): embedding.weight (V, d);
    of each attention query, key and value (h, k, d) with query_bias, ... (h, k), output (d, h, k)
    with output_bias (d); of each layer mlp_in (F, d), mlp_out (d, F), with .weight and .bias, as
    have all norms (d) and unembedding (C, d).
    """

    def __init__(self, settings: EncoderDecoderSettings, task: Shape) -> None:
        super().__init__()
        d, self.pad, self.source = settings.d, settings.pad, task.source
        self.rows = [answer - task.source for answer in task.answers]
        self.embedding = nn.Embedding(task.vocabulary, d)
        self.encoder = nn.ModuleList(Layer(settings) for _ in range(settings.encoder_layers))
        self.encoder_norm = nn.LayerNorm(d)
        self.decoder = nn.ModuleList(DecoderLayer(settings) for _ in range(settings.decoder_layers))
        self.decoder_norm = nn.LayerNorm(d)
        self.unembedding = nn.Linear(d, task.classes)
        # No buffer: the module is built without values.
        longest = max(task.source, task.length - task.source)
        self._waves = torch.from_numpy(waves(longest, d))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (n, A, C), or (n, C) of a single answer, of the sequences (n, source + target).

        NaN for a sequence whose source, or whose target up to some answer, is nothing but pads.
        """
        source, target = tokens[:, : self.source], tokens[:, self.source :]
        seen = self._attended(source)
        memory = self._embedded(source)
        for layer in self.encoder:
            memory = layer(memory, seen)
        memory = self.encoder_norm(memory)
        length = target.shape[1]
        earlier = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        own = self._attended(target)
        stream = self._embedded(target)
        for layer in self.decoder:
            stream = layer(stream, earlier if own is None else earlier & own, memory, seen)
        logits = self.unembedding(self.decoder_norm(self._answered(stream)))
        return logits[:, 0] if len(self.rows) == 1 else logits

    def _embedded(self, tokens: Tensor) -> Tensor:
        table = self.embedding.weight
        waves = self._waves[: tokens.shape[1]].to(table)
        return self.embedding(tokens) * math.sqrt(table.shape[1]) + waves

    def _attended(self, tokens: Tensor) -> Tensor | None:
        """Which tokens are attended to (n, 1, 1, T), to go with weights (n, h, queries, keys); None
        where all are."""
        return None if self.pad is None else (tokens != self.pad)[:, None, None, :]

    def _answered(self, stream: Tensor) -> Tensor:
        first, count = self.rows[0], len(self.rows)
        if self.rows[-1] - first == count - 1:
            return stream.narrow(1, first, count)
        # Not index_select, whose gradient torch.compile gets wrong (2.13, on the CPU).
        return torch.cat([stream.narrow(1, row, 1) for row in self.rows], dim=1)


class Layer(nn.Module):
    """A layer of the encoder."""

    def __init__(self, settings: EncoderDecoderSettings) -> None:
        super().__init__()
        d, mlp = settings.d, settings.mlp
        self.activation: Activation = settings.activation
        self.attention = Attention(d, settings.heads)
        self.attention_norm = nn.LayerNorm(d)
        self.mlp_in = nn.Linear(d, mlp)
        self.mlp_out = nn.Linear(mlp, d)
        self.mlp_norm = nn.LayerNorm(d)

    def forward(self, stream: Tensor, seen: Tensor | None) -> Tensor:
        """(n, T, d) from the same; seen: what may be attended to, as in `Attention`."""
        return self._neurons(self._attended(stream, seen))

    def _attended(self, stream: Tensor, seen: Tensor | None) -> Tensor:
        return self.attention_norm(stream + self.attention(stream, stream, seen))

    def _neurons(self, stream: Tensor) -> Tensor:
        neurons = function_of(self.activation)(self.mlp_in(stream))
        return self.mlp_norm(stream + self.mlp_out(neurons))


class DecoderLayer(Layer):
    """A layer of the decoder, which attends to the source too."""

    def __init__(self, settings: EncoderDecoderSettings) -> None:
        super().__init__(settings)
        self.source_attention = Attention(settings.d, settings.heads)
        self.source_norm = nn.LayerNorm(settings.d)

    def forward(  # type: ignore[override]
        self, stream: Tensor, seen: Tensor, memory: Tensor, seen_source: Tensor | None
    ) -> Tensor:
        """(n, T, d) from the same and the encoder's output `memory` (n, S, d)."""
        stream = self._attended(stream, seen)
        stream = self.source_norm(stream + self.source_attention(stream, memory, seen_source))
        return self._neurons(stream)


class Attention(nn.Module):
    """softmax(q k^T / sqrt(k)) v of each head, and a linear map of them together."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        size = (heads, d // heads)
        self.query, self.query_bias = _parameter(*size, d), _parameter(*size)
        self.key, self.key_bias = _parameter(*size, d), _parameter(*size)
        self.value, self.value_bias = _parameter(*size, d), _parameter(*size)
        self.output, self.output_bias = _parameter(d, *size), _parameter(d)

    def forward(self, asking: Tensor, asked: Tensor, seen: Tensor | None) -> Tensor:
        """(n, Q, d) from queries of `asking` (n, Q, d), keys and values of `asked` (n, K, d). seen:
        which keys each query sees, bool, to go with (n, h, Q, K); None: all."""
        query = self._heads(asking, self.query, self.query_bias)
        key = self._heads(asked, self.key, self.key_bias)
        value = self._heads(asked, self.value, self.value_bias)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if seen is not None:
            scores = scores.masked_fill(~seen, -math.inf)
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        return functional.linear(mixed, self.output.flatten(1), self.output_bias)

    def _heads(self, stream: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """(n, T, d) -> (n, h, T, k)."""
        flat = functional.linear(stream, weight.flatten(0, 1), bias.flatten())
        return flat.unflatten(-1, weight.shape[:2]).transpose(1, 2)


def _parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape))


def waves(length: int, d: int) -> np.ndarray:
    """What tells positions apart (length, d), float64: sin(t / 10000^(2i/d)) in dimension 2i and
    its cosine in 2i + 1."""
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(0, d, 2) / d)
    found = np.empty((length, d))
    found[:, 0::2] = np.sin(angles)
    found[:, 1::2] = np.cos(angles[:, : d // 2])
    return found
