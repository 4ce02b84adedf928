"""Which examples, by seed and step. Steps count from 1: the first one leads from state 0 to 1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fittest.streams import EXAMPLES, ORDER, TEST_EXAMPLES, stream
from fittest.tasks import Rng, train_mask
from fittest.tasks.task import Examples, Integers, SequenceTask, Task


def split(
    task: Task, fraction: float, seed: int, rng: Rng = "streams"
) -> tuple[Integers, Integers]:
    """Indices of the examples trained on and of the others, both ascending."""
    mask = train_mask(task, fraction, seed, rng)
    return np.flatnonzero(mask), np.flatnonzero(~mask)


def batches_per_epoch(trained: int, size: int) -> int:
    """Updates of one pass over `trained` examples; the last may have fewer than `size`."""
    return -(-trained // size)


def batch_indices(trained: int, size: int, seed: int, step: int) -> Integers:
    """Which of `trained` examples the update `step` is made on: at most `size`.

    Each pass takes every example once, in an order of its own.
    """
    epoch, position = divmod(step - 1, batches_per_epoch(trained, size))
    order = _order(trained, seed, epoch)
    return order[position * size : (position + 1) * size]


@lru_cache(maxsize=1024)
def _order(trained: int, seed: int, epoch: int) -> Integers:
    return stream(ORDER, seed, epoch).permutation(trained)


def fixed(task: SequenceTask, examples: int, seed: int) -> Examples:
    """The examples that a network is trained on all along."""
    return task.draw(stream(EXAMPLES, seed), examples)


def drawn(task: SequenceTask, examples: int, seed: int, step: int, test: bool) -> Examples:
    """New examples: those of the update `step`, or those that state `step` is tested on."""
    return task.draw(stream(TEST_EXAMPLES if test else EXAMPLES, seed, step), examples)
