"""What a task is: all its inputs, their labels, and a seeded split into train and test."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fittest.streams import SPLIT, stream

Rng = Literal["streams", "authors"]
"""`streams`: one generator per purpose. `authors`: the released code's single stream."""


Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """Every pair of a task.

    tokens: (N, 2) int64 in 0..p-1; labels: (N,) int64 in 0..classes-1.
    grid: the pairs are the full table, ``tokens[a * p + b] == (a, b)``.
    """

    p: int
    classes: int
    tokens: Integers
    labels: Integers
    grid: bool


def pair_table(p: int) -> Integers:
    """All ordered pairs (p * p, 2), first operand outer, second inner."""
    return np.ascontiguousarray(np.indices((p, p), dtype=np.int64).reshape(2, -1).T)


def train_pairs(task: Task, fraction: float) -> int:
    """Number of train pairs, floor(fraction * N)."""
    return count_train(len(task.labels), fraction)


def count_train(pairs: int, fraction: float) -> int:
    """How many of so many pairs are trained on, floor(fraction * pairs)."""
    # 0.8 * 100 is 79.99... in floating point; the share itself is exact to 1e-9.
    return floor(fraction * pairs + 1e-9)


def train_mask(task: Task, fraction: float, seed: int, rng: Rng = "streams") -> NDArray[np.bool_]:
    """(N,) bool, True for the floor(fraction * N) train pairs, drawn without replacement.

    With ``rng="authors"`` the draw comes from numpy's legacy generator, and drawn id i
    stands for the pair (i mod p, i // p), as in the released code (survival methods 1.1, 1.4).
    """
    n_pairs = len(task.labels)
    n_train = train_pairs(task, fraction)
    if rng == "streams":
        chosen = stream(SPLIT, seed).choice(n_pairs, n_train, replace=False)
    else:
        legacy = np.random.RandomState(seed)
        drawn = legacy.choice(n_pairs, n_train, replace=False)
        chosen = (drawn % task.p) * task.p + drawn // task.p
    mask = np.zeros(n_pairs, dtype=np.bool_)
    mask[chosen] = True
    return mask
