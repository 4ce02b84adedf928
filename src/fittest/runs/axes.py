"""The values an axis of a run-set takes, and how axes are laid over settings."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Any

import numpy as np
from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from fittest.errors import ConfigError
from fittest.settings import Settings

ALIASES = {
    "seed": ("seeds.embedding", "seeds.mlp", "seeds.split"),
    "trial": ("seeds.mlp", "seeds.split"),
}
"""Axes that set several keys alike: `default` mode, and trials of a fixed embedding."""

MAX_VALUES = 1_000_000
"""Most values of an axis: counted before there is a list of them."""

_SHAPES = {
    "range": ("[start, stop) or [start, stop), step: two or three whole numbers", (2, 3)),
    "linspace": ("[first, last, number of values]", (3,)),
    "exp_linspace": ("[first exponent, last exponent, number of values]", (3,)),
}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


class Axis(Settings):
    """Values of an axis: exactly one of `range`, `linspace`, `exp_linspace`."""

    range: tuple[int, ...] | None = Field(
        default=None, description="[start, stop) or [start, stop), step: integers"
    )
    linspace: tuple[float, float, int] | None = Field(
        default=None, description="first, last, number of evenly spaced values"
    )
    exp_linspace: tuple[float, float, int] | None = Field(
        default=None, description="exp of evenly spaced exponents: first, last, number"
    )
    take: tuple[int, ...] | None = Field(
        default=None, description="indices into the values; all of them where left out"
    )

    @field_validator("range", "linspace", "exp_linspace", mode="before")
    @classmethod
    def _one_shape(cls, value: Any, info: Any) -> Any:
        """In one line what pydantic would tell of every member of the tuple."""
        wanted, lengths = _SHAPES[info.field_name]
        if value is None:
            return value
        if not isinstance(value, (list, tuple)) or len(value) not in lengths:
            raise ValueError(f"must be {wanted}")
        whole = value if info.field_name == "range" else value[2:]
        if not all(map(_is_number, value)) or not all(map(_is_whole, whole)):
            raise ValueError(f"must be {wanted}")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Axis:
        given = [self.range, self.linspace, self.exp_linspace]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of range, linspace, exp_linspace")
        number = self._number()
        if number > MAX_VALUES:
            raise ValueError(
                f"an axis of {number:,} values, and the limit MAX_VALUES is {MAX_VALUES:,}"
            )
        if self.take is not None and not all(0 <= index < number for index in self.take):
            raise ValueError(f"take: an index is not one of 0..{number - 1}")
        if self.exp_linspace is not None and max(self.exp_linspace[:2]) > _LARGEST_EXPONENT:
            raise ValueError(f"exp_linspace: exponents must be at most {_LARGEST_EXPONENT}")
        return self

    def _number(self) -> int:
        """How many values there are, `take` aside; ValueError for a step or number that is none."""
        if self.range is not None:
            start, stop, step = (*self.range, 1)[:3]
            if step == 0:
                raise ValueError("range: the step must not be 0")
            # Python's len() of a range ends at 2^63.
            return max(0, -((start - stop) // step))
        spaced = self.linspace or self.exp_linspace
        assert spaced is not None
        if spaced[2] < 0:
            raise ValueError(f"the number of values is {spaced[2]}; it must not be negative")
        return spaced[2]

    def _all(self) -> list[int] | list[float]:
        if self.range is not None:
            return list(range(*self.range))
        if self.linspace is not None:
            return [float(v) for v in np.linspace(*self.linspace)]
        assert self.exp_linspace is not None
        return [float(v) for v in np.exp(np.linspace(*self.exp_linspace))]

    def values(self) -> list[Any]:
        """The values in order."""
        everything = self._all()
        return list(everything) if self.take is None else [everything[i] for i in self.take]


_LARGEST_EXPONENT = 700
"""exp of more is near the end of what a float holds."""


def _kind(value: Any) -> str | None:
    if isinstance(value, (dict, Axis)):
        return "axis"
    return "list" if isinstance(value, list) else None


AxisValues = Annotated[
    Annotated[Axis, Tag("axis")] | Annotated[list[Any], Tag("list")],
    Discriminator(
        _kind,
        custom_error_type="axis",
        custom_error_message="must be a list of values, or one of range, linspace, exp_linspace",
    ),
]
"""An axis as it stands in YAML: its values one by one, or a rule for them."""


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`, mapping by mapping; neither is changed."""
    result = copy.deepcopy(dict(base))
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def assign(settings: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a dotted key, making the mappings on the way; ConfigError where one is a value."""
    *parents, last = dotted.split(".")
    for parent in parents:
        if settings.get(parent) is None:
            settings[parent] = {}
        settings = settings[parent]
        if not isinstance(settings, dict):
            raise ConfigError(f"axes.{dotted}: `{parent}` is a value, not a mapping, in settings")
    settings[last] = value


def combinations(
    settings: Mapping[str, Any], axes: Mapping[str, list[Any]]
) -> Iterator[dict[str, Any]]:
    """`settings` with every combination of axis values; the first axis varies slowest."""
    for values in product(*axes.values()):
        one = copy.deepcopy(dict(settings))
        for name, value in zip(axes, values, strict=True):
            for key in ALIASES.get(name, (name,)):
                assign(one, key, value)
        yield one
