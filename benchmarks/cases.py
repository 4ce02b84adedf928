"""What is trained in a benchmark: a setting such as ``p59_d128``, and its networks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import torch

from fittest.models import EmbeddingMLPSettings
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.cost import flops, flops_per_step
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.tasks import ModularAddition, train_pairs
from fittest.training.backend import Ensemble

DEFAULT = ("p59_d128", "p13_d128", "p113_d128", "p59_d16")
BAR_SETTING = "p59_d128"


class Contender(Protocol):
    """One way to train; all contenders of a setting do the same mathematics.

    networks: how many it trains at once. stride: it advances by multiples of so many steps.
    compile_seconds: what compiling cost before the first step.
    """

    name: str
    networks: int
    stride: int
    compile_seconds: float

    def reset(self) -> None:
        """Back to step 0."""

    def advance(self, steps: int) -> None:
        """Train every network for `steps` steps; returns when they are done."""

    def train_loss(self) -> float:
        """Mean train loss of the first network, nats."""


@dataclass(frozen=True)
class Case:
    """Default networks of a size: p tokens, d embedding dimensions."""

    p: int
    d: int

    @classmethod
    def parse(cls, name: str) -> Case:
        """The case called `name`, such as p59_d128."""
        found = re.fullmatch(r"p(\d+)_d(\d+)", name)
        if found is None:
            raise ValueError(f"`{name}` is no setting; write it as p59_d128")
        return cls(int(found[1]), int(found[2]))

    @property
    def name(self) -> str:
        """As `parse` reads it."""
        return f"p{self.p}_d{self.d}"

    def run(self, seed: int) -> Run:
        """The default run whose every random source has `seed`."""
        return Run(
            task=ModularAddition(p=self.p),
            model=EmbeddingMLPSettings(d=self.d),
            seeds=Seeds(embedding=seed, mlp=seed, split=seed),
        )

    def runs(self, networks: int) -> list[Run]:
        """The runs with seeds 0, 1, ..."""
        return [self.run(seed) for seed in range(networks)]

    def ensemble(self, networks: int, dtype: torch.dtype = torch.float32) -> Ensemble:
        """The runs with seeds 0, 1, ...; the first network is the same in every ensemble."""
        return build_ensemble(self.runs(networks), dtype)

    @property
    def train_pairs(self) -> int:
        """Number of train pairs."""
        task = self.run(0).task
        return train_pairs(task.build(), task.train_fraction)

    @property
    def flops_per_step(self) -> float:
        """Matmul FLOPs of a step of one network, train pairs only."""
        return flops_per_step(self.run(0))

    @property
    def flops_per_run(self) -> float:
        """Matmul FLOPs of a whole run."""
        return flops(self.run(0))

    @property
    def stride(self) -> int:
        """Steps per call where a call has a price of its own: a few milliseconds of work."""
        return 50 if self.flops_per_step < 5e7 else 10
