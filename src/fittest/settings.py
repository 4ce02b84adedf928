"""The base of every configuration object: unknown keys are refused, values never change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field

MAX_STEPS = 2**31 - 1
"""Last step that tables can hold (int32)."""
MAX_SEED = 2**63 - 1
"""Largest seed that tables can hold (int64)."""
MAX_LEGACY_SEED = 2**32 - 1
"""Largest seed of numpy's legacy generator."""
MAX_P = 4096
"""Most numbers of a task: all pairs of them are in memory."""
MAX_TABLE = 2**26
"""Most tokens of a task's listed examples together: all of them are in memory."""
MAX_OPERANDS = 24
"""Most operands of a task: of three numbers each, more make a table over MAX_TABLE."""
MAX_EXPONENT = 2**63 - 1
"""Largest exponent of a task."""
MAX_TOKENS = 4096
"""Most tokens that a drawn sequence has, and most that there are of a kind."""
MAX_OPERAND = 10**15
"""Largest operand that is drawn: float64 holds every integer up to it."""
MAX_D = 65_536
"""Most embedding dimensions of an analysis."""
MAX_BINS = 10_000
"""Most bins of a histogram."""
MAX_DRAWS = 1_000_000
"""Most random draws of an analysis: resamples, or embeddings of one kind."""
MAX_BATCH = 10_000_000
"""Most examples of a batch."""
MAX_SHOWN = 100
"""Most runs shown in one figure."""


class Settings(BaseModel):
    """A validated, immutable piece of configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
"""A name that stands in paths and in rules."""


# A field that sets a bound of these again needs a type of its own: pydantic keeps one of the two.
Step = Annotated[int, Field(ge=0, le=MAX_STEPS)]
PositiveStep = Annotated[int, Field(ge=1, le=MAX_STEPS)]
Bins = Annotated[int, Field(ge=1, le=MAX_BINS)]
Draws = Annotated[int, Field(ge=1, le=MAX_DRAWS)]
Shown = Annotated[int, Field(ge=1, le=MAX_SHOWN)]
Batch = Annotated[int, Field(ge=1, le=MAX_BATCH)]
Dimension = Annotated[int, Field(ge=1, le=MAX_D)]
Share = Annotated[float, Field(gt=0, le=1)]


def _rising(values: Sequence[float]) -> Sequence[float]:
    # A shortest length beside it would call a list empty whose numbers are wrong.
    if not values:
        raise ValueError("needs at least one number")
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("each number must be larger than the one before")
    return values


RISING = AfterValidator(_rising)
"""For lists and intervals that go upwards, no number twice."""


def limited(name: str, limit: int) -> AfterValidator:
    """For whole numbers up to one of the limits above, which the message then names."""

    def checked(value: int) -> int:
        if value > limit:
            raise ValueError(f"{value:,}, and the limit {name} is {limit:,}")
        return value

    return AfterValidator(checked)


def by_name(default: str) -> Discriminator:
    """Tells the members of a union apart by their key `name`, `default` where it is left out."""

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get("name", default)
        return getattr(value, "name", None)

    return Discriminator(
        named,
        custom_error_type="unknown_name",
        custom_error_message="unknown name; docs/reference/configuration.md lists those there are",
    )


def later(default: Any, **more: Any) -> Any:
    """A field that joins settings of which results exist already.

    At its default, which must mean what was done before, it is left out of every dump, so runs
    keep their identity and nothing is trained again.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **more)
