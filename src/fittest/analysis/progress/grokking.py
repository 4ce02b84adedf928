"""Whether a run grokked: it generalises after its two losses have parted (progress methods
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
        loss: train or test loss whose first step is told, nats.
        small_loss: a second, smaller one, for comparison.
        delay: steps by which test accuracy has to lag behind train accuracy for the run to have
            grokked by the second reading.
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


def parted(
    train_accuracy: ArrayLike,
    test_loss: ArrayLike,
    generalised: int | None,
    memorised: float,
    guess: float,
) -> bool:
    """Whether the losses of a run part before it generalises: whether its test loss is above that
    of a guess at a step at which it knows its train pairs.

    That is what the paper's appendix E.1 asks of grokking: where both losses improve together,
    without diverging first, nothing groks. Slingshots after generalisation do not count.

    Args:
        train_accuracy, test_loss: (T,), nats. generalised: index from which on nothing counts, None
            for none. memorised: train accuracy that counts as known. guess: its loss, nats.
    """
    before = slice(None, generalised)
    known = np.asarray(train_accuracy, dtype=np.float64)[before] >= memorised
    return bool((known & (np.asarray(test_loss, dtype=np.float64)[before] > guess)).any())


def fate_of(best_train_accuracy: float, generalised: bool, late: bool, memorised: float) -> Fate:
    """What became of a run.

    Args:
        best_train_accuracy: over its recorded steps. generalised: whether its test accuracy ever
            was that of a solved task. late: whether that came after the losses had parted, or, by
            the second reading, long after train accuracy. memorised: as in ``GrokkingRules``.
    """
    if best_train_accuracy < memorised:
        return "not memorised"
    if not generalised:
        return "never"
    return "grokked" if late else "immediate"
