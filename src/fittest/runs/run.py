"""One run: everything that decides a network's training, and its identity."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fittest import fourier
from fittest.models import EMBEDDING, ModelSettings
from fittest.settings import Settings
from fittest.tasks import Rng, TaskSettings

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


class Perturb(Settings):
    """Scale one frequency of the initial embedding (survival paper, section 3.2.1)."""

    kind: Literal["perturb"] = "perturb"
    frequency: int = Field(ge=1, description="k*, 1..(p-1)/2")
    factor: float = Field(ge=0, description="alpha: the coefficient is multiplied by it")


class Construct(Settings):
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


class KeepOnly(Settings):
    """Zero all of the initial embedding, k = 0 too, but some circles (survival paper, app. C).

    They are named by `frequencies`, or chosen by how the same run without the intervention
    ended, which the run-set `of` holds (survival methods 2.13).
    """

    kind: Literal["keep"] = "keep"
    frequencies: tuple[int, ...] | None = Field(
        default=None, min_length=1, description="the frequencies kept; null: chosen by `select`"
    )
    select: Literal["strongest", "random"] | None = Field(
        default=None,
        description="by the final signals of the reference run: `strongest`, or `random` ones that"
        " are not its two strongest, drawn per embedding seed",
    )
    count: Literal[1, 2] = Field(default=1, description="how many `select` keeps")
    of: str | None = Field(
        default=None, description="run-set that holds the reference run: equal but unedited"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.select is None) != (self.of is None):
            raise ValueError("select and of: give both or neither")
        if (self.frequencies is None) == (self.select is None):
            raise ValueError("give either frequencies, or select and of")
        if self.frequencies is not None and len(set(self.frequencies)) < len(self.frequencies):
            raise ValueError("frequencies: one stands twice")
        return self


Intervention = Annotated[Perturb | Construct | KeepOnly, Field(discriminator="kind")]

CONTENDERS = 2
"""Strongest frequencies of a reference run that a random choice leaves out (methods 2.13)."""


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

    task: TaskSettings = TaskSettings()
    model: ModelSettings = ModelSettings()
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
        highest = fourier.count(self.task.p)
        for name, k in self.named_frequencies().items():
            if not 1 <= k <= highest:
                raise ValueError(
                    f"intervention.{name} = {k} is not a frequency of p = {self.task.p}:"
                    f" it must be in 1..{highest}"
                )
        if isinstance(self.intervention, Construct):
            if highest < 2:
                raise ValueError(f"p = {self.task.p} has no pair of frequencies to construct")
            if self.intervention.plane == "full" and self.model.d < 2:
                raise ValueError("intervention.plane: full needs model.d of at least 2")
        if self.recording.gradients and EMBEDDING in self.frozen:
            raise ValueError("recording.gradients: a frozen embedding has no gradient")
        if isinstance(self.intervention, KeepOnly) and self.intervention.select is not None:
            left_out = CONTENDERS if self.intervention.select == "random" else 0
            needed = self.intervention.count + left_out
            if highest < needed:
                raise ValueError(
                    f"intervention.count: p = {self.task.p} has {highest} frequencies, and the"
                    f" choice needs {needed}"
                )
        unknown = {*self.frozen, *self.recording.final} - self.model.parameter_names()
        if unknown:
            raise ValueError(
                f"no parameter named {', '.join(sorted(unknown))}; there are"
                f" {', '.join(sorted(self.model.parameter_names()))}"
            )
        return self

    def named_frequencies(self) -> dict[str, int]:
        """The frequencies that the intervention names, by key."""
        if isinstance(self.intervention, Perturb):
            return {"frequency": self.intervention.frequency}
        if isinstance(self.intervention, Construct) and self.intervention.pair != "random":
            return {"pair[0]": self.intervention.pair[0], "pair[1]": self.intervention.pair[1]}
        if isinstance(self.intervention, KeepOnly):
            kept = self.intervention.frequencies or ()
            return {f"frequencies[{index}]": k for index, k in enumerate(kept)}
        return {}

    def decisive_json(self) -> str:
        """Everything that decides what is trained and recorded; the forecast does not."""
        return self.model_dump_json(exclude={"stop": {"expected"}} if self.stop else None)

    @property
    def reference(self) -> tuple[str, str] | None:
        """Run-set and run_id of the run whose end decides this run's initial weights, if any."""
        if not isinstance(self.intervention, KeepOnly) or self.intervention.of is None:
            return None
        return self.intervention.of, self._identity_without_intervention()

    @cached_property
    def run_id(self) -> str:
        """What network this is: 16 hex digits of everything but length and recording.

        Equal networks have equal ids in every run-set, whatever is recorded of them; a
        perturbation by the factor 1 is none.
        """
        if isinstance(self.intervention, Perturb) and self.intervention.factor == 1:
            return self._identity_without_intervention()
        return digest(self.model_dump_json(exclude=_NO_IDENTITY))

    def _identity_without_intervention(self) -> str:
        plain = self.model_copy(update={"intervention": None})
        return digest(plain.model_dump_json(exclude=_NO_IDENTITY))


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
