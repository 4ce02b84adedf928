"""An initial embedding with a number of its circles left, by the rank of their initial signals."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats


class Ranked(EmbeddingEdit):
    """Zero all of the initial embedding, k = 0 too, but the circles that start strongest, or
    weakest: controls of `winners` that ask whether strength or number matters."""

    kind: Literal["ranked"] = "ranked"
    select: Literal["strongest", "weakest"] = Field(
        description="which end of the ranking of initial signals is kept"
    )
    count: int | None = Field(
        default=None, ge=1, description="how many circles; null: as many as `winners` keeps"
    )
    deviations: float = Field(
        default=1.0, description="of `winners`, where `count` is null (section 4.4)"
    )

    def frequencies(self, embedding: Floats) -> tuple[int, ...]:
        """The frequencies kept of an embedding (p, d), ascending; all where `count` is more."""
        signals = fourier.signals(embedding)
        number = self.count
        if number is None:
            strong = signals > signals.mean() + self.deviations * signals.std()
            number = max(1, int(strong.sum()))
        ranked = np.argsort(-signals, kind="stable")
        if self.select == "weakest":
            ranked = ranked[::-1]
        return tuple(int(k) for k in np.sort(ranked[:number] + 1))

    def check(self, p: int, d: int) -> None:
        """There are so many frequencies."""
        if fourier.count(p) < (self.count or 1):
            raise ValueError(
                f"intervention.count: p = {p} has {fourier.count(p)} frequencies, not {self.count}"
            )

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The kept circles of the embedding, and nothing else."""
        return fourier.keep_only(embedding, self.frequencies(embedding), keep_mean=False)

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """The frequencies kept."""
        return {"kept": list(self.frequencies(embedding))}
