"""What a training step has to multiply, and the arithmetic around the rates of it.

Counted is the cheapest exact form that is known of each network, whatever a contender computes:
forward, input gradient and weight gradient of each product, train pairs only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.cases import Case
from fittest.models import EmbeddingMLPSettings, TransformerSettings, TwoTableMLPSettings


@dataclass(frozen=True)
class Shape:
    """A product (m, k) @ (k, n).

    transposed: a weight gradient, whose long side is summed over.
    """

    m: int
    k: int
    n: int
    transposed: bool = False

    @property
    def flops(self) -> float:
        """Multiply-add = 2."""
        return 2.0 * self.m * self.k * self.n

    @property
    def name(self) -> str:
        """Such as 2784x100x59; weight gradients end in T."""
        return f"{self.m}x{self.k}x{self.n}" + "T" * self.transposed


@dataclass(frozen=True)
class Work:
    """One step of one network.

    shapes: its matrix products, with the number of occurrences. beside: FLOPs of multiply-adds that
    are no matrix product: rows of tables, weighted and summed.
    """

    shapes: Counter[Shape]
    beside: float = 0.0

    @property
    def flops(self) -> float:
        """All of it."""
        return sum(count * shape.flops for shape, count in self.shapes.items()) + self.beside


def _products(*layers: tuple[int, int, int, int]) -> Counter[Shape]:
    """(rows, inputs, outputs, occurrences): forward, input gradient, weight gradient of each."""
    found: Counter[Shape] = Counter()
    for rows, fan_in, fan_out, count in layers:
        found[Shape(rows, fan_in, fan_out)] += count
        found[Shape(rows, fan_out, fan_in)] += count
        found[Shape(fan_out, rows, fan_in, transposed=True)] += count
    return found


def step_work(case: Case) -> Work:
    """The products of one step of one network of a case."""
    model = case.base.model
    pairs, p = case.batch or case.train_pairs, case.p
    if isinstance(model, EmbeddingMLPSettings):
        h1, h2 = model.hidden
        # The embedding is the input of the two table products, one per operand.
        return Work(_products((p, model.d, h1, 2), (pairs, h1, h2, 1), (pairs, h2, p, 1)))
    if isinstance(model, TwoTableMLPSettings):
        rows = p if case.batch is None else _distinct(case)
        return Work(_products((rows, model.d, model.hidden, 2), (pairs, model.hidden, p, 1)))
    assert isinstance(model, TransformerSettings) and model.mlp is not None
    classes, d, heads, size = p + 1, model.d, model.heads, model.head_size
    read = model.mlp + classes
    return Work(
        _products(
            (pairs, model.mlp, classes, 1),  # neurons to logits
            (classes, d, model.mlp, 1),  # unembedding times the MLP's second matrix
            (p, d, heads * size, 1),  # values of all numbers
            (read, d, size, heads),  # output of each head, read by neurons and logits
            (p, size, read, heads),  # a table of each head
        ),
        # Two rows of each head's table for each pair, forward and twice backward.
        beside=3 * 2.0 * 2 * heads * read * pairs,
    )


def _distinct(case: Case) -> int:
    """Mean number of different first operands in a minibatch: the rows that occur."""
    pairs = case.table.tokens[case.trained(0)]
    batches = pairs[case.batches(0, 1, case.stride), 0]
    return round(sum(len(set(batch)) for batch in batches.tolist()) / len(batches))


def step_rate(shapes: Mapping[Shape, int], rates: Mapping[Shape, float]) -> float:
    """FLOP/s of a whole step whose products run at `rates` and whose rest costs nothing."""
    seconds = sum(count * shape.flops / rates[shape] for shape, count in shapes.items())
    return sum(count * shape.flops for shape, count in shapes.items()) / seconds
