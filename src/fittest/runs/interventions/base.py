"""What an intervention has to offer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fittest.settings import Settings

Floats = NDArray[np.floating[Any]]


class EmbeddingEdit(Settings):
    """A change to the embedding, named by its `kind`: the initial one, or that of a later step.

    What it draws comes from the stream `intervention` of the embedding seed.
    """

    @classmethod
    def takes_signs(cls) -> bool:
        """Whether it can be applied where tokens are not numbers alone."""
        return False

    def check(self, p: int, d: int) -> None:
        """Raise ValueError, naming the key, where it cannot be applied to a (p, d) embedding."""

    def changes_nothing(self) -> bool:
        """Whether the run is that without it, bit for bit, and so shares its identity."""
        return False

    def reference(self) -> str | None:
        """The run-set whose equal but unedited run decides by its end what is edited, if any."""
        return None

    def decided(self, final_signals: Floats, seed: int) -> Self:
        """The edit with every choice made, given the reference run's signals (K,) at its end."""
        raise NotImplementedError(f"{type(self).__name__} has no reference run")

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The (p, d) float64 embedding to train from, given the drawn one and its seed."""
        raise NotImplementedError

    def kick_step(self) -> int | None:
        """The step of a training after which it changes the embedding, from 1; None for none."""
        return None

    def kicked(self, embedding: Floats) -> Floats:
        """The (p, d) float64 embedding to go on from at `kick_step`, given the trained one."""
        raise NotImplementedError(f"{type(self).__name__} changes no training that has begun")

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """What the `runs` table tells of it: column -> value."""
        return {}


def check_frequency(name: str, k: int, p: int) -> None:
    """Raise ValueError unless k is a frequency of p."""
    highest = (p - 1) // 2
    if not 1 <= k <= highest:
        raise ValueError(
            f"intervention.{name} = {k} is not a frequency of p = {p}: it must be in 1..{highest}"
        )
