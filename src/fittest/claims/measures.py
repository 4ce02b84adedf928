"""What a measure is: a named function from tables to a value with an interval and n."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fittest.analysis.statistics.intervals import Estimate, Resampling
from fittest.claims.tables import Tables, UnavailableError


@dataclass(frozen=True)
class Measured:
    """A measured value.

    Attributes:
        value, lo, hi: the value and its interval; NaN where there is none.
        n: how many cases it rests on, as `of` says.
        of: what n counts, such as runs.
        words: what to tell a reader in place of the value, "" for the value itself.
    """

    value: float
    lo: float = math.nan
    hi: float = math.nan
    n: int = 0
    of: str = "runs"
    words: str = ""

    @property
    def estimate(self) -> Estimate:
        """The value with its interval."""
        return Estimate(self.value, self.lo, self.hi)

    @classmethod
    def estimated(cls, estimate: Estimate, n: int, of: str = "runs") -> Measured:
        """From an analysis' estimate."""
        return cls(float(estimate.value), float(estimate.lo), float(estimate.hi), int(n), of)


@dataclass(frozen=True)
class Evidence:
    """What every measure gets: the tables, and how to resample for intervals."""

    tables: Tables
    resampling: Resampling


Measure = Callable[..., Measured]
_REGISTRY: dict[str, Measure] = {}


def measure(name: str) -> Callable[[Measure], Measure]:
    """Register a measure. Names start with the paper's short name, or stand alone if any paper
    may use them. The function takes the Evidence, then keyword parameters."""

    def register(function: Measure) -> Measure:
        if name in _REGISTRY:
            raise ValueError(f"two measures are called {name}")
        _REGISTRY[name] = function
        return function

    return register


def registered() -> Mapping[str, Measure]:
    """The measures registered so far, by name."""
    return _REGISTRY


__all__ = [
    "Evidence",
    "Measure",
    "Measured",
    "UnavailableError",
    "measure",
    "registered",
]
