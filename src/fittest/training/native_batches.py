"""Which examples the native kernel trains on, as it takes them: lists of indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fittest.data import batch_indices
from fittest.training.feed import Feed, ListedFeed, TableFeed

_MOST_INDICES = 4_000_000
"""Most indices of one stretch: bounds its memory (16 MB)."""


@dataclass(frozen=True)
class Stretch:
    """Some updates of every run.

    indices: examples of all updates one after the other, int32, those of a run together. offsets:
    (S * steps + 1) int64, where each update's begin. None for all that a run is trained on.
    """

    steps: int
    offsets: Tensor | None = None
    indices: Tensor | None = None


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


def stretches(feed: Feed, first: int, steps: int) -> Iterator[Stretch]:
    """The updates `first`, `first` + 1, ..., `steps` of them, in stretches of bounded memory."""
    if not isinstance(feed, ListedFeed) or feed.size is None:
        yield Stretch(steps)
        return
    most = max(1, _MOST_INDICES // max(1, feed.runs * feed.size))
    for start in range(first, first + steps, most):
        yield _drawn(feed, feed.size, start, min(most, first + steps - start))


def _drawn(feed: ListedFeed, size: int, first: int, steps: int) -> Stretch:
    chosen = [
        train.numpy()[batch_indices(len(train), size, seed, step)]
        for train, seed in zip(feed.train, feed.seeds, strict=True)
        for step in range(first, first + steps)
    ]
    offsets = np.cumsum([0, *map(len, chosen)], dtype=np.int64)
    indices = np.concatenate(chosen).astype(np.int32)
    return Stretch(steps, torch.from_numpy(offsets), torch.from_numpy(indices))
