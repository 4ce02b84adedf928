"""One frequency of the embedding scaled in the middle of a training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats, check_frequency
from fittest.settings import PositiveStep


class Kick(EmbeddingEdit):
    """Scale one frequency of the embedding after a step, and train on (survival methods 2.23).

    All else stays: the other frequencies, the MLP, what the optimiser remembers.
    """

    kind: Literal["kick"] = "kick"
    frequency: int = Field(ge=1, description="k, 1..(p-1)/2")
    factor: float = Field(ge=0, description="the coefficient is multiplied by it")
    step: PositiveStep = Field(
        description="after as many updates, before this step is recorded; before the last step"
    )

    def check(self, p: int, d: int) -> None:
        """The frequency exists."""
        check_frequency("frequency", self.frequency, p)

    def changes_nothing(self) -> bool:
        """A factor of 1 leaves the embedding bit for bit."""
        return self.factor == 1

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The embedding as it was drawn: nothing happens to it yet."""
        return embedding

    def kick_step(self) -> int | None:
        """`step`; None for a factor that changes nothing."""
        return None if self.changes_nothing() else self.step

    def kicked(self, embedding: Floats) -> Floats:
        """The embedding with F_k and F_{p-k} multiplied."""
        return fourier.scale_frequency(embedding, self.frequency, self.factor)
