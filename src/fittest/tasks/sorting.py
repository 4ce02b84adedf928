"""Sorting: a list of numbers, then the same in ascending order. Source: exponents report, section
3.4; lengths and tokens: exponents methods 1.5."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.tasks.settings import GeneratedTask, Tokens
from fittest.tasks.task import Examples, SequenceTask


class Sorting(GeneratedTask):
    """Write a list in ascending order: `START list MID sorted list`.

    Tokens: the values, then START, then padding where lists differ in length, then MID. Shorter
    lists are padded to the longest, before MID and at the end.
    """

    name: Literal["sorting"] = "sorting"
    length: Tokens = Field(
        default=25, ge=1, description="numbers of a list, or of the longest (exponents report, 3.4)"
    )
    shortest: int | None = Field(
        default=None,
        ge=1,
        description="numbers of the shortest list, all lengths equally likely; null: every list has"
        " `length`, and there is no padding (exponents methods 1.5)",
    )
    vocabulary: Tokens = Field(
        default=50, ge=3, description="values and signs together (exponents methods 1.5)"
    )
    repeats: bool = Field(
        default=False, description="a value may stand in a list twice (exponents report, 3.4.2)"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shortest is not None and self.shortest > self.length:
            raise ValueError(f"shortest: {self.shortest}, and the longest list has {self.length}")
        needed = 1 if self.repeats else self.length
        if self._values < needed:
            raise ValueError(
                f"vocabulary: {self.vocabulary} tokens are {self._values} values beside the signs,"
                f" and a list needs {needed}"
            )
        return self

    def build(self) -> SequenceTask:
        """2 * length + 2 tokens; those of the sorted list are answers, each given at the position
        before it. Padding is no answer."""
        middle = self.length + 1
        return SequenceTask(
            vocabulary=self.vocabulary,
            length=2 * self.length + 2,
            classes=self.vocabulary,
            answers=tuple(range(middle, middle + self.length)),
            draw=self._draw,
        )

    def metrics(self) -> tuple[str, ...]:
        """Lists with every number right (exponents methods 1.5)."""
        return ("exact",)

    @property
    def _values(self) -> int:
        return self.vocabulary - (2 if self.shortest is None else 3)

    def _draw(self, generator: np.random.Generator, n: int) -> Examples:
        values = self._values
        start, padding, middle = values, values + 1, self.vocabulary - 1
        if self.repeats:
            given = generator.integers(0, values, (n, self.length))
        else:
            # Each row in a random order: of it, the first are a list without repeats.
            given = np.argsort(generator.random((n, values)), axis=1)[:, : self.length].copy()
        real = np.ones(given.shape, dtype=np.bool_)
        if self.shortest is not None:
            lengths = generator.integers(self.shortest, self.length, n, endpoint=True)
            real = np.arange(self.length) < lengths[:, None]
            # Larger than every value, so it stays behind them.
            given[~real] = padding
        labels = np.sort(given, axis=1)
        signs = (np.full((n, 1), sign) for sign in (start, middle))
        tokens = np.hstack([next(signs), given, next(signs), labels])
        return Examples(tokens, labels, real.astype(np.float64))
