"""Where a value stands among all alternatives (completeness methods 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Standing:
    """Rank of one alternative: counts of larger ones, of equal ones with itself, of all."""

    greater: int
    equal: int
    total: int

    @property
    def mid_rank(self) -> float:
        """(greater + half of the equal ones) / total: near 0 the most complete one; 0.5 on
        average for one drawn at random. Listing every alternative k times changes nothing."""
        return (self.greater + self.equal / 2) / self.total

    @property
    def top_share(self) -> float:
        """Share of alternatives that are strictly greater."""
        return self.greater / self.total


def standing(values: ArrayLike, own: float) -> Standing:
    """Rank of ``own`` among ``values`` (n,), of which it is one; equal up to a relative 1e-9."""
    all_values = np.asarray(values, dtype=np.float64)
    margin = _TOLERANCE * abs(own)
    greater = int((all_values > own + margin).sum())
    equal = int((np.abs(all_values - own) <= margin).sum())
    return Standing(greater, equal, len(all_values))
