"""Spikes of a train loss that is already low (exponents methods 2.11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fittest.analysis.exponents.settings import SpikeSettings


@dataclass(frozen=True)
class Spike:
    """step: the first one that is high. before: median of the losses before it. peak: highest loss
    of the spike. Nats."""

    step: int
    before: float
    peak: float


def loss_spikes(steps: ArrayLike, losses: ArrayLike, rules: SpikeSettings) -> list[Spike]:
    """The spikes of one run, in the order of steps.

    steps, losses: (T,), the train loss at every step. Steps before so many others that there is a
    median have none.
    """
    times, values = np.asarray(steps), np.asarray(losses, dtype=np.float64)
    reached = np.flatnonzero(values < rules.low)
    if len(reached) == 0:
        return []
    usual = pd.Series(values).rolling(rules.before).median().shift(1).to_numpy()
    usual = np.maximum(usual, rules.floor)
    with np.errstate(invalid="ignore"):
        high = np.flatnonzero(values >= rules.factor * usual)
    found: list[Spike] = []
    last = -np.inf
    for at in high[high > reached[0]]:
        if times[at] - last > rules.apart:
            found.append(Spike(int(times[at]), float(usual[at]), float(values[at])))
        elif values[at] > found[-1].peak:
            found[-1] = Spike(found[-1].step, found[-1].before, float(values[at]))
        last = times[at]
    return found
