"""What a task is: its examples, listed or drawn, and a seeded split into train and test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fittest.errors import ConfigError
from fittest.streams import SPLIT, stream

Rng = Literal["streams", "authors"]
"""`streams`: one generator per purpose. `authors`: the released code's single stream."""


Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """Some examples: n sequences of T tokens, each with A answers.

    tokens: (n, T) int64. labels: (n, A) int64, the class of each answer. weights: (n, A) float64,
    how much each answer counts in a mean; 0 for what is no answer, such as padding.
    """

    tokens: Integers
    labels: Integers
    weights: Floats


class Shape(Protocol):
    """What a network has to know of a task.

    vocabulary: number of tokens. length: tokens of a sequence T. classes: what an answer may be, C.
    answers: positions of the sequence after which the A answers are given, ascending. source: how
    many tokens come first and are read as a whole, for an encoder; 0 where there is no such part.
    sign: the token that all sequences end with; None where they end with several.
    """

    @property
    def vocabulary(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def answers(self) -> tuple[int, ...]: ...
    @property
    def source(self) -> int: ...
    @property
    def sign(self) -> int | None: ...


@dataclass(frozen=True)
class Task:
    """All examples of a task that has few: each with one answer, after its last token.

    p: how many numbers an operand can be. tokens: (N, T) int64; numbers are the tokens 0..p-1.
    labels: (N,) int64 in 0..classes-1. grid: two operands in all combinations, and nothing that
    differs beside them: ``tokens[a * p + b, :2] == (a, b)``. signs: tokens beside the numbers, from
    p on, such as that of equality. trained: (N,) bool, a split that is given, no matter of seeds;
    None: it is drawn.
    """

    p: int
    classes: int
    tokens: Integers
    labels: Integers
    grid: bool
    signs: int = 0
    trained: NDArray[np.bool_] | None = None

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return self.p + self.signs

    @property
    def length(self) -> int:
        """Tokens of a sequence."""
        return int(self.tokens.shape[1])

    @property
    def answers(self) -> tuple[int, ...]:
        """The last position."""
        return (self.length - 1,)

    @property
    def source(self) -> int:
        """No part is read by an encoder."""
        return 0

    @property
    def sign(self) -> int | None:
        """The last token, where it is one and no number."""
        last = self.tokens[:1, -1]
        one = len(last) and last[0] >= self.p and bool((self.tokens[:, -1] == last).all())
        return int(last[0]) if one else None

    def examples(self, chosen: Integers) -> Examples:
        """Those with the indices `chosen` (n,)."""
        labels = self.labels[chosen][:, None]
        return Examples(self.tokens[chosen], labels, np.ones(labels.shape))


Draw = Callable[[np.random.Generator, int], Examples]


@dataclass(frozen=True)
class SequenceTask:
    """A task with too many examples to list: they are drawn.

    draw: (generator, n) -> n examples, independent of each other. The other fields: see `Shape`.
    """

    vocabulary: int
    length: int
    classes: int
    answers: tuple[int, ...]
    draw: Draw
    source: int = 0
    sign: int | None = None


AnyTask = Task | SequenceTask


def pair_table(p: int) -> Integers:
    """All ordered pairs (p * p, 2), first operand outer, second inner."""
    return np.ascontiguousarray(np.indices((p, p), dtype=np.int64).reshape(2, -1).T)


Equals = Literal["none", "input", "input_and_output"]
"""Whether a sign of equality ends a sequence of numbers, as token p, and is a class besides."""


def operand_table(p: int, operands: int = 2, equals: Equals = "none") -> Integers:
    """All sequences of so many numbers (p^operands, operands), the first outermost; one column more
    where a sign of equality follows."""
    if operands == 2:
        table = pair_table(p)
    else:
        table = np.indices((p,) * operands, dtype=np.int64).reshape(operands, -1).T
    if equals != "none":
        table = np.column_stack([table, np.full(len(table), p)])
    return np.ascontiguousarray(table)


def numbers_task(p: int, tokens: Integers, values: Integers, equals: Equals) -> Task:
    """The task of giving one of the numbers 0..p-1 for each of `operand_table`.

    values: (N,), what is right. The classes are the numbers, and the sign of equality where
    `equals` says so.
    """
    signs = int(equals != "none")
    classes = p + int(equals == "input_and_output")
    return Task(p, classes, tokens, values, tokens.shape[1] - signs == 2, signs)


def train_pairs(task: Task, fraction: float) -> int:
    """Number of train pairs: floor(fraction * N), or as many as a given split has."""
    if task.trained is not None:
        return int(task.trained.sum())
    return count_train(len(task.labels), fraction)


def count_train(pairs: int, fraction: float) -> int:
    """How many of so many pairs are trained on, floor(fraction * pairs)."""
    # 0.8 * 100 is 79.99... in floating point; the share itself is exact to 1e-9.
    return floor(fraction * pairs + 1e-9)


def train_mask(task: Task, fraction: float, seed: int, rng: Rng = "streams") -> NDArray[np.bool_]:
    """(N,) bool, True for the floor(fraction * N) train pairs, drawn without replacement; or the
    split that the task gives.

    With ``rng="authors"`` the draw comes from numpy's legacy generator, and drawn id i
    stands for the pair (i mod p, i // p), as in the released code (survival methods 1.1, 1.4).
    Raises ConfigError where the examples are no pairs of numbers.
    """
    if task.trained is not None:
        return task.trained.copy()
    if rng == "authors" and not task.grid:
        raise ConfigError(
            "rng: `authors` draws pairs of numbers, and this task has others; leave"
            " it out, or write `streams`"
        )
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
