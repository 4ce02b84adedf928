"""An initial embedding with its strongest circles left, and the controls of that."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats
from fittest.streams import INTERVENTION, stream


class Winners(EmbeddingEdit):
    """Zero all of the initial embedding, k = 0 too, but the circles that start strongest
    (completeness paper, section 4.4), or as many random ones.

    A circle starts strong if its signal exceeds the mean over all circles by `deviations`
    standard deviations; the strongest always counts.
    """

    kind: Literal["winners"] = "winners"
    deviations: float = Field(
        default=1.0, description="standard deviations above the mean signal (section 4.4)"
    )
    select: Literal["strongest", "random"] = Field(
        default="strongest",
        description="random: as many of all circles, drawn per embedding seed (control arm)",
    )
    rescale: bool = Field(
        default=False,
        description="scale what is left to the norm of the whole embedding (control arm)",
    )

    def frequencies(self, embedding: Floats, seed: int) -> tuple[int, ...]:
        """The frequencies kept of an embedding (p, d), ascending (completeness methods 2.4)."""
        signals = fourier.signals(embedding)
        strong = signals > signals.mean() + self.deviations * signals.std()
        strong[np.argmax(signals)] = True
        kept = np.flatnonzero(strong) + 1
        if self.select == "random":
            drawn = stream(INTERVENTION, seed).choice(len(signals), len(kept), replace=False)
            kept = np.sort(drawn) + 1
        return tuple(int(k) for k in kept)

    def check(self, p: int, d: int) -> None:
        """There is a frequency at all."""
        if fourier.count(p) < 1:
            raise ValueError(f"intervention: p = {p} has no frequency to keep")

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The kept circles of the embedding, and nothing else."""
        left = fourier.keep_only(embedding, self.frequencies(embedding, seed), keep_mean=False)
        if self.rescale:
            left = left * (np.linalg.norm(embedding) / np.linalg.norm(left))
        return left

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """The frequencies kept."""
        return {"kept": list(self.frequencies(embedding, seed))}
