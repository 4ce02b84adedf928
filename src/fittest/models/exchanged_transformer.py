"""A transformer that starts with its first two positions exchanged (exponents methods 2.4)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from fittest.models.model import Values
from fittest.models.transformer import POSITIONS, TransformerSettings
from fittest.tasks import Rng
from fittest.tasks.task import Shape


class ExchangedTransformerSettings(TransformerSettings):
    """The network of `transformer`, whose initial positions of the first and of the second token
    are each other's. On pairs with their operands exchanged it is the same network."""

    name: Literal["exchanged_transformer"] = "exchanged_transformer"  # type: ignore[assignment]

    @model_validator(mode="after")
    def _has_positions(self) -> Self:
        if self.positions != "learned":
            raise ValueError("positions: there are none to exchange; use learned, or transformer")
        return self

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """As of a `transformer`, with two rows exchanged."""
        values = super().initial(task, seed_embedding, seed_mlp, rng)
        values[POSITIONS][[0, 1]] = values[POSITIONS][[1, 0]]
        return values
