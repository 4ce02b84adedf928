"""Coprimality: have two numbers no common divisor? Source: exponents report, section 3.1.2; sizes:
exponents methods 1.3."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.tasks.settings import Numbers, TableTask, refuse_large
from fittest.tasks.task import Task, operand_table


class Coprimality(TableTask):
    """Tell whether two numbers of 1..p are coprime. The number n is the token n - 1."""

    name: Literal["coprimality"] = "coprimality"
    p: Numbers = Field(default=113, ge=3, description="the largest (exponents methods 1.3)")
    train_fraction: float = Field(
        default=0.3, gt=0, le=1, description="share of pairs trained on (exponents methods 1.3)"
    )

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        refuse_large("p", self.p, 2, 1)
        return self

    def build(self) -> Task:
        """All p * p ordered pairs and a sign of equality, label 1 where they are coprime."""
        tokens = operand_table(self.p, equals="input")
        coprime = np.gcd(tokens[:, 0] + 1, tokens[:, 1] + 1) == 1
        return Task(self.p, 2, tokens, coprime.astype(np.int64), grid=True, signs=1)
