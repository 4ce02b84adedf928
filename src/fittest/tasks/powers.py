"""Sums of powers: label (x^a + y^b) mod p. Source: exponents report, section 3.1.1."""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.settings import MAX_EXPONENT, later, limited
from fittest.tasks.settings import Numbers, NumbersTask, refuse_large
from fittest.tasks.task import Equals, Integers, Task, numbers_task, operand_table

Exponent = Annotated[int, Field(ge=1), limited("MAX_EXPONENT", MAX_EXPONENT)]


class Powers(NumbersTask):
    """Add a power of one number to a power of another modulo p."""

    name: Literal["powers"] = "powers"
    p: Numbers = Field(default=113, ge=3, description="modulus (exponents report, 3.1.1)")
    exponents: tuple[Exponent, Exponent] = Field(
        default=(3, 3),
        description="of the first and of the second operand (exponents report, table 1)",
    )
    equals: Equals = Field(
        default="input",
        description="a sign of equality as last token, token p (exponents methods 1.1);"
        " input_and_output: as a class besides, which is never right",
    )
    train_fraction: float = Field(
        default=0.3, gt=0, le=1, description="share of pairs trained on (exponents report, 3.1.1)"
    )

    listed: Literal["by_operands", "by_powers", "exchanged"] = later(
        "by_operands",
        description="which pair of operands stands where pair (u, v) does, and with it in the same"
        " part of an equal split: (u, v) itself; by_powers: the one whose powers are u and v;"
        " exchanged: (v, u) (exponents methods 2.4)",
    )

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        refuse_large("p", self.p, 2, int(self.equals != "none"))
        if self.listed == "by_powers":
            for exponent in self.exponents:
                refuse_no_permutation("exponents", self.p, exponent)
        return self

    def class_count(self) -> int:
        """The numbers, and the sign of equality where it is a class."""
        return self.p + int(self.equals == "input_and_output")

    def operand_count(self) -> int:
        """Numbers of a sequence."""
        return 2

    def sign_count(self) -> int:
        """The sign of equality, where there is one."""
        return int(self.equals != "none")

    def build(self) -> Task:
        """All p * p ordered pairs with the sums of their powers."""
        tokens = self._in_order(operand_table(self.p, 2, self.equals))
        first, second = (powers(self.p, exponent) for exponent in self.exponents)
        sums = (first[tokens[:, 0]] + second[tokens[:, 1]]) % self.p
        task = numbers_task(self.p, tokens, sums, self.equals)
        # A grid has its pairs in the order of operands.
        return task if self.listed == "by_operands" else replace(task, grid=False)

    def _in_order(self, tokens: Integers) -> Integers:
        """The table of pairs, with the pair in each place that `listed` says."""
        if self.listed == "by_operands":
            return tokens
        found = tokens.copy()
        if self.listed == "exchanged":
            found[:, :2] = tokens[:, 1::-1]
        else:
            for column, exponent in enumerate(self.exponents):
                roots = np.argsort(powers(self.p, exponent))
                found[:, column] = roots[tokens[:, column]]
        return found


def refuse_no_permutation(key: str, p: int, exponent: int) -> None:
    """ValueError naming the key unless x -> x^exponent is a permutation of the numbers modulo a
    prime p."""
    if any(p % n == 0 for n in range(2, int(p**0.5) + 1)):
        raise ValueError(f"{key}: powers are a permutation modulo a prime only, and p = {p}")
    shared = gcd(exponent, p - 1)
    if shared != 1:
        raise ValueError(
            f"{key}: x^{exponent} modulo {p} is no permutation: {exponent} and {p - 1} share"
            f" {shared}"
        )


def powers(p: int, exponent: int) -> Integers:
    """x^exponent mod p for x = 0..p-1 (p,), exact however large the power."""
    return np.array([pow(x, exponent, p) for x in range(p)], dtype=np.int64)
