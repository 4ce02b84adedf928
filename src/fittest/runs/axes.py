"""The values an axis of a run-set takes, and how axes are laid over settings."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from fittest.errors import ConfigError
from fittest.settings import Settings

ALIASES = {
    "seed": ("seeds.embedding", "seeds.mlp", "seeds.split"),
    "trial": ("seeds.mlp", "seeds.split"),
}
"""Axes that set several keys alike: `default` mode, and trials of a fixed embedding."""


class Axis(Settings):
    """Values of an axis: exactly one of `range`, `linspace`, `exp_linspace`."""

    range: tuple[int, int] | tuple[int, int, int] | None = Field(
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

    @model_validator(mode="after")
    def _exactly_one(self) -> Axis:
        given = [self.range, self.linspace, self.exp_linspace]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of range, linspace, exp_linspace")
        # Also the place where a step of 0 or a negative number of values is refused.
        number = len(self._all())
        if self.take is not None and not all(0 <= index < number for index in self.take):
            raise ValueError(f"take: an index is not one of 0..{number - 1}")
        return self

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
