"""The generic backend and the reference: any model, any data, cpu or cuda.

What a step computes: training/torch_step.py. Shapes: S runs, n examples, A answers of each.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import vmap

from fittest.training.backend import (
    Ensemble,
    Evaluation,
    Parameters,
    TrainingState,
)
from fittest.training.feed import Batch
from fittest.training.further_metrics import FURTHER
from fittest.training.metrics import ALWAYS
from fittest.training.torch_fast import CapturedUpdate, CompiledUpdate
from fittest.training.torch_step import StepInputs, TorchStep, Updating

_EVALUATED = 8192
"""Examples in one forward pass of an evaluation, where nobody says how many."""


class TorchBackend:
    """Vmapped gradients and a stacked optimiser, optionally through torch.compile.

    `slow=True` trains the runs one by one through the same single-network step: the switch
    for equivalence tests. `bfloat16=True` runs the matrix products of float32 training in
    bfloat16 (weights, moments and the loss stay float32). `cuda_graphs=True` replays the step from
    a CUDA graph; on the CPU it changes nothing. `as_written=True` computes a model as its paper
    writes it, whatever cheaper form it has. evaluated: examples of each run in one forward pass
    of an evaluation, unless they are the whole grid.
    """

    name = "torch"

    def __init__(
        self,
        ensemble: Ensemble,
        device: str | torch.device = "cpu",
        compile_step: bool = False,
        slow: bool = False,
        bfloat16: bool = False,
        cuda_graphs: bool = False,
        evaluated: int = _EVALUATED,
        as_written: bool = False,
    ) -> None:
        self._device = torch.device(device)
        self._ensemble = ensemble
        self._evaluated = evaluated
        self._feed = ensemble.feed.to(self._device)
        self._dropout = ensemble.dropout
        self._optimiser = ensemble.optimiser.to(self._device)
        self._one_step = TorchStep.of(ensemble, bfloat16, slow, as_written)
        self._parameters = {k: v.to(self._device).clone() for k, v in ensemble.initial.items()}
        self._moments = self._optimiser.start(self._parameters)
        self._step = 0
        self._losses: list[Tensor] = []
        self._update: Updating = self._one_step.update
        if compile_step:
            self._update = CompiledUpdate(self._one_step)
        if cuda_graphs and self._device.type == "cuda":
            self._update = CapturedUpdate(self._update)

    def gradients(self, parameters: Parameters) -> Parameters:
        """Gradient of every run's train loss with respect to the trained parameters."""
        batch = self._feed.batch(self._step + 1)
        tokens = None if self._is_grid(batch) else batch.tokens
        return self._one_step.gradients(parameters, tokens, batch.labels, batch.weights, None)[0]

    def _is_grid(self, batch: Batch) -> bool:
        """Whether the model makes a batch of the whole grid without being told its tokens."""
        return self._feed.grid and batch.shared and self._one_step.model.has_grid

    def _inputs(self) -> StepInputs:
        """Of the next update."""
        step = self._step + 1
        batch = self._feed.batch(step)
        kept = None
        if self._dropout is not None:
            kept = self._dropout.kept(batch.tokens.shape[-2], step)
            kept = kept.to(self._device, self._ensemble.dtype)
        return StepInputs(
            self._parameters,
            self._moments,
            self._optimiser.settings(),
            torch.full((), step, dtype=torch.float64, device=self._device),
            None if self._is_grid(batch) else batch.tokens,
            batch.labels,
            batch.weights,
            kept,
        )

    def advance(self, steps: int) -> None:
        """Apply `steps` updates; a failed update leaves the state of the step before it."""
        for _ in range(steps):
            self._parameters, self._moments, losses = self._update(self._inputs())
            self._step += 1
            if self._ensemble.every_loss:
                self._losses.append(losses.detach())

    def losses(self) -> Tensor | None:
        """Train losses before each update since they were last forgotten."""
        if not self._ensemble.every_loss:
            return None
        if not self._losses:
            return torch.zeros(self._feed.runs, 0, dtype=torch.float64)
        return torch.stack(self._losses, dim=1).double().cpu()

    def forget_losses(self) -> None:
        """They have been recorded."""
        self._losses = []

    def evaluate(self) -> Evaluation:
        """Metrics of every run, averaged in float64."""
        found = {}
        metrics = ALWAYS | {name: FURTHER[name] for name in self._ensemble.metrics}
        with torch.no_grad():
            for batch, weightings in self._feed.evaluated(self._step):
                losses, right = self._one_step.answers(
                    self._parameters, batch, self._is_grid(batch), self._evaluated
                ).unbind(dim=1)
                for part, weights in weightings.items():
                    for name, metric in metrics.items():
                        labels = None if batch.shared else 0
                        values = vmap(metric, in_dims=(0, 0, labels, 0))(
                            losses, right, batch.labels, weights
                        )
                        found[f"{part}_{name}"] = values.cpu()
        return found

    def parameters(self) -> Parameters:
        """Stacked parameters on the training device."""
        return self._parameters

    def gradient_of(self, name: str) -> Tensor:
        """Gradient of every run's train loss by one trained parameter."""
        return self.gradients(self._parameters)[name]

    def state(self) -> TrainingState:
        """A CPU copy of parameters, moments and step."""

        def copied(group: Parameters) -> Parameters:
            return {k: v.detach().to("cpu", copy=True) for k, v in group.items()}

        moments = {name: copied(group) for name, group in self._moments.items()}
        return TrainingState(copied(self._parameters), moments, self._step, self.losses())

    def load(self, state: TrainingState) -> None:
        """Go on from `state` (same runs, same order)."""

        def copied(group: Parameters) -> Parameters:
            return {k: v.to(self._device, copy=True) for k, v in group.items()}

        self._parameters = copied(state.parameters)
        self._moments = {name: copied(state.moments[name]) for name in self._moments}
        self._step = state.step
        kept = state.losses if self._ensemble.every_loss else None
        self._losses = [] if kept is None else [*kept.to(self._device).unbind(dim=1)]

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices`."""
        rows = indices.to(self._device)
        self._feed = self._feed.select(rows)
        if self._dropout is not None:
            self._dropout = self._dropout.select(indices)
        self._losses = [values[rows] for values in self._losses]
        self._optimiser = self._optimiser.select(rows)
        self._parameters = _rows(self._parameters, rows)
        self._moments = {name: _rows(group, rows) for name, group in self._moments.items()}


def _rows(parameters: Parameters, rows: Tensor) -> Parameters:
    return {k: v[rows].clone() for k, v in parameters.items()}
