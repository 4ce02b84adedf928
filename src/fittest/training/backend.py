"""What the training loop asks of a backend, and what a backend is given.

A backend holds an ensemble (several networks of one shape) and moves it forward.
It never decides when to record, stop or save: `fittest.training.loop` does.

Shapes: S runs, n examples, A answers of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from fittest.streams import DROPOUT, stream
from fittest.training.feed import Feed
from fittest.training.optimisers import Moments, Optimiser, Parameters

__all__ = [
    "Backend",
    "Dropout",
    "Ensemble",
    "Evaluation",
    "Moments",
    "Optimiser",
    "Parameters",
    "TrainingState",
]


@dataclass(frozen=True)
class Dropout:
    """What is dropped of hidden layers at each update, a function of a run's seed and the step.

    rate: share. shape: of what is dropped of one example. seeds: for each run.
    """

    rate: float
    shape: tuple[int, ...]
    seeds: tuple[int, ...]

    def kept(self, examples: int, step: int) -> Tensor:
        """(S, examples, *shape) float32: 0 where a value is dropped, 1 / (1 - rate) elsewhere."""
        size = (examples, *self.shape)
        drawn = [stream(DROPOUT, seed, step).random(size, np.float32) for seed in self.seeds]
        scale = np.float32(1 / (1 - self.rate))
        return torch.from_numpy(np.where(np.stack(drawn) < self.rate, np.float32(0), scale))

    def select(self, indices: Tensor) -> Dropout:
        """That of the runs at `indices`."""
        return replace(self, seeds=tuple(self.seeds[i] for i in indices.tolist()))


@dataclass(frozen=True)
class Ensemble:
    """Everything that decides how a set of equally shaped networks is trained.

    model: the architecture; its own parameter values are ignored.
    feed: the examples of each run at each step.
    optimiser: its kind, and its settings for each run.
    initial: stacked parameters at step 0, in the dtype of the training.
    frozen: names of parameters that are neither trained nor decayed.
    loss: name of the cross-entropy (training/loss.py).
    metrics: what is measured beside loss and accuracy (training/metrics.py).
    dropout: None for none.
    every_loss: keep the train loss of every step.
    """

    model: nn.Module
    feed: Feed
    optimiser: Optimiser
    initial: Parameters
    frozen: frozenset[str] = frozenset()
    loss: str = "exact"
    metrics: tuple[str, ...] = ()
    dropout: Dropout | None = None
    every_loss: bool = False

    @property
    def size(self) -> int:
        """Number of runs S."""
        return self.feed.runs

    def select(self, indices: Tensor) -> Ensemble:
        """The ensemble of the runs at `indices` alone."""
        return replace(
            self,
            feed=self.feed.select(indices),
            optimiser=self.optimiser.select(indices),
            initial={k: v[indices] for k, v in self.initial.items()},
            dropout=None if self.dropout is None else self.dropout.select(indices),
        )

    @property
    def dtype(self) -> torch.dtype:
        """Floating point type of parameters and arithmetic."""
        return next(iter(self.initial.values())).dtype


Evaluation = dict[str, Tensor]
"""What is measured of the current state: `train_` and `test_` with the name of a metric -> (S,) or
(S, A) float64 on the CPU. Loss and accuracy are always there; see training/metrics.py."""


@dataclass(frozen=True)
class TrainingState:
    """What a restart needs of the runs still training: stacked parameters, what the optimiser
    remembers, the step, and the train losses (S, n) that nobody has recorded yet, if they are kept.
    """

    parameters: Parameters
    moments: Moments
    step: int
    losses: Tensor | None = None

    def select(self, indices: Tensor) -> TrainingState:
        """The state of the runs at `indices` alone."""

        def selected(group: Parameters) -> Parameters:
            return {k: v[indices] for k, v in group.items()}

        moments = {name: selected(group) for name, group in self.moments.items()}
        losses = None if self.losses is None else self.losses[indices]
        return TrainingState(selected(self.parameters), moments, self.step, losses)


class Backend(Protocol):
    """Moves an ensemble forward; all runs in it are at the same step.

    A backend is built as ``BackendClass(ensemble, ...)`` in the state of step 0.
    The runs never influence each other.
    """

    name: str

    def advance(self, steps: int) -> None:
        """Apply `steps` optimiser updates to every run."""

    def losses(self) -> Tensor | None:
        """(S, n) float64 on the CPU: train losses before each of the n updates since they were last
        forgotten; None where the ensemble does not keep them."""

    def forget_losses(self) -> None:
        """They have been recorded."""

    def evaluate(self) -> Evaluation:
        """What is measured of the state as it stands."""

    def parameters(self) -> Parameters:
        """The stacked parameters as they stand; callers must not write into them."""

    def gradient_of(self, name: str) -> Tensor:
        """Gradient (S, ...) of every run's mean train loss by a trained parameter, as it stands."""

    def state(self) -> TrainingState:
        """A copy, on the CPU, of everything a restart needs."""

    def load(self, state: TrainingState) -> None:
        """Go on from `state`, which must hold the same runs in the same order."""

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices` (int64, ascending); their order stays."""
