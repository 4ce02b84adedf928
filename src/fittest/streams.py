"""Random streams: one generator per purpose and seed, and no global state.

Two purposes never share a stream, even when a run uses the same integer seed for both
(survival methods 1.4: `default` mode seeds embedding, MLP and split alike).
"""

from __future__ import annotations

import numpy as np

PURPOSES = {"embedding": 1, "mlp": 2, "split": 3, "intervention": 4}


def stream(purpose: str, seed: int) -> np.random.Generator:
    """The generator of `purpose` (a key of PURPOSES) for the integer `seed` >= 0."""
    return np.random.default_rng(np.random.SeedSequence([PURPOSES[purpose], seed]))
