"""What the training loop asks of a backend, and what a backend is given.

A backend holds an ensemble (several networks of one shape) and moves it forward.
It never decides when to record, stop or save: `fittest.training.loop` does.

Shapes: S runs, N pairs of the task, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from fittest.training.optimisers import Moments, Optimiser, Parameters

__all__ = [
    "Backend",
    "Ensemble",
    "Evaluation",
    "Moments",
    "Optimiser",
    "Parameters",
    "TrainingState",
]


@dataclass(frozen=True)
class Ensemble:
    """Everything that decides how a set of equally shaped networks is trained.

    model: the architecture; its own parameter values are ignored.
    tokens: (N, operands) int64, every pair of the task. labels: (N,) int64.
    grid: the pairs are the full table, ``tokens[a * p + b] == (a, b)``.
    train_mask: (S, N) bool, True where the pair is trained on; the rest is the test set.
    optimiser: its kind, and its settings for each run.
    initial: stacked parameters at step 0, in the dtype of the training.
    frozen: names of parameters that are neither trained nor decayed.
    """

    model: nn.Module
    tokens: Tensor
    labels: Tensor
    grid: bool
    train_mask: Tensor
    optimiser: Optimiser
    initial: Parameters
    frozen: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Number of runs S."""
        return self.train_mask.shape[0]

    def select(self, indices: Tensor) -> Ensemble:
        """The ensemble of the runs at `indices` alone."""
        return replace(
            self,
            train_mask=self.train_mask[indices],
            optimiser=self.optimiser.select(indices),
            initial={k: v[indices] for k, v in self.initial.items()},
        )

    @property
    def dtype(self) -> torch.dtype:
        """Floating point type of parameters and arithmetic."""
        return next(iter(self.initial.values())).dtype


@dataclass(frozen=True)
class Evaluation:
    """Losses and accuracies of the current state; every field is (S,) float64 on the CPU.

    Mean cross-entropy in nats over the train or test pairs; accuracy as a share (0..1).
    A split without test pairs has NaN for its test values.
    """

    train_loss: Tensor
    test_loss: Tensor
    train_accuracy: Tensor
    test_accuracy: Tensor


@dataclass(frozen=True)
class TrainingState:
    """What a restart needs of the runs still training: stacked parameters, what the optimiser
    remembers, and the step."""

    parameters: Parameters
    moments: Moments
    step: int

    def select(self, indices: Tensor) -> TrainingState:
        """The state of the runs at `indices` alone."""

        def selected(group: Parameters) -> Parameters:
            return {k: v[indices] for k, v in group.items()}

        moments = {name: selected(group) for name, group in self.moments.items()}
        return TrainingState(selected(self.parameters), moments, self.step)


class Backend(Protocol):
    """Moves an ensemble forward; all runs in it are at the same step.

    A backend is built as ``BackendClass(ensemble, ...)`` in the state of step 0.
    The runs never influence each other.
    """

    name: str

    def advance(self, steps: int) -> None:
        """Apply `steps` optimiser updates to every run."""

    def evaluate(self) -> Evaluation:
        """Losses and accuracies of the state as it stands."""

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
