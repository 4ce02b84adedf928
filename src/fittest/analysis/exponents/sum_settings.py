"""What the report says of sums of powers: constants, apart from what is computed, so that figures
can read them without loading any task."""

from __future__ import annotations

from pydantic import Field

from fittest.settings import MAX_P, PositiveStep, Settings, Share


class PrintedRow(Settings):
    """A row of the report's table 1."""

    p: int = Field(ge=3, le=MAX_P, description="modulus")
    a: int = Field(ge=1, description="exponent of x")
    b: int = Field(ge=1, description="exponent of y")
    grokked: bool = Field(description="what it says")
    step: PositiveStep | None = Field(default=None, description="when, in steps; null: not said")
    other_step: PositiveStep | None = Field(
        default=None, description="when, if that is a misprint; null: no other reading"
    )


class SumSettings(Settings):
    """What the report says of sums of powers, and how it is compared (exponents methods 2.3)."""

    table1: tuple[PrintedRow, ...] = Field(min_length=1, description="as printed, in its order")
    trend: tuple[tuple[int, int], ...] = Field(
        min_length=2, description="exponents in the order in which it finds them to be faster"
    )
    mirrored: tuple[tuple[int, int], tuple[int, int]] = Field(
        description="exponents that are one task with operands exchanged"
    )
    slower: tuple[tuple[int, int], tuple[int, int]] = Field(
        description="exponents, of which it finds the first pair to be slower"
    )
    uneven: tuple[int, int] = Field(description="exponents that do not grok modulo its main p")
    fourth: tuple[int, int] = Field(description="exponents that generalise at once")
    factor: float = Field(gt=1, description="times too early or too late that still agrees")
    fastest: Share = Field(description="of all pairs of exponents that counts as fastest")
