"""Whether a run grokked: its two losses fall, the second long after the first (progress methods
2.15)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

Fate = Literal["grokked", "immediate", "never", "not memorised"]
FATES: tuple[Fate, ...] = ("grokked", "immediate", "never", "not memorised")


@dataclass(frozen=True)
class GrokkingRules:
    """The numbers behind the test.

    Attributes:
        memorised: train accuracy that a run has to have reached at some recorded step.
        loss: train or test loss that counts as learned, nats.
        small_loss: a second, smaller one, for comparison.
        delay: steps by which the test loss has to lag behind for the run to have grokked.
    """

    memorised: float
    loss: float
    small_loss: float
    delay: int


def first_below(steps: ArrayLike, losses: ArrayLike, limit: float) -> float:
    """The first step whose loss is below a limit; infinity where none is.

    steps, losses: (T,), increasing in step.
    """
    found = np.flatnonzero(np.asarray(losses, dtype=np.float64) < limit)
    return float(np.asarray(steps)[found[0]]) if len(found) else math.inf


def first_at_least(steps: ArrayLike, shares: ArrayLike, limit: float) -> float:
    """The first step whose accuracy is at least a limit; infinity where none is."""
    found = np.flatnonzero(np.asarray(shares, dtype=np.float64) >= limit)
    return float(np.asarray(steps)[found[0]]) if len(found) else math.inf


def fate_of(
    best_train_accuracy: float, learned: float, generalised: float, rules: GrokkingRules
) -> Fate:
    """What became of a run.

    Args:
        best_train_accuracy: over its recorded steps.
        learned, generalised: first steps with a train and a test loss below `rules.loss`; infinity
            for never. With dropout the train loss may never be: then there is no lag.
    """
    if best_train_accuracy < rules.memorised:
        return "not memorised"
    if math.isinf(generalised):
        return "never"
    return "grokked" if generalised - learned > rules.delay else "immediate"
