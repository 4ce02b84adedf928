"""The forward pass over all pairs, with its parts, in numpy (progress methods 1.2).

Only the last position is followed through the last layer; of the layers before it, the operands'
positions as well, each over as many pairs as it sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.network import Block, Network

_CHUNK = 2048
"""Pairs at once: their neurons stay in the cache."""


@dataclass(frozen=True)
class Activity:
    """The last layer at the sign of equality, for all pairs.

    pattern (p, p, h, 3): attention of each head to the two operands and to the sign itself.
    stream (p, p, d): x1, what goes into the MLP and around it. neurons (p, p, F): after the ReLU.
    """

    pattern: Floats
    stream: Floats
    neurons: Floats


def activity(network: Network) -> Activity:
    """The parts of the forward pass over all pairs, in the network's own type."""
    parts = [found for _, found in _chunks(network)]
    return Activity(
        np.concatenate([part.pattern for part in parts]),
        np.concatenate([part.stream for part in parts]),
        np.concatenate([part.neurons for part in parts]),
    )


def all_logits(network: Network) -> Floats:
    """Logits (p, p, p) of all pairs; neurons are in memory a few pairs at a time."""
    p = network.p
    logits = np.empty((p, p, p), dtype=network.embedding.dtype)
    for rows, part in _chunks(network):
        logits[rows] = network.logits(part.stream, part.neurons)
    return logits


def from_stream(network: Network, stream: Floats) -> Floats:
    """Logits (p, p, p) where the last MLP reads `stream`, (p, p, d) or what broadcasts to it."""
    p = network.p
    whole = np.broadcast_to(stream, (p, p, stream.shape[-1]))
    logits = np.empty((p, p, p), dtype=whole.dtype)
    for rows in _slices(p):
        part = whole[rows]
        logits[rows] = network.logits(part, _neurons(network.last, part))
    return logits


def written(network: Network, pattern: Floats) -> Floats:
    """What the heads of a network of one layer write at the sign of equality, (p, p, d), if they
    attend by `pattern` (p, p, h, 3). ValueError for more layers: their heads read others."""
    if len(network.blocks) != 1:
        raise ValueError(f"attention is replaced in networks of one layer, not {network.blocks}")
    streams = _start(network, slice(None))
    return _mixed(network.last, streams, pattern)


def _slices(p: int) -> Iterator[slice]:
    step = max(1, _CHUNK // p)
    for begin in range(0, p, step):
        yield slice(begin, min(p, begin + step))


def _chunks(network: Network) -> Iterator[tuple[slice, Activity]]:
    """The pairs of a few first operands at a time."""
    for rows in _slices(network.p):
        streams = _start(network, rows)
        for block in network.blocks[:-1]:
            streams = [_through(block, streams, row) for row in range(len(streams))]
        pattern = _pattern(network.last, streams, len(streams) - 1)
        stream = streams[-1] + _mixed(network.last, streams, pattern)
        yield rows, Activity(pattern, stream, _neurons(network.last, stream))


def _start(network: Network, rows: slice) -> list[Floats]:
    """Embedded tokens of the three positions: (A, 1, d), (1, p, d), (1, 1, d)."""
    first = network.embedding[rows] + network.positions[0]
    second = network.embedding + network.positions[1]
    return [first[:, None], second[None], network.start()[None, None]]


def _through(block: Block, streams: list[Floats], row: int) -> Floats:
    """The stream of one position after a layer."""
    seen = streams[: row + 1]
    stream = streams[row] + _mixed(block, seen, _pattern(block, seen, row))
    return stream + _neurons(block, stream) @ block.write.T + block.write_bias


def _heads(stream: Floats, weight: Floats) -> Floats:
    """(..., d) by (h, k, d) -> (..., h, k)."""
    heads, size, width = weight.shape
    made = stream @ weight.reshape(heads * size, width).T
    return made.reshape(*stream.shape[:-1], heads, size)


def _pattern(block: Block, streams: list[Floats], row: int) -> Floats:
    """Attention of a position to those it sees: (A, B, h, row + 1)."""
    query = _heads(streams[row], block.query)
    scale = np.asarray(1 / np.sqrt(query.shape[-1]), dtype=query.dtype)
    scores = [(query * _heads(stream, block.key)).sum(-1) * scale for stream in streams]
    stacked = np.stack(np.broadcast_arrays(*scores), axis=-1)
    likely = np.exp(stacked - stacked.max(axis=-1, keepdims=True))
    pattern: Floats = likely / likely.sum(axis=-1, keepdims=True)
    return pattern


def _mixed(block: Block, streams: list[Floats], pattern: Floats) -> Floats:
    """What the heads write: (A, B, d)."""
    values = [_heads(stream, block.value) for stream in streams]
    mixed = sum(pattern[..., j, None] * value for j, value in enumerate(values))
    flat = np.asarray(mixed).reshape(*pattern.shape[:-2], -1)
    return flat @ block.output.reshape(len(block.output), -1).T


def _neurons(block: Block, stream: Floats) -> Floats:
    made = stream @ block.read.T
    made += block.read_bias
    return np.maximum(made, 0, out=made)
