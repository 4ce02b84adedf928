"""Addition digit by digit, as a sequence: `x1..xd + y1..yd = z0..zd`. Source: progress paper,
appendix D.3."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest.tasks.settings import GeneratedTask
from fittest.tasks.task import Examples, SequenceTask

PLUS, EQUALS = 10, 11


class DigitAddition(GeneratedTask):
    """Write the sum of two decimal numbers, its digits each after the one before."""

    name: Literal["digit_addition"] = "digit_addition"
    # The sum of two of 18 digits is below 2^63.
    digits: int = Field(
        default=5, ge=1, le=18, description="of each number, zeros in front (progress, app. D.3)"
    )

    def build(self) -> SequenceTask:
        """3 digits + 3 tokens; of them the digits + 1 of the sum are answers, each given at the
        position before it."""
        first = 2 * self.digits + 1
        return SequenceTask(
            vocabulary=12,
            length=3 * self.digits + 3,
            classes=10,
            answers=tuple(range(first, first + self.digits + 1)),
            draw=self._draw,
        )

    def metrics(self) -> tuple[str, ...]:
        """The loss of each digit of the sum (figure 29)."""
        return ("token_losses",)

    def _draw(self, generator: np.random.Generator, n: int) -> Examples:
        terms = generator.integers(0, 10, (n, 2, self.digits))
        places = 10 ** np.arange(self.digits, -1, -1, dtype=np.int64)
        total = (terms @ places[1:]).sum(axis=1)
        # The leading digit is the carry.
        labels = total[:, None] // places % 10
        plus, equals = np.full((n, 1), PLUS), np.full((n, 1), EQUALS)
        tokens = np.hstack([terms[:, 0], plus, terms[:, 1], equals, labels])
        return Examples(tokens, labels, np.ones(labels.shape))
