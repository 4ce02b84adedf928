"""Remainder equivalence: do two numbers leave the same remainder? Source: completeness paper,
section 3.1 and appendix A."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.tasks.settings import NumbersTask
from fittest.tasks.task import Task, pair_table


class Remainder(NumbersTask):
    """Tell whether a = b mod m, for a and b in 0..p-1."""

    name: Literal["remainder"] = "remainder"
    p: int = Field(default=100, ge=2, description="number of tokens (completeness paper, 3.1)")
    m: int = Field(default=10, ge=2, description="divisor; p is a multiple of it (3.1)")
    outputs: Literal["answers", "tokens"] = Field(
        default="answers",
        description="answers: two logits, no and yes; tokens: p logits of which two are used, as"
        " appendix A's sizes say (completeness methods 7.1)",
    )
    train_fraction: float = Field(
        default=0.8, gt=0, le=1, description="share of pairs trained on (completeness, app. A)"
    )

    @model_validator(mode="after")
    def _equal_classes(self) -> Self:
        if self.p % self.m:
            raise ValueError(
                f"m: p = {self.p} is no multiple of m = {self.m}, and classes must be equally large"
            )
        return self

    def class_count(self) -> int:
        """No and yes, or as many as there are tokens."""
        return 2 if self.outputs == "answers" else self.p

    def build(self) -> Task:
        """All p * p ordered pairs, label 1 where the remainders agree."""
        tokens = pair_table(self.p)
        same = (tokens[:, 0] - tokens[:, 1]) % self.m == 0
        return Task(self.p, self.class_count(), tokens, same.astype(np.int64), grid=True)
