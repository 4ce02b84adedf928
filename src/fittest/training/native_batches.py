"""Which examples the native kernel trains on, as it takes them: lists of indices."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fittest.data import batches_per_epoch, stretch_indices
from fittest.streams import DROPOUT, stream
from fittest.training.backend import Dropout
from fittest.training.feed import Feed, ListedFeed, TableFeed

_INDICES = 250_000
"""Indices of one stretch, or those of a pass where these are more: what is drawn before training
begins, with nobody training meanwhile."""
_MOST_INDICES = 4_000_000
"""Most indices of one stretch: bounds its memory (16 MB)."""
_GENERATOR = 32 // 4
"""A generator's state takes the room of so many."""


@dataclass(frozen=True)
class Stretch:
    """Some updates of every run.

    indices: examples of all updates one after the other, int32, those of a run together. offsets:
    (S * steps + 1) int64, where each update's begin. None for all that a run is trained on.
    dropped: (S, steps, 4) uint64, of the generator that says what is dropped its state and its
    increment, each its high and its low half; None where nothing is.
    """

    steps: int
    offsets: Tensor | None = None
    indices: Tensor | None = None
    dropped: Tensor | None = None


def parts_of(feed: TableFeed | ListedFeed) -> Iterator[tuple[Tensor, Tensor]]:
    """Of each run, indices of the examples trained on and of the others, int32 on the CPU."""
    if isinstance(feed, TableFeed):
        for mask in feed.train_mask:
            yield _listed(mask.nonzero().flatten()), _listed((~mask).nonzero().flatten())
    else:
        for train, test in zip(feed.train, feed.test, strict=True):
            yield _listed(train), _listed(test)


def _listed(indices: Tensor) -> Tensor:
    return indices.to("cpu", torch.int32).contiguous()


def stretches(
    feed: Feed, first: int, steps: int, dropout: Dropout | None = None
) -> Iterator[Stretch]:
    """The updates `first`, `first` + 1, ..., `steps` of them, in stretches of bounded memory."""
    if dropout is None:
        yield from _listed_stretches(feed, first, steps)
        return
    most = max(1, _MOST_INDICES // (_GENERATOR * max(1, feed.runs)))
    for start in range(first, first + steps, most):
        begin = start
        for stretch in _listed_stretches(feed, start, min(most, first + steps - start)):
            yield replace(stretch, dropped=_states(dropout, begin, stretch.steps))
            begin += stretch.steps


def _listed_stretches(feed: Feed, first: int, steps: int) -> Iterator[Stretch]:
    """Without what is dropped.

    While one is in use, the next is drawn by a thread: the kernel leaves Python free meanwhile.
    """
    if not isinstance(feed, ListedFeed) or feed.size is None:
        yield Stretch(steps)
        return
    cuts = _cuts(feed, feed.size, first, steps)
    if len(cuts) == 1:
        yield _drawn(feed, feed.size, *cuts[0])
        return
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(_drawn, feed, feed.size, *cuts[0])
        for cut in cuts[1:]:
            stretch = coming.result()
            coming = thread.submit(_drawn, feed, feed.size, *cut)
            yield stretch
        yield coming.result()


def _cuts(feed: ListedFeed, size: int, first: int, steps: int) -> list[tuple[int, int]]:
    """First update and number of updates of each stretch."""
    a_pass = batches_per_epoch(len(feed.train[0]), size) if feed.runs else 1
    each = max(1, feed.runs * size)
    # A pass that is cut is drawn once more, or kept.
    most = max(1, min(_MOST_INDICES, max(_INDICES, each * a_pass)) // each)
    cuts, end = [], first + steps
    while first < end:
        passed = (first - 1) % a_pass
        length = (most + passed) // a_pass * a_pass - passed
        length = min(length if length > 0 else most, end - first)
        cuts.append((first, length))
        first += length
    return cuts or [(first, 0)]


def _states(dropout: Dropout, first: int, steps: int) -> Tensor:
    """Of the generators that `Dropout.kept` draws from."""
    states = np.empty((len(dropout.seeds), steps, 4), dtype=np.uint64)
    low = 2**64 - 1
    for row, seed in zip(states, dropout.seeds, strict=True):
        for number, step in zip(row, range(first, first + steps), strict=True):
            state: Any = stream(DROPOUT, seed, step).bit_generator.state
            assert state["bit_generator"] == "PCG64"
            for place, name in enumerate(("state", "inc")):
                wide = state["state"][name]
                number[2 * place : 2 * place + 2] = wide >> 64, wide & low
    return torch.from_numpy(states)


def _drawn(feed: ListedFeed, size: int, first: int, steps: int) -> Stretch:
    chosen, offsets, end = [], [np.zeros(1, dtype=np.int64)], 0
    for train, seed in zip(feed.train, feed.seeds, strict=True):
        order, begins = stretch_indices(len(train), size, seed, first, steps)
        chosen.append(train.numpy()[order].astype(np.int32))
        offsets.append(end + begins[1:])
        end += len(order)
    indices = np.concatenate(chosen or [np.zeros(0, dtype=np.int32)])
    return Stretch(steps, torch.from_numpy(np.concatenate(offsets)), torch.from_numpy(indices))
