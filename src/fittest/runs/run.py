"""One run: everything that decides a network's training, and its identity."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from fittest.models import EMBEDDING, EmbeddingMLPSettings, ModelSettings
from fittest.runs.interventions import Intervention
from fittest.runs.interventions.base import Floats
from fittest.settings import Settings
from fittest.tasks import ModularAddition, Rng, TaskSettings

Share = Annotated[float, Field(ge=0, lt=1)]

_NO_IDENTITY = {"steps", "recording", "stop"}


class Optimiser(Settings):
    """AdamW on the full batch, without a schedule (survival paper, appendix E)."""

    lr: float = Field(default=0.01, gt=0, description="learning rate (survival paper, app. E)")
    betas: tuple[Share, Share] = Field(
        default=(0.9, 0.999), description="Adam's averaging factors (released code)"
    )
    eps: float = Field(default=1e-8, gt=0, description="Adam's epsilon (released code)")
    weight_decay: float = Field(
        default=0.5, ge=0, description="decoupled decay of every trained parameter (app. E)"
    )


class Seeds(Settings):
    """One seed per source of randomness (survival methods 1.4)."""

    embedding: int = Field(default=0, ge=0, description="initial embedding")
    mlp: int = Field(default=0, ge=0, description="initial MLP weights")
    split: int = Field(default=0, ge=0, description="train/test split")


class Recording(Settings):
    """What is recorded of a run, and when (survival methods 1.7)."""

    every: int = Field(default=100, ge=1, description="steps between rows of the trajectory")
    dense_until: int = Field(default=10, ge=0, description="last step of the dense beginning")
    final: tuple[str, ...] = Field(
        default=(EMBEDDING,), description="parameters kept at the last step"
    )
    checkpoints_every: int = Field(
        default=0, ge=0, description="steps between checkpoints of all parameters; 0: none"
    )
    gradients: bool = Field(
        default=False,
        description="norms of the Fourier components of the raw embedding gradient, at every"
        " recorded step (survival methods 2.9); costs about a step each",
    )

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if self.checkpoints_every % self.every:
            raise ValueError("checkpoints_every must be a multiple of every")
        return self


class Stop(Settings):
    """Stop a run once its survivor set is settled (survival methods 2.20)."""

    first: int = Field(ge=1, description="earliest step at which a run may stop")
    window: int = Field(default=500, ge=1, description="steps over which the set is unchanged")
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
    expected: int | None = Field(
        default=None,
        ge=1,
        description="steps that a run takes on average (measured; for the forecast only);"
        " null: to its last step",
    )


class Run(Settings):
    """One network trained once."""

    task: TaskSettings = ModularAddition()
    model: ModelSettings = EmbeddingMLPSettings()
    optimiser: Optimiser = Optimiser()
    seeds: Seeds = Seeds()
    intervention: Intervention | None = None
    frozen: tuple[str, ...] = Field(default=(), description="parameters that are not trained")
    rng: Rng = Field(default="streams", description="who draws: our streams or the authors' order")
    steps: int = Field(default=30_000, ge=0, description="last step; with `stop`: the latest")
    recording: Recording = Recording()
    stop: Stop | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.intervention is not None:
            self.intervention.check(self.task.p, self.model.d)
        if self.recording.gradients and EMBEDDING in self.frozen:
            raise ValueError("recording.gradients: a frozen embedding has no gradient")
        unknown = {*self.frozen, *self.recording.final} - self.model.parameter_names()
        if unknown:
            raise ValueError(
                f"no parameter named {', '.join(sorted(unknown))}; there are"
                f" {', '.join(sorted(self.model.parameter_names()))}"
            )
        return self

    def decisive_json(self) -> str:
        """Everything that decides what is trained and recorded; the forecast does not."""
        return self.model_dump_json(exclude={"stop": {"expected"}} if self.stop else None)

    @property
    def reference(self) -> tuple[str, str] | None:
        """Run-set and run_id of the run whose end decides this run's initial weights, if any."""
        of = None if self.intervention is None else self.intervention.reference()
        return None if of is None else (of, self._identity_without_intervention())

    def with_decision(self, final_signals: Floats) -> Run:
        """The run with the choice of its intervention made by its reference run's signals (K,)."""
        assert self.intervention is not None
        decided = self.intervention.decided(final_signals, self.seeds.embedding)
        return self.model_copy(update={"intervention": decided})

    @cached_property
    def run_id(self) -> str:
        """What network this is: 16 hex digits of everything but length and recording.

        Equal networks have equal ids in every run-set, whatever is recorded of them; an
        intervention that changes nothing is none.
        """
        if self.intervention is not None and self.intervention.changes_nothing():
            return self._identity_without_intervention()
        return digest(self.model_dump_json(exclude=_NO_IDENTITY))

    def _identity_without_intervention(self) -> str:
        plain = self.model_copy(update={"intervention": None})
        return digest(plain.model_dump_json(exclude=_NO_IDENTITY))


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
