"""One run: everything that decides a network's training, and its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from fittest.data import AnyData, DataSettings, default_data
from fittest.models import EMBEDDING, EmbeddingMLPSettings, ModelSettings
from fittest.runs.interventions import Intervention
from fittest.runs.interventions.base import Floats
from fittest.runs.optimisers import AdamW, OptimiserSettings
from fittest.runs.parts import Arithmetic, Recording, Seeds, Stop
from fittest.settings import MAX_LEGACY_SEED, MAX_P, Settings, Step, later
from fittest.tasks import ModularAddition, Rng, TaskSettings
from fittest.tasks.settings import NumbersTask, TableTask

NO_IDENTITY = frozenset({"steps", "recording", "stop"})
"""Settings that decide how long a network is trained and what is recorded, not which it is."""


_NEW, _SET = object.__new__, object.__setattr__


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
            if not isinstance(self.task, NumbersTask) or self.task.operand_count() != 2:
                raise ValueError("rng: authors draws pairs of numbers, and the task has none")
            if not self.model.drawn_by_authors():
                raise ValueError(f"rng: authors never drew a {self.model.name}; use streams")
            for name in Seeds.model_fields:
                seed = getattr(self.seeds, name)
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
        # Frequencies are those of the numbers: of an embedding of something else they mean nothing.
        numbers = getattr(self.task, "p", 0)
        only_numbers = self.task.shape().vocabulary == numbers
        has_embedding = EMBEDDING in self.model.parameter_names()
        for key, used, takes_signs in (
            (
                "intervention",
                self.intervention is not None,
                self.intervention is not None and self.intervention.takes_signs(),
            ),
            ("recording.gradients", self.recording.gradients, False),
            ("recording.observers: signals", "signals" in self.observers, True),
            ("stop", self.stop is not None, True),
        ):
            if used and not has_embedding:
                yield f"{key}: needs a model with one embedding, and {self.model.name} has none"
            elif used and not (only_numbers or (numbers and takes_signs)):
                yield f"{key}: needs a task whose tokens are numbers alone"
        if self.stop is not None and "signals" not in self.observers:
            yield "stop: needs recording.observers: [signals]"
        kick = None if self.intervention is None else self.intervention.kick_step()
        if kick is not None and kick >= self.steps:
            yield f"intervention.step: {kick:,} must lie before the run's last step, {self.steps:,}"
        if kick is not None and self.stop is not None:
            yield f"stop: may end the run before it is kicked at step {kick}; leave stop out"

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
        shared = self._shared
        if not shared:
            leave = {"stop": {"expected"}} if self.stop else {}
            shared[:] = _around_seeds(self, frozenset(), leave)
        return f"{shared[0]}{self.seeds.as_json}{shared[1]}"

    @cached_property
    def _shared(self) -> list[str]:
        """All of `decisive_json` but the seeds, once it is known: one list for all runs that were
        made of each other."""
        return []

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("_shared", None)
        return copied

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
        _ = self._around_seeds, self._shared
        # As model_copy does, which takes four times as long: a plan makes tens of thousands.
        values = self.__dict__.copy()
        values.pop("run_id", None)
        values["seeds"] = seeds
        run = _NEW(type(self))
        _SET(run, "__dict__", values)
        _SET(run, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        _SET(run, "__pydantic_extra__", None)
        _SET(run, "__pydantic_private__", None)
        return run

    @property
    def identity(self) -> tuple[str, str, str]:
        """What `run_id` is the digest of, in parts: equal for equal networks, and sooner had."""
        before, after = self._around_seeds
        return before, self.seeds.as_json, after

    @cached_property
    def _around_seeds(self) -> tuple[str, str]:
        """All of `identity` but the seeds, which runs that were made of each other share."""
        run = self
        if self.intervention is not None and self.intervention.changes_nothing():
            run = self.model_copy(update={"intervention": None})
        return _around_seeds(run, NO_IDENTITY, {})

    @cached_property
    def run_id(self) -> str:
        """What network this is: 16 hex digits of everything but length and recording.

        Equal networks have equal ids in every run-set, whatever is recorded of them; an
        intervention that changes nothing is none.
        """
        return digest("".join(self.identity))

    def _repr_html_(self) -> str:
        """As notebooks show it."""
        from fittest.runs.shown import run_html

        return run_html(self)

    def _identity_without_intervention(self) -> str:
        plain = self.model_copy(update={"intervention": None})
        return digest(plain.model_dump_json(exclude=set(NO_IDENTITY)))


def _around_seeds(run: Run, skip: frozenset[str], leave: Mapping[str, set[str]]) -> tuple[str, str]:
    """The JSON of a run before its seeds and after them.

    Args:
        skip: fields without which. leave: field -> keys of it without which.
    """
    names = list(type(run).model_fields)
    at = names.index("seeds")
    before, after = (
        run.model_dump_json(include=set(part) - skip, exclude=dict(leave))[1:-1]
        for part in (names[:at], names[at + 1 :])
    )
    return f'{{{before}{"," if before else ""}"seeds":', f"{',' if after else ''}{after}}}"


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
