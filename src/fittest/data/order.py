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


def stretch_indices(
    trained: int, size: int, seed: int, first: int, steps: int
) -> tuple[Integers, Integers]:
    """`batch_indices` of `steps` updates from `first` on, one after the other, and where among them
    each update's begin: (steps + 1), with the end of the last.

    The same as asking for every update, but as fast as the orders can be drawn.
    """
    per_epoch = batches_per_epoch(trained, size)
    passes, positions = np.divmod(np.arange(first - 1, first + steps), per_epoch)
    # Batches follow each other without gaps, from one pass to the next too.
    begins = passes * trained + positions * size
    start, end = int(begins[0]), int(begins[-1])
    orders = [
        # Only a pass that is cut is asked for again.
        (_order if at < start or at + trained > end else _new_order)(trained, seed, at // trained)
        for at in range(int(passes[0]) * trained, end, trained)
    ]
    joined = orders[0] if len(orders) == 1 else np.concatenate([*orders, np.zeros(0, np.int64)])
    skipped = start % trained
    return joined[skipped : skipped + end - start], begins - start


def _new_order(trained: int, seed: int, epoch: int) -> Integers:
    return stream(ORDER, seed, epoch).permutation(trained)


_order = lru_cache(maxsize=1024)(_new_order)


def fixed(task: SequenceTask, examples: int, seed: int) -> Examples:
    """The examples that a network is trained on all along."""
    return task.draw(stream(EXAMPLES, seed), examples)


def drawn(task: SequenceTask, examples: int, seed: int, step: int, test: bool) -> Examples:
    """New examples: those of the update `step`, or those that state `step` is tested on."""
    return task.draw(stream(TEST_EXAMPLES if test else EXAMPLES, seed, step), examples)
