"""The network of `fittest.models.transformer`, as its papers write it, and in a cheaper form."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.models.activations import function_of
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from fittest.models.transformer import TransformerSettings

Projection = Callable[[Tensor, Sequence[int]], Tensor]


class Transformer(nn.Module):
    """x = E[token] + positions; in each layer x += attention(x), then x += MLP(x); logits = U x.

    Parameters (V tokens, T positions, C classes, h heads of size k, F neurons):
    embedding.weight (V, d); positions.weight (T, d); for each layer: query, key and value
    (h, k, d), output (d, h, k), mlp_in.weight (F, d), mlp_in.bias (F), mlp_out.weight (d, F),
    mlp_out.bias (d); unembedding.weight (C, d). With LayerNorm: attention_norm and mlp_norm of each
    layer, and final_norm, each .weight and .bias (d).
    """

    def __init__(self, settings: TransformerSettings, task: Shape) -> None:
        super().__init__()
        self.settings = settings
        self.task = task
        self.answers = task.answers
        self.seen = task.answers[-1] + 1
        d = settings.d
        self.embedding = nn.Embedding(task.vocabulary, d)
        learned = settings.positions == "learned"
        self.positions = nn.Embedding(task.length, d) if learned else None
        self.layers = nn.ModuleList(Layer(settings) for _ in range(settings.layers))
        self.final_norm = nn.LayerNorm(d) if settings.layer_norm == "pre" else None
        self.unembedding = nn.Linear(d, task.classes, bias=False)

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        """Logits (n, C) or (n, A, C) of the sequences (n, T): every position through every layer,
        as the papers write it. kept: see `fittest.models.model.Model`."""
        every = range(tokens.shape[1])
        stream = self._embedded(tokens, every)
        for index, layer in enumerate(self.layers):
            dropped = None if kept is None else self._spread(kept, index, len(every))
            stream = layer(stream, every, dropped)
        return self._logits(_at(stream, self.answers))

    def forward_examples(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        """The same numbers for less: nothing after the last answer, and in the last layer only the
        positions that are answered from. Where it pays, one layer that answers after a sign is two
        products, and in more layers the first position, which sees itself alone, is a table."""
        tokens = tokens[:, : self.seen]
        if self.settings.from_sign(self.task, len(tokens)):
            return self._from_sign(tokens, kept)
        if self.settings.first_apart(self.task, len(tokens)):
            return self._first_apart(tokens)
        every = range(self.seen)
        stream: Tensor | None = None
        for index, layer in enumerate(self.layers):
            rows = self.answers if index == len(self.layers) - 1 else every
            dropped = None if kept is None else self._part(kept, index)
            if stream is None and self.final_norm is None:
                stream = self._first(tokens, rows, dropped)
            else:
                before = self._embedded(tokens, every) if stream is None else stream
                stream = layer(before, rows, dropped)
        assert stream is not None
        return self._logits(stream)

    # -- parts -------------------------------------------------------------------------

    def _embedded(self, tokens: Tensor, rows: Sequence[int]) -> Tensor:
        """Tokens and positions (n, R, d) at some rows."""
        embedded = self.embedding(_at(tokens, rows))
        if self.positions is None:
            return embedded
        return embedded + _at(self.positions.weight, rows, dim=0)

    def _first(self, tokens: Tensor, rows: Sequence[int], kept: Tensor | None) -> Tensor:
        """The first layer at some rows. Queries, keys and values are linear in the token and in
        the position, so that a table of each serves all examples."""
        layer = self.layers[0]
        assert isinstance(layer, Layer)
        every = range(self.seen)

        def projected(weight: Tensor, at: Sequence[int]) -> Tensor:
            flat = weight.flatten(0, 1)
            if not self.settings.tables(len(self.embedding.weight), len(at), len(tokens)):
                return functional.linear(self._embedded(tokens, at), flat)
            table = functional.linear(self.embedding.weight, flat)
            values = functional.embedding(_at(tokens, at), table)
            if self.positions is None:
                return values
            return values + functional.linear(_at(self.positions.weight, at, dim=0), flat)

        return layer.attended(self._embedded(tokens, rows), projected, rows, every, kept)

    def _from_sign(self, tokens: Tensor, kept: Tensor | None) -> Tensor:
        """Logits (n, C) of one layer, read at a sign that ends all sequences.

        There the query is one vector a head, so that scores are tables of tokens and of positions.
        What attention gives (n, h k) is read by neurons and logits through one product with what
        they read of the residual stream; neurons reach the logits through the product of both
        weights.
        """
        layer, table = self.layers[0], self.embedding.weight
        assert isinstance(layer, Layer) and self.task.sign is not None
        others = tokens[:, :-1]
        sign, before = table[self.task.sign], None
        if self.positions is not None:
            places = self.positions.weight
            sign, before = sign + places[self.seen - 1], places[: self.seen - 1]
        mixed = layer.at_sign(table, others, sign, before)
        unembedding, output = self.unembedding.weight, layer.output.flatten(1)
        if layer.mlp_in is None or layer.mlp_out is None:
            return functional.linear(mixed, unembedding @ output, unembedding @ sign)
        width = len(layer.mlp_in.weight)
        reading = torch.cat([layer.mlp_in.weight, unembedding])
        constant = reading @ sign
        if layer.mlp_in.bias is not None:
            constant = constant + torch.cat([layer.mlp_in.bias, unembedding @ layer.mlp_out.bias])
        read = functional.linear(mixed, reading @ output, constant)
        neurons = function_of(self.settings.activation)(read[:, :width])
        if kept is not None:
            neurons = neurons * kept[:, 0]
        return read[:, width:] + functional.linear(neurons, unembedding @ layer.mlp_out.weight)

    def _first_apart(self, tokens: Tensor) -> Tensor:
        """Logits, with what is at the first position as a table (V, 1, d) of tokens."""
        every, later = range(self.seen), range(1, self.seen)
        numbers = torch.arange(len(self.embedding.weight), device=tokens.device)[:, None]
        first = self._embedded(numbers, (0,))
        stream: Tensor | None = None
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            last = index == len(self.layers) - 1
            rows = self.answers if last else later
            if stream is not None:
                stream = layer.after_first(first, tokens[:, :1], stream, rows)
            elif self.final_norm is None:
                stream = self._first(tokens, rows, None)
            else:
                stream = layer(self._embedded(tokens, every), rows)
            if not last:
                first = layer(first, (0,))
        assert stream is not None
        return self._logits(stream)

    def _logits(self, stream: Tensor) -> Tensor:
        """From the residual stream (n, A, d) at the answers' positions."""
        if self.final_norm is not None:
            stream = self.final_norm(stream)
        logits = self.unembedding(stream)
        return logits[:, 0] if len(self.answers) == 1 else logits

    def _part(self, kept: Tensor, layer: int) -> Tensor:
        """What of `kept` is a layer's: (n, R, F)."""
        start = layer * self.seen
        return kept[:, start:] if layer == len(self.layers) - 1 else kept[:, start:][:, : self.seen]

    def _spread(self, kept: Tensor, layer: int, length: int) -> Tensor:
        """A layer's part of `kept` at every position (n, T, F); 1 where nobody reads."""
        part = self._part(kept, layer)
        rows = self.answers if layer == len(self.layers) - 1 else range(self.seen)
        nobody = torch.ones_like(part[:, 0])
        there = {row: part[:, index] for index, row in enumerate(rows)}
        return torch.stack([there.get(row, nobody) for row in range(length)], dim=1)


