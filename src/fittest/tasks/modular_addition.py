"""Modular addition: label (a + b) mod p, or of more operands. Source: survival paper, section 2 and
appendix E; progress paper, section 3; exponents report, section 3.1.2."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fittest.settings import later
from fittest.tasks.settings import Numbers, NumbersTask, Operands, refuse_large
from fittest.tasks.task import Equals, Task, numbers_task, operand_table


class ModularAddition(NumbersTask):
    """Add two numbers modulo p, or more of them."""

    name: Literal["modular_addition"] = "modular_addition"
    p: Numbers = Field(
        default=59, ge=3, description="modulus = number of tokens (survival paper, section 2)"
    )
    operands: Operands = later(
        2, ge=2, description="numbers that are added (exponents report, 3.1.2: more than two)"
    )
    equals: Equals = later(
        "none",
        description="a sign of equality as last token, token p (progress paper, section 3);"
        " input_and_output: as a class besides, which is never right (progress methods 1.2)",
    )
    train_fraction: float = Field(
        default=0.8, gt=0, le=1, description="share of pairs trained on (survival paper, app. E)"
    )

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        refuse_large("operands", self.p, self.operands, int(self.equals != "none"))
        return self

    def class_count(self) -> int:
        """The numbers, and the sign of equality where it is a class."""
        return self.p + int(self.equals == "input_and_output")

    def operand_count(self) -> int:
        """Numbers of a sequence."""
        return self.operands

    def sign_count(self) -> int:
        """The sign of equality, where there is one."""
        return int(self.equals != "none")

    def build(self) -> Task:
        """All p^operands sequences with their sums."""
        tokens = operand_table(self.p, self.operands, self.equals)
        sums = tokens[:, : self.operands].sum(axis=1) % self.p
        return numbers_task(self.p, tokens, sums, self.equals)
