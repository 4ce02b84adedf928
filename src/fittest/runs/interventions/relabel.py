"""The initial embedding of other numbers: each has the row of one of its powers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest.runs.interventions.base import EmbeddingEdit, Floats
from fittest.settings import MAX_P
from fittest.tasks.powers import powers, refuse_no_permutation


class Relabel(EmbeddingEdit):
    """Give each number t the initial embedding of t^exponent modulo p; a sign keeps its own
    (exponents methods 2.4)."""

    kind: Literal["relabel"] = "relabel"
    p: int = Field(ge=3, le=MAX_P, description="modulus, a prime: that of the task")
    exponent: int = Field(ge=1, description="shares no divisor with p - 1")

    @classmethod
    def takes_signs(cls) -> bool:
        """Their rows stay where they are."""
        return True

    def check(self, p: int, d: int) -> None:
        """The powers are a permutation of the task's numbers."""
        if self.p != p:
            raise ValueError(f"intervention.p = {self.p}, and the task has p = {p}")
        refuse_no_permutation("intervention.exponent", p, self.exponent)

    def changes_nothing(self) -> bool:
        """The first power is the number itself."""
        return self.exponent == 1

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The embedding with its first p rows permuted."""
        rows = np.arange(len(embedding))
        rows[: self.p] = powers(self.p, self.exponent)
        return embedding[rows]
