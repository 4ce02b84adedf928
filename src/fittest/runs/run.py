"""One run: everything that decides a network's training, and its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal, Self

from pydantic import Field, model_validator

from fittest.data import AnyData, DataSettings, default_data
from fittest.models import EMBEDDING, EmbeddingMLPSettings, ModelSettings
from fittest.runs.interventions import Intervention
from fittest.runs.interventions.base import Floats
from fittest.runs.optimisers import AdamW, OptimiserSettings
from fittest.settings import MAX_LEGACY_SEED, MAX_P, MAX_SEED, PositiveStep, Settings, Step, later
from fittest.tasks import ModularAddition, Rng, TaskSettings
from fittest.tasks.settings import NumbersTask, TableTask
from fittest.tasks.task import AnyTask

NO_IDENTITY = frozenset({"steps", "recording", "stop"})
"""Settings that decide how long a network is trained and what is recorded, not which it is."""


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
        description="the train loss before every update, between the rows of the trajectory too;"
        " the native kernel keeps none",
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
            raise ValueError("checkpoints_every must be a multiple of every")
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
    data: DataSettings | None = later(
        None,
        description="what a step is trained on; null: the full batch of a task with listed"
        " examples, as a whole table where the model reads one",
    )
    arithmetic: Arithmetic = later(Arithmetic())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        p = getattr(self.task, "p", 0)
        if p > MAX_P:
            raise ValueError(f"task.p: {p:,}, and the limit MAX_P is {MAX_P:,}")
        if self.rng == "authors":
            if not isinstance(self.task, NumbersTask):
                raise ValueError("rng: authors draws pairs of numbers, and the task has none")
            for name, seed in self.seeds:
                if seed > MAX_LEGACY_SEED:
                    raise ValueError(
                        f"seeds.{name}: {seed}, and the limit MAX_LEGACY_SEED of `rng: authors`"
                        f" is {MAX_LEGACY_SEED}"
                    )
        for reason in self._contradictions():
            raise ValueError(reason)
        if self.intervention is not None:
            self.intervention.check(p, self.model.d)
        if self.recording.gradients and EMBEDDING in self.frozen:
            raise ValueError("recording.gradients: a frozen embedding has no gradient")
        unknown = {*self.frozen, *self.kept} - self.model.parameter_names()
        if unknown:
            raise ValueError(
                f"no parameter named {', '.join(sorted(unknown))}; there are"
                f" {', '.join(sorted(self.model.parameter_names()))}"
            )
        return self

    def _contradictions(self) -> Iterator[str]:
        """What one setting says against another."""
        if self.data is None and not isinstance(self.task, TableTask):
            yield f"data: {self.task.name} draws its examples; say fresh or sample"
            return
        if (wrong := self.trained_on.refuse(self.task)) is not None:
            yield wrong
        if self.trained_on.name == "table" and not self.model.reads_tables():
            yield f"data.name: table: {self.model.name} does not read tables; use batch"
        if (wrong := self.model.refuse(self.task.shape())) is not None:
            yield wrong
        if EMBEDDING not in self.model.parameter_names():
            for key, used in (
                ("intervention", self.intervention is not None),
                ("recording.gradients", self.recording.gradients),
                ("recording.observers: signals", "signals" in self.observers),
                ("stop", self.stop is not None),
            ):
                if used:
                    yield f"{key}: needs a model with one embedding, and {self.model.name} has none"
        if self.stop is not None and "signals" not in self.observers:
            yield "stop: needs recording.observers: [signals]"

    @property
    def trained_on(self) -> AnyData:
        """The kind of data: `data`, or what it is by default."""
        data = self.data or default_data(self.task, self.model.reads_tables())
        assert data is not None
        return data

    @property
    def numbers_task(self) -> NumbersTask:
        """The task of runs on sequences of numbers, all of them listed; TypeError for others."""
        if not isinstance(self.task, NumbersTask):
            raise TypeError(f"{self.task.name} is no task of listed numbers")
        return self.task

    @property
    def kept(self) -> tuple[str, ...]:
        """Parameters kept at the last step."""
        final = self.recording.final
        return self.model.kept_by_default() if final is None else final

    @property
    def observers(self) -> tuple[str, ...]:
        """What is recorded of the weights beside losses."""
        named = self.recording.observers
        return self.model.observed_by_default() if named is None else named

    def decisive_json(self) -> str:
        """Everything that decides what is trained and recorded; the forecast does not."""
        return self.model_dump_json(exclude={"stop": {"expected"}} if self.stop else None)

    def ensemble_key(self) -> tuple[object, ...]:
        """Equal for runs that can share an ensemble: same network but for its values, same kind of
        optimiser, recording and stop rule."""
        shape = self.model.shape_key()
        return (
            *(self._task_of_ensemble(), shape, self.optimiser.name, self.frozen),
            *(self.recording, self.stop, self.data, self.arithmetic),
        )

    def _task_of_ensemble(self) -> TaskSettings:
        """Runs may differ in how many examples they are trained on."""
        if isinstance(self.task, TableTask):
            return self.task.model_copy(update={"train_fraction": 1.0})
        return self.task

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


@lru_cache(maxsize=8)
def built(task: TaskSettings) -> AnyTask:
    """The examples of a task, of which many runs share few."""
    return task.build()


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
