"""Greatest common divisor of two numbers, digits in and digits out. Source: exponents report,
section 3.2; lengths and tokens: exponents methods 1.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fittest.errors import ConfigError
from fittest.settings import MAX_OPERAND, MAX_TOKENS, limited
from fittest.tasks.settings import GeneratedTask
from fittest.tasks.task import Examples, Integers, SequenceTask


class Gcd(GeneratedTask):
    """Read `+ digits of a + digits of b`, and write `+ digits of gcd(a, b)`.

    Tokens: the digits, then `+`, then padding, then the sign that ends a number where there is one.
    """

    name: Literal["gcd"] = "gcd"
    base: Annotated[int, limited("MAX_TOKENS", MAX_TOKENS)] = Field(
        default=10, ge=2, description="of the digits (exponents report, 3.2)"
    )
    largest: Annotated[int, limited("MAX_OPERAND", MAX_OPERAND)] = Field(
        default=10_000_000, ge=1, description="largest operand (exponents methods 1.4)"
    )
    distribution: Literal["uniform", "log_uniform"] = Field(
        default="uniform",
        description="of the operands: uniform over 0..largest, or exp of a uniform number rounded"
        " down, from 1 on (exponents report, 3.2)",
    )
    end: bool = Field(
        default=False,
        description="a sign ends the answer, so that a network can write it unaided (exponents"
        " methods 1.4, our choice)",
    )

    def build(self) -> SequenceTask:
        """Both operands are the source, padded to the longest; each digit of the divisor is given
        at the position before it. Padding is no answer."""
        answers = self._width + int(self.end)
        return SequenceTask(
            vocabulary=self.base + 2 + int(self.end),
            length=self._source + answers,
            classes=self.base + 2 + int(self.end),
            answers=tuple(range(self._source, self._source + answers)),
            draw=self._draw,
            source=self._source,
        )

    def metrics(self) -> tuple[str, ...]:
        """Divisors with every digit right (exponents methods 1.4)."""
        return ("exact",)

    def encoded(self, pairs: Integers) -> Examples:
        """The examples of pairs of operands (n, 2), 0..largest, not both 0."""
        n, plus, padding = len(pairs), self.base, self.base + 1
        source = np.full((n, self._source), padding)
        source[:, 0] = plus
        after = self._write(source, pairs[:, 0], np.ones(n, dtype=np.int64))
        source[np.arange(n), after] = plus
        self._write(source, pairs[:, 1], after + 1)
        target = np.full((n, 1 + self._width + int(self.end)), padding)
        target[:, 0] = plus
        divisors = np.gcd(pairs[:, 0], pairs[:, 1])
        after = self._write(target, divisors, np.ones(n, dtype=np.int64))
        if self.end:
            target[np.arange(n), after] = padding + 1
        # Nothing is read after the last answer, so its own token is left out.
        labels = target[:, 1:]
        tokens = np.hstack([source, target[:, :-1]])
        return Examples(tokens, labels, (labels != padding).astype(np.float64))

    def stratified(self, generator: np.random.Generator, divisors: int, each: int) -> Examples:
        """For k = 1..divisors, in this order, so many pairs whose greatest common divisor is k:
        coprime numbers uniform over 1..largest/k, times k (exponents methods 1.4).

        Raises ConfigError where no operand is as large as the last k.
        """
        if divisors > self.largest:
            raise ConfigError(
                f"task.largest: {self.largest:,}, and test examples need a divisor of {divisors:,}"
            )
        k = np.repeat(np.arange(1, divisors + 1), each)[:, None]
        highest = np.broadcast_to(self.largest // k, (len(k), 2))

        def pairs(rows: NDArray[np.bool_]) -> Integers:
            return generator.integers(1, highest[rows], endpoint=True)

        return self.encoded(k * _redrawn(pairs, len(k), lambda drawn: np.gcd(*drawn.T) != 1))

    @property
    def _width(self) -> int:
        """Digits of the largest operand."""
        width, rest = 1, self.largest // self.base
        while rest:
            width, rest = width + 1, rest // self.base
        return width

    @property
    def _source(self) -> int:
        return 2 * (self._width + 1)

    def _draw(self, generator: np.random.Generator, n: int) -> Examples:
        def pairs(rows: NDArray[np.bool_]) -> Integers:
            size = (int(rows.sum()), 2)
            if self.distribution == "uniform":
                return generator.integers(0, self.largest, size, endpoint=True)
            drawn = np.exp(generator.uniform(0.0, np.log(self.largest), size)).astype(np.int64)
            # The exponential may be rounded to one more.
            return np.minimum(drawn, self.largest)

        return self.encoded(_redrawn(pairs, n, lambda drawn: (drawn == 0).all(axis=1)))

    def _write(self, into: Integers, values: Integers, starts: Integers) -> Integers:
        """The digits of `values` (n,) into the rows of a table, from the columns `starts` (n,) on;
        the columns after them (n,)."""
        powers = self.base ** np.arange(1, self._width)
        # A number has no zeros in front, and 0 has one digit.
        digits = 1 + (values[:, None] >= powers).sum(axis=1)
        ends = starts + digits
        rest = values
        for place in range(self._width):
            rest, digit = np.divmod(rest, self.base)
            rows = np.flatnonzero(digits > place)
            into[rows, ends[rows] - 1 - place] = digit[rows]
        return ends


def _redrawn(
    draw: Callable[[NDArray[np.bool_]], Integers],
    n: int,
    unwanted: Callable[[Integers], NDArray[np.bool_]],
) -> Integers:
    """n pairs (n, 2) of which none is unwanted: those that are, are drawn again.

    draw: which rows (n,) are asked for -> as many pairs. unwanted: pairs (m, 2) -> (m,).
    """
    pairs = np.zeros((n, 2), dtype=np.int64)
    waiting = np.ones(n, dtype=np.bool_)
    while waiting.any():
        pairs[waiting] = draw(waiting)
        waiting[waiting] = unwanted(pairs[waiting])
    return pairs
