"""An initial embedding built from two circles."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats, check_frequency
from fittest.streams import INTERVENTION, stream


class Construct(EmbeddingEdit):
    """Build the initial embedding from two circles (survival paper, section 3.2.1).

    Directions, and the pair if `pair` is `random`, are drawn from the embedding seed.
    """

    kind: Literal["construct"] = "construct"
    signal: float = Field(default=80.0, gt=0, description="signal of the first circle (code)")
    ratio: float = Field(gt=0, description="r: signal of the second over the first")
    rest: float = Field(default=1e-6, ge=0, description="signal of every other circle (code)")
    pair: Literal["random"] | tuple[int, int] = Field(
        default="random", description="the two frequencies; `random`: drawn per seed (methods 7.5)"
    )
    plane: Literal["line", "full"] = Field(
        default="line",
        description="line: real coefficients as in the released code, so each circle starts as a"
        " segment; full: complex ones (robustness arm, methods 2.12)",
    )

    @model_validator(mode="after")
    def _two_frequencies(self) -> Self:
        if self.pair != "random" and self.pair[0] == self.pair[1]:
            raise ValueError("pair: the two frequencies must differ")
        return self

    def check(self, p: int, d: int) -> None:
        """Two such frequencies exist, and two directions where they are needed."""
        if self.pair != "random":
            for index, k in enumerate(self.pair):
                check_frequency(f"pair[{index}]", k, p)
        if fourier.count(p) < 2:
            raise ValueError(f"p = {p} has no pair of frequencies to construct")
        if self.plane == "full" and d < 2:
            raise ValueError("intervention.plane: full needs model.d of at least 2")

    def chosen_pair(self, p: int, seed: int) -> tuple[int, int]:
        """The two constructed frequencies, the stronger first."""
        if self.pair != "random":
            return self.pair
        first, second = stream(INTERVENTION, seed).choice(fourier.count(p), 2, replace=False) + 1
        return int(first), int(second)

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The built embedding; of the drawn one only the shape counts."""
        p, d = embedding.shape
        first, second = self.chosen_pair(p, seed)
        # The pair comes first from this stream and nothing depends on the ratio, so runs that
        # differ in the ratio alone share pair and directions.
        generator = stream(INTERVENTION, seed)
        generator.choice(fourier.count(p), 2, replace=False)
        return fourier.construct(
            p,
            d,
            {first: self.signal, second: self.signal * self.ratio},
            fourier.random_directions(p, d, generator, self.plane),
            self.rest,
            self.plane,
        )

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """The pair and its ratio."""
        first, second = self.chosen_pair(len(embedding), seed)
        return {"first": first, "second": second, "ratio": self.ratio}
