"""Primality: is a number prime? Source: exponents report, section 3.1; sizes and the arm of digits:
exponents methods 1.2."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest.tasks.settings import Numbers, TableTask
from fittest.tasks.task import Task, count_train


class Primality(TableTask):
    """Tell whether a number is prime."""

    name: Literal["primality"] = "primality"
    numbers: Numbers = Field(
        default=1000, ge=4, description="the largest; 1 is the smallest (exponents methods 1.2)"
    )
    encoding: Literal["token", "digits"] = Field(
        default="token",
        description="token: each number is a token of its own; digits: its decimal digits, zeros in"
        " front, and a sign of equality (exponents methods 1.2, our choice)",
    )
    split: Literal["contiguous", "random"] = Field(
        default="contiguous",
        description="contiguous: the smallest numbers are trained on; random: any (exponents"
        " methods 1.2)",
    )
    train_fraction: float = Field(
        default=0.7, gt=0, le=1, description="share of numbers trained on (exponents methods 1.2)"
    )

    @property
    def p(self) -> int:
        """Tokens beside the sign of equality: one for each number and for 0, or ten digits."""
        return self.numbers + 1 if self.encoding == "token" else 10

    def build(self) -> Task:
        """All numbers from 1 on, label 1 where one is prime."""
        values = np.arange(1, self.numbers + 1)
        tokens, signs = values[:, None], 0
        if self.encoding == "digits":
            width = len(str(self.numbers))
            digits = values[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10
            tokens, signs = np.column_stack([digits, np.full(self.numbers, 10)]), 1
        trained = None
        if self.split == "contiguous":
            trained = values <= count_train(self.numbers, self.train_fraction)
        labels = _prime(self.numbers)[1:].astype(np.int64)
        return Task(self.p, 2, tokens, labels, grid=False, signs=signs, trained=trained)

    def metrics(self) -> tuple[str, ...]:
        """Primes are few (claim P01 of the report)."""
        return ("balanced_accuracy",)


def _prime(largest: int) -> np.ndarray:
    """(largest + 1,) bool: which of 0..largest are prime."""
    prime = np.ones(largest + 1, dtype=np.bool_)
    prime[:2] = False
    for number in range(2, int(largest**0.5) + 1):
        prime[number * number :: number] = False
    return prime
