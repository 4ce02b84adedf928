"""What a measure is: a named function from tables to a value with an interval and n."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fittest.analysis.statistics.intervals import Estimate, Resampling
from fittest.claims.tables import Tables, UnavailableError
from fittest.errors import ClaimError


@dataclass(frozen=True)
class Measured:
    """A measured value.

    Attributes:
        value, lo, hi: the value and its interval; NaN where there is none.
        n: how many cases it rests on, as `of` says.
        of: what n counts, such as runs.
    """

    value: float
    lo: float = math.nan
    hi: float = math.nan
    n: int = 0
    of: str = "runs"

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


def measures_of(paper: str) -> Mapping[str, Measure]:
    """The measures for any paper and those of `paper`, by name.

    A paper's own live in `fittest.claims.<paper>`; a paper without such a module has none.
    """
    importlib.import_module("fittest.claims.general")
    own = f"fittest.claims.{paper}"
    if importlib.util.find_spec(own) is not None:
        importlib.import_module(own)
    return {n: f for n, f in _REGISTRY.items() if "." not in n or n.startswith(f"{paper}.")}


def check_call(known: Mapping[str, Measure], name: str, parameters: Mapping[str, Any]) -> None:
    """Raise ClaimError for an unknown measure, or parameters that it does not take."""
    if name not in known:
        raise ClaimError(f"there is no measure `{name}`; there are {', '.join(sorted(known))}")
    try:
        inspect.signature(known[name]).bind(None, **parameters)
    except TypeError as error:
        raise ClaimError(f"measure `{name}`: {error}") from None


__all__ = [
    "Evidence",
    "Measure",
    "Measured",
    "UnavailableError",
    "check_call",
    "measure",
    "measures_of",
]
