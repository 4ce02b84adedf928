"""One frequency of the initial embedding scaled."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats, check_frequency


class Perturb(EmbeddingEdit):
    """Scale one frequency of the initial embedding (survival paper, section 3.2.1)."""

    kind: Literal["perturb"] = "perturb"
    frequency: int = Field(ge=1, description="k*, 1..(p-1)/2")
    factor: float = Field(ge=0, description="alpha: the coefficient is multiplied by it")

    def check(self, p: int, d: int) -> None:
        """The frequency exists."""
        check_frequency("frequency", self.frequency, p)

    def changes_nothing(self) -> bool:
        """A factor of 1 leaves the embedding bit for bit."""
        return self.factor == 1

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The embedding with F_k and F_{p-k} multiplied."""
        if self.changes_nothing():
            return embedding
        return fourier.scale_frequency(embedding, self.frequency, self.factor)

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """Frequency, factor, and the signals before scaling (survival methods 2.11)."""
        signals = fourier.signals(embedding).astype(np.float64)
        k = self.frequency
        return {
            "frequency": k,
            "factor": self.factor,
            "signal0_unperturbed_k": float(signals[k - 1]),
            "signal0_unperturbed_other_mean": float(np.delete(signals, k - 1).mean()),
        }
