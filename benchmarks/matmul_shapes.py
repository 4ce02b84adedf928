"""The matrix products of a training step, and the arithmetic around their rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.cases import Case


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


def step_shapes(case: Case) -> Counter[Shape]:
    """Every product of one step of one network, with the number of its occurrences.

    Forward, input gradient and weight gradient of the two tables, the hidden and the output
    layer; train pairs only.
    """
    h1, h2 = case.run(0).model.hidden
    pairs = case.train_pairs
    found: Counter[Shape] = Counter()
    # The embedding is the input of the two table products, one per operand.
    layers = ((case.p, case.d, h1, 2), (pairs, h1, h2, 1), (pairs, h2, case.p, 1))
    for rows, fan_in, fan_out, count in layers:
        found[Shape(rows, fan_in, fan_out)] += count
        found[Shape(rows, fan_out, fan_in)] += count
        found[Shape(fan_out, rows, fan_in, transposed=True)] += count
    return found


def step_rate(shapes: Mapping[Shape, int], rates: Mapping[Shape, float]) -> float:
    """FLOP/s of a whole step whose products run at `rates` and whose rest costs nothing."""
    seconds = sum(count * shape.flops / rates[shape] for shape, count in shapes.items())
    return sum(count * shape.flops for shape, count in shapes.items()) / seconds
