"""Random streams: one generator per purpose and seed, and no global state.

Two purposes never share a stream, even when a run uses the same integer seed for both
(survival methods 1.4: `default` mode seeds embedding, MLP and split alike).

A new purpose is a constant with a number that no other has. The hash of a run's code counts the
purposes that the run draws from, so that a new one retrains nothing
(pipeline/identity/deciding.py).
"""

from __future__ import annotations

from typing import NewType

import numpy as np

Purpose = NewType("Purpose", int)

INITIAL_EMBEDDING = Purpose(1)
INITIAL_MLP = Purpose(2)
SPLIT = Purpose(3)
INTERVENTION = Purpose(4)
ORDER = Purpose(5)
EXAMPLES = Purpose(6)
TEST_EXAMPLES = Purpose(7)
DROPOUT = Purpose(8)


def stream(purpose: Purpose, seed: int, *further: int) -> np.random.Generator:
    """The generator of `purpose` (a constant of this module) for the integer `seed` >= 0.

    further: numbers >= 0 that tell apart what one seed is asked for again and again, such as the
    step.
    """
    return np.random.default_rng(np.random.SeedSequence([purpose, seed, *further]))
