"""Modular addition: label (a + b) mod p. Source: survival paper, section 2 and appendix E."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fittest.tasks.settings import PairShape, TableTask
from fittest.tasks.task import Shape, Task, pair_table


class ModularAddition(TableTask):
    """Add two numbers modulo p."""

    name: Literal["modular_addition"] = "modular_addition"
    p: int = Field(
        default=59, ge=3, description="modulus = number of tokens (survival paper, section 2)"
    )
    train_fraction: float = Field(
        default=0.8, gt=0, le=1, description="share of pairs trained on (survival paper, app. E)"
    )

    def shape(self) -> Shape:
        """Two numbers, one answer."""
        return PairShape(self.p, self.p)

    def size(self) -> int:
        """All ordered pairs."""
        return self.p**2

    def build(self) -> Task:
        """All p * p ordered pairs with their sums."""
        tokens = pair_table(self.p)
        return Task(self.p, self.p, tokens, tokens.sum(axis=1) % self.p, grid=True)
