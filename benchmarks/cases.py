"""What is trained in a benchmark: a setting such as ``transformer_p113``, and its networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from fittest.data import FullBatch, Minibatches, WholeTable, batch_indices, split
from fittest.data.order import batches_per_epoch
from fittest.models import EmbeddingMLPSettings, TransformerSettings, TwoTableMLPSettings
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.optimisers import Adam, AdamW
from fittest.runs.parts import Arithmetic, Recording, Seeds
from fittest.runs.run import Run
from fittest.tasks import ModularAddition, train_pairs
from fittest.tasks.task import Task
from fittest.training.backend import Ensemble

DEFAULT = ("p59_d128", "transformer_p113", "two_table_n91", "two_table_n91_full")

Kind = Literal["embedding", "transformer", "two_table"]
Weights = Mapping[str, NDArray[np.floating]]

_FORMS: dict[str, Kind] = {
    r"p(?P<p>\d+)_d(?P<d>\d+)": "embedding",
    r"transformer_p(?P<p>\d+)": "transformer",
    r"two_table_n(?P<p>\d+)(?P<full>_full)?": "two_table",
}


class Contender(Protocol):
    """One way to train; all contenders of a setting do the same mathematics.

    group: whom it speaks for: engine, authors, torch or jax. networks: how many it trains at once.
    stride: it advances by multiples of so many steps. compile_seconds: what compiling cost before
    the first step.
    """

    name: str
    group: str
    networks: int
    stride: int
    compile_seconds: float

    def reset(self) -> None:
        """Back to step 0."""

    def advance(self, steps: int) -> None:
        """Train every network for `steps` steps; returns when they are done."""

    def train_loss(self) -> float:
        """Mean train loss of the first network over all it is trained on, nats."""

    def weights(self) -> Weights:
        """Parameters of the first network, named as in the engine."""


@dataclass(frozen=True)
class Case:
    """A paper's network at a size.

    p: numbers of the task. d: embedding dimensions, of the embedding MLP alone. full: in full
    batch, where the paper has minibatches too.
    """

    kind: Kind
    p: int
    d: int = 128
    full: bool = True

    @classmethod
    def parse(cls, name: str) -> Case:
        """The case called `name`; ValueError for others."""
        for form, kind in _FORMS.items():
            if found := re.fullmatch(form, name):
                parts = found.groupdict()
                full = kind != "two_table" or parts["full"] is not None
                case = cls(kind, int(parts["p"]), int(parts.get("d", 128)), full)
                _ = case.base  # refuses sizes that the task has not
                return case
        raise ValueError(
            f"--settings: `{name}` is no setting; write p59_d128, transformer_p113, two_table_n91"
            " or two_table_n91_full, of any size"
        )

    @property
    def name(self) -> str:
        """As `parse` reads it."""
        if self.kind == "embedding":
            return f"p{self.p}_d{self.d}"
        if self.kind == "transformer":
            return f"transformer_p{self.p}"
        return f"two_table_n{self.p}" + "_full" * self.full

    @cached_property
    def base(self) -> Run:
        """The run with seeds 0."""
        if self.kind == "embedding":
            return Run(task=ModularAddition(p=self.p), model=EmbeddingMLPSettings(d=self.d))
        if self.kind == "transformer":
            # The progress paper's main run (its section 3; the released code).
            return Run(
                task=ModularAddition(p=self.p, equals="input_and_output", train_fraction=0.3),
                model=TransformerSettings(),
                optimiser=AdamW(lr=1e-3, betas=(0.9, 0.98), weight_decay=1.0, warmup=10),
                arithmetic=Arithmetic(loss="float64"),
                data=FullBatch(),
                steps=40_000,
                recording=Recording(every=10, every_loss=True),
            )
        # The cosets paper, section 4; how many batches make up a pass: cosets methods 1.1.
        batches = {91: 56, 89: 53}.get(self.p, round((0.6 if self.p >= 59 else 0.8) * self.p))
        return Run(
            task=ModularAddition(p=self.p, train_fraction=batches / self.p),
            model=TwoTableMLPSettings(),
            optimiser=Adam(lr=0.008, weight_decay=2e-4),
            data=WholeTable() if self.full else Minibatches(size=self.p),
            steps=1500 if self.full else 500 * batches,
        )

    def run(self, seed: int) -> Run:
        """The run whose every random source has `seed`."""
        return self.base.with_seeds(Seeds(embedding=seed, mlp=seed, split=seed))

    def runs(self, networks: int, first: int = 0) -> list[Run]:
        """The runs with seeds `first` and on."""
        return [self.run(first + seed) for seed in range(networks)]

    def ensemble(
        self, networks: int, dtype: torch.dtype = torch.float32, first: int = 0
    ) -> Ensemble:
        """Those runs; the network of a seed is the same in every ensemble."""
        return build_ensemble(self.runs(networks, first), dtype)

    @cached_property
    def train_pairs(self) -> int:
        """Number of train pairs."""
        return train_pairs(self.table, self.base.numbers_task.train_fraction)

    @property
    def batch(self) -> int | None:
        """Pairs of a minibatch; None in full batch."""
        data = self.base.trained_on
        return data.size if isinstance(data, Minibatches) else None

    @property
    def stride(self) -> int:
        """Steps per call where a call has a price of its own: a pass over the train pairs, or at
        least some milliseconds of work."""
        if self.batch is not None:
            return batches_per_epoch(self.train_pairs, self.batch)
        if self.kind == "transformer":
            return 2
        return 50 if self.kind == "embedding" and self.p < 40 else 10

    @property
    def compared_steps(self) -> int:
        """Steps after which all contenders must have the same network; a multiple of `stride`.

        So few that rounding has not been amplified yet: one ReLU that flips moves a gradient by
        a thousandth.
        """
        if self.batch is not None:
            return self.stride
        return 50 if self.kind == "embedding" else 20

    @cached_property
    def table(self) -> Task:
        """All pairs with their sums."""
        return self.base.numbers_task.build()

    def trained(self, seed: int) -> NDArray[np.int64]:
        """Which pairs of the table the run is trained on, ascending."""
        return split(self.table, self.base.numbers_task.train_fraction, seed)[0]

    def batches(self, seed: int, first_step: int, steps: int) -> NDArray[np.int64]:
        """(steps, batch) of what each update from `first_step` (from 1) is made on: which of the
        run's train pairs, in the order of the table."""
        assert self.batch is not None
        return np.stack(
            [
                batch_indices(self.train_pairs, self.batch, seed, step)
                for step in range(first_step, first_step + steps)
            ]
        )
