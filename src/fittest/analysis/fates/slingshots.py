"""Slingshots: sudden rises of a loss that had been low (survival methods 2.21)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def slingshots(
    steps: ArrayLike, losses: ArrayLike, after: int, factor: float, refractory: int
) -> int:
    """How often a loss rises above a multiple of its running minimum (methods 2.21).

    Args:
        steps, losses: (T,), increasing in step.
        after: what starts up to this step does not count.
        factor: dimensionless.
        refractory: a rise less than this many steps after a counted one belongs to it.
    """
    times = np.asarray(steps)
    values = np.asarray(losses, dtype=np.float64)
    if len(times) == 0:
        return 0
    lowest = np.minimum.accumulate(values)
    # The minimum up to the step itself: a value cannot exceed a multiple of itself.
    above = values > factor * lowest
    rises = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    number, last = 0, -np.inf
    for step in times[rises]:
        if step > after and step - last >= refractory:
            number, last = number + 1, float(step)
    return number
