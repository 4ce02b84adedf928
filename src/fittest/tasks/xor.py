"""Multi-digit XOR: label a xor b. Source: completeness paper, section 3.2 and appendix A."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fittest.tasks.settings import NumbersTask
from fittest.tasks.task import Task, pair_table


class Xor(NumbersTask):
    """Exclusive or, digit by digit, of two binary numbers."""

    name: Literal["xor"] = "xor"
    digits: int = Field(default=3, ge=1, le=8, description="binary digits (completeness, 3.2)")
    train_fraction: float = Field(
        default=0.8, gt=0, le=1, description="share of pairs trained on (completeness, app. A)"
    )

    @property
    def p(self) -> int:
        """Number of tokens, 2^digits."""
        return int(2**self.digits)

    def build(self) -> Task:
        """All p * p ordered pairs with their exclusive or."""
        tokens = pair_table(self.p)
        return Task(self.p, self.p, tokens, tokens[:, 0] ^ tokens[:, 1], grid=True)
