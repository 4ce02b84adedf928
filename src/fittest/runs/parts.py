"""What a run is made of: its seeds, its numbers, and how long and how it is watched."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from fittest.settings import MAX_SEED, PositiveStep, Settings, Step, later

ObserverName = Literal["signals", "squared_norm"]


class Seeds(Settings):
    """One seed per source of randomness (survival methods 1.4)."""

    embedding: int = Field(
        default=0, ge=0, le=MAX_SEED, description="initial embedding of tokens and positions"
    )
    mlp: int = Field(
        default=0, ge=0, le=MAX_SEED, description="all other initial weights; what dropout drops"
    )
    split: int = Field(
        default=0,
        ge=0,
        le=MAX_SEED,
        description="train/test split, order of minibatches, examples that are drawn",
    )

    @cached_property
    def as_json(self) -> str:
        """The seeds as they stand in the JSON of a run."""
        return self.model_dump_json()


class Recording(Settings):
    """What is recorded of a run, and when (survival methods 1.7)."""

    every: PositiveStep = Field(default=100, description="steps between rows of the trajectory")
    dense_until: Step = Field(default=10, description="last step of the dense beginning")
    final: tuple[str, ...] | None = Field(
        default=None,
        description="parameters kept at the last step; null: the embedding of an embedding_mlp, and"
        " all of any other model",
    )
    checkpoints_every: Step = Field(
        default=0, description="steps between checkpoints of all parameters; 0: none"
    )
    gradients: bool = Field(
        default=False,
        description="norms of the Fourier components of the raw embedding gradient, at every"
        " recorded step (survival methods 2.9); costs about a step each",
    )
    every_loss: bool = later(
        False,
        description="the train loss before every update, between the rows of the trajectory too",
    )
    observers: tuple[ObserverName, ...] | None = later(
        None,
        description="what is recorded of the weights beside losses: signals (of the embedding's"
        " Fourier components), squared_norm (of all parameters); null: signals of an embedding_mlp"
        " and nothing of any other model",
    )

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if self.checkpoints_every % self.every:
            below = self.checkpoints_every // self.every * self.every
            near = [str(n) for n in (below, below + self.every) if n]
            raise ValueError(
                f"checkpoints_every: {self.checkpoints_every} is no multiple of every,"
                f" {self.every}, so checkpoints would miss its rows; use {' or '.join(near)}"
            )
        return self


class Arithmetic(Settings):
    """The numbers that a run is computed with."""

    dtype: Literal["float32", "float64"] | None = Field(
        default=None, description="null: training.dtype of config/config.yaml"
    )
    loss: Literal["exact", "float32", "float64"] = Field(
        default="exact",
        description="cross-entropy: exact, whatever the type (survival methods 1.5); or through"
        " log-softmax of logits cast to a type, as papers compute it (progress paper, app. D.2)",
    )


class Stop(Settings):
    """Stop a run once its survivor set is settled (survival methods 2.20)."""

    first: PositiveStep = Field(description="earliest step at which a run may stop")
    window: PositiveStep = Field(default=500, description="steps over which the set is unchanged")
    separation: float = Field(
        default=1.5, ge=1, description="smallest weakest survivor / strongest dead signal"
    )
    weakest: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="least signal of the weakest survivor, as a share of the survivors' mean:"
        " a weak one may still die",
    )
    decline: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="most that any survivor may lose over the window, as a share of its signal,"
        " relative to the survivors' mean: one that loses ground may still die; 1: whatever",
    )
    expected: PositiveStep | None = Field(
        default=None,
        description="steps that a run takes on average (measured; for the forecast only);"
        " null: to its last step",
    )
