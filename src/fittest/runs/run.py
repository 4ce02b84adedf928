"""One run: everything that decides a network's training, and its identity."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from fittest.models import EMBEDDING, EmbeddingMLPSettings, ModelSettings
from fittest.runs.interventions import Intervention
from fittest.runs.interventions.base import Floats
from fittest.runs.optimisers import AdamW, OptimiserSettings
from fittest.settings import MAX_LEGACY_SEED, MAX_P, MAX_SEED, PositiveStep, Settings, Step
from fittest.tasks import ModularAddition, Rng, TaskSettings

NO_IDENTITY = frozenset({"steps", "recording", "stop"})
"""Settings that decide how long a network is trained and what is recorded, not which it is."""


class Seeds(Settings):
    """One seed per source of randomness (survival methods 1.4)."""

    embedding: int = Field(default=0, ge=0, le=MAX_SEED, description="initial embedding")
    mlp: int = Field(default=0, ge=0, le=MAX_SEED, description="initial MLP weights")
    split: int = Field(default=0, ge=0, le=MAX_SEED, description="train/test split")

    @cached_property
    def as_json(self) -> str:
        """The seeds as they stand in the JSON of a run."""
        return self.model_dump_json()


class Recording(Settings):
    """What is recorded of a run, and when (survival methods 1.7)."""

    every: PositiveStep = Field(default=100, description="steps between rows of the trajectory")
    dense_until: Step = Field(default=10, description="last step of the dense beginning")
    final: tuple[str, ...] = Field(
        default=(EMBEDDING,), description="parameters kept at the last step"
    )
    checkpoints_every: Step = Field(
        default=0, description="steps between checkpoints of all parameters; 0: none"
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


class Run(Settings):
    """One network trained once."""

    task: TaskSettings = ModularAddition()
    model: ModelSettings = EmbeddingMLPSettings()
    optimiser: OptimiserSettings = AdamW()
    seeds: Seeds = Seeds()
    intervention: Intervention | None = None
    frozen: tuple[str, ...] = Field(default=(), description="parameters that are not trained")
    rng: Rng = Field(default="streams", description="who draws: our streams or the authors' order")
    steps: Step = Field(default=30_000, description="last step; with `stop`: the latest")
    recording: Recording = Recording()
    stop: Stop | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.task.p > MAX_P:
            raise ValueError(f"task.p: {self.task.p:,}, and the limit MAX_P is {MAX_P:,}")
        if self.rng == "authors":
            for name, seed in self.seeds:
                if seed > MAX_LEGACY_SEED:
                    raise ValueError(
                        f"seeds.{name}: {seed}, and the limit MAX_LEGACY_SEED of `rng: authors`"
                        f" is {MAX_LEGACY_SEED}"
                    )
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

    def ensemble_key(self) -> tuple[object, ...]:
        """Equal for runs that can share an ensemble: same network but for its values, same kind of
        optimiser, recording and stop rule."""
        shape = self.model.shape_key()
        return (self.task, shape, self.optimiser.name, self.frozen, self.recording, self.stop)

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

    def with_seeds(self, seeds: Seeds) -> Run:
        """The same from other seeds. Nothing is validated again: the seeds must be such as `rng`
        takes."""
        before, after = self._around_seeds
        # As model_copy does, which takes four times as long: a plan makes tens of thousands.
        run = type(self).__new__(type(self))
        run_id = digest(f"{before}{seeds.as_json}{after}")
        object.__setattr__(run, "__dict__", {**self.__dict__, "seeds": seeds, "run_id": run_id})
        object.__setattr__(run, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        object.__setattr__(run, "__pydantic_extra__", None)
        object.__setattr__(run, "__pydantic_private__", None)
        return run

    @cached_property
    def _around_seeds(self) -> tuple[str, str]:
        """What `run_id` is the digest of, as it stands before the seeds and after them."""
        run = self
        if self.intervention is not None and self.intervention.changes_nothing():
            run = self.model_copy(update={"intervention": None})
        names = list(type(self).model_fields)
        at = names.index("seeds")
        before, after = (
            run.model_dump_json(include=set(part) - NO_IDENTITY)[1:-1]
            for part in (names[:at], names[at + 1 :])
        )
        return f'{{{before}{"," if before else ""}"seeds":', f"{',' if after else ''}{after}}}"

    @cached_property
    def run_id(self) -> str:
        """What network this is: 16 hex digits of everything but length and recording.

        Equal networks have equal ids in every run-set, whatever is recorded of them; an
        intervention that changes nothing is none.
        """
        if self.intervention is not None and self.intervention.changes_nothing():
            return self._identity_without_intervention()
        return digest(self.model_dump_json(exclude=set(NO_IDENTITY)))

    def _identity_without_intervention(self) -> str:
        plain = self.model_copy(update={"intervention": None})
        return digest(plain.model_dump_json(exclude=set(NO_IDENTITY)))


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