class Layer(nn.Module):
    """Attention and MLP, each added to the residual stream; without an MLP, attention alone."""

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        d, mlp, norm = settings.d, settings.mlp, settings.layer_norm == "pre"
        self.settings = settings
        heads = (settings.heads, settings.head_size)
        self.query = nn.Parameter(torch.empty(*heads, d))
        self.key = nn.Parameter(torch.empty(*heads, d))
        self.value = nn.Parameter(torch.empty(*heads, d))
        self.output = nn.Parameter(torch.empty(d, *heads))
        self.attention_norm = nn.LayerNorm(d) if norm else None
        self.mlp_in = None if mlp is None else nn.Linear(d, mlp, bias=settings.biases)
        self.mlp_out = None if mlp is None else nn.Linear(mlp, d, bias=settings.biases)
        self.mlp_norm = nn.LayerNorm(d) if norm and mlp is not None else None

    def forward(self, stream: Tensor, rows: Sequence[int], kept: Tensor | None = None) -> Tensor:
        """The residual stream (n, R, d) after this layer at some rows, from the one before it at
        all positions (n, T, d). kept: (n, R, F)."""
        read = stream if self.attention_norm is None else self.attention_norm(stream)

        def projected(weight: Tensor, at: Sequence[int]) -> Tensor:
            return functional.linear(_at(read, at), weight.flatten(0, 1))

        return self.attended(_at(stream, rows), projected, rows, range(stream.shape[1]), kept)

    def attended(
        self,
        stream: Tensor,
        projected: Projection,
        rows: Sequence[int],
        every: Sequence[int],
        kept: Tensor | None,
    ) -> Tensor:
        """The layer's work on the residual stream (n, R, d) at some rows, which see `every`.

        projected: from a weight (h, k, d) and positions to what it makes of them, (n, P, h k).
        """
        value = projected(self.value, every)
        if self.settings.attention == "constant":
            mixed = self._summed(value, rows)
        else:
            mixed = self._mixed(
                projected(self.query, rows), projected(self.key, every), value, rows
            )
        stream = stream + functional.linear(mixed, self.output.flatten(1))
        if self.mlp_in is None or self.mlp_out is None:
            return stream
        read = stream if self.mlp_norm is None else self.mlp_norm(stream)
        neurons = function_of(self.settings.activation)(self.mlp_in(read))
        return stream + self.mlp_out(neurons if kept is None else neurons * kept)

    def after_first(
        self, first: Tensor, tokens: Tensor, stream: Tensor, rows: Sequence[int]
    ) -> Tensor:
        """The residual stream (n, R, d) after this layer at some rows, none of them the first.

        first: (V, 1, d), by the token there, what is before it at the first position. tokens:
        (n, 1), those there. stream: (n, T - 1, d), what is before it at the others.
        """
        norm = self.attention_norm
        at_first, read = (v if norm is None else norm(v) for v in (first, stream))

        def projected(weight: Tensor, at: Sequence[int]) -> Tensor:
            flat = weight.flatten(0, 1)
            later = [row - 1 for row in at if row > 0]
            found = functional.linear(_at(read, later), flat)
            if len(later) == len(at):
                return found
            table = functional.linear(at_first[:, 0], flat)
            return torch.cat([functional.embedding(tokens, table), found], dim=1)

        own = _at(stream, [row - 1 for row in rows])
        return self.attended(own, projected, rows, range(stream.shape[1] + 1), None)

    def at_sign(self, table: Tensor, tokens: Tensor, sign: Tensor, places: Tensor | None) -> Tensor:
        """What attention gives (n, h k), before `output`, at a last position that is the same in
        all sequences. table: (V, d) of tokens. tokens: (n, R) before it. sign: (d), what is read
        at it. places: (R, d), added to the others."""
        heads, size = self.settings.heads, self.settings.head_size

        def at_others(weight: Tensor) -> Tensor:
            found = functional.embedding(tokens, functional.linear(table, weight))
            return found if places is None else found + functional.linear(places, weight)

        flat = self.value.flatten(0, 1)
        values, own = at_others(flat), flat @ sign
        if self.settings.attention == "constant":
            return values.sum(dim=1) + own
        query = (self.query.flatten(0, 1) @ sign).reshape(heads, size, 1)
        asking = (self.key * query).sum(dim=1) / math.sqrt(size)
        scores = at_others(asking)
        last = (asking @ sign).expand(len(tokens), 1, heads)
        weights = torch.cat([scores, last], dim=1).softmax(dim=1)[..., None]
        mixed = (weights[:, :-1] * self._heads(values)).sum(dim=1)
        return (mixed + weights[:, -1] * own.reshape(heads, size)).flatten(1)

    def _mixed(self, query: Tensor, key: Tensor, value: Tensor, rows: Sequence[int]) -> Tensor:
        """softmax(q k^T / sqrt(head size)) v of each head: (n, R, h k)."""
        q, k, v = (self._heads(each) for each in (query, key, value))
        length = key.shape[1]
        scale = math.sqrt(self.settings.head_size)
        if tuple(rows) == (length - 1,):
            # It sees everything. Products of so small matrices cost more than their arithmetic.
            weights = ((q * k).sum(dim=-1, keepdim=True) / scale).softmax(dim=1)
            return (weights * v).sum(dim=1, keepdim=True).flatten(2)
        q, k, v = (each.transpose(1, 2) for each in (q, k, v))
        scores = q @ k.transpose(-1, -2) / scale
        if self.settings.causal:
            sees = torch.ones(length, length, dtype=torch.bool, device=scores.device).tril()
            scores = scores.masked_fill(~_at(sees, rows, dim=0), -math.inf)
        return (scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2)

    def _heads(self, each: Tensor) -> Tensor:
        """(n, P, h k) -> (n, P, h, k)."""
        return each.unflatten(-1, (self.settings.heads, self.settings.head_size))

    def _summed(self, value: Tensor, rows: Sequence[int]) -> Tensor:
        """The sum of what each row sees: (n, R, h k)."""
        if self.settings.causal and tuple(rows) != (value.shape[1] - 1,):
            return _at(value.cumsum(dim=1), rows)
        return value.sum(dim=1, keepdim=True).expand(-1, len(rows), -1)


def _at(values: Tensor, positions: Sequence[int], dim: int = 1) -> Tensor:
    """Those at some positions of a dimension; without a copy where they follow each other."""
    first, count = positions[0], len(positions)
    if positions[-1] - first == count - 1:
        return values.narrow(dim, first, count)
    # Not index_select, whose gradient torch.compile gets wrong (2.13, on the CPU).
    return torch.cat([values.narrow(dim, position, 1) for position in positions], dim)
