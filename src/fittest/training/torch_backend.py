"""The generic backend and the reference: any model, any data, cpu or cuda.

One step is written for a single network; the ensemble is `torch.vmap` of it. Shapes: S runs, n
examples, A answers of each, C classes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from fittest.training.backend import (
    Ensemble,
    Evaluation,
    Moments,
    Parameters,
    TrainingState,
)
from fittest.training.feed import Batch
from fittest.training.further_metrics import FURTHER
from fittest.training.loss import LOSSES
from fittest.training.metrics import ALWAYS

_EVALUATED_AT_ONCE = 8192
"""Most examples in one forward pass of an evaluation that is no table: bounds its memory."""


class _Cheapest(nn.Module):
    """Calls the cheapest exact form of a model, so that functional_call can reach it."""

    def __init__(self, model: nn.Module, grid: bool, as_written: bool) -> None:
        super().__init__()
        self.model = model
        self.form = "forward"
        if as_written:
            return
        if hasattr(model, "forward_examples"):
            self.form = "forward_examples"
        if grid and hasattr(model, "forward_grid"):
            self.form = "forward_grid"

    def forward(self, tokens: Tensor, kept: Tensor | None) -> Tensor:
        # A model without dropout takes no second argument.
        given: list[Any] = [] if self.form == "forward_grid" else [tokens]
        logits: Tensor = getattr(self.model, self.form)(*given, *([] if kept is None else [kept]))
        return logits[:, None] if logits.dim() == 2 else logits


class TorchBackend:
    """Vmapped gradients and a stacked optimiser, optionally through torch.compile.

    `slow=True` trains the runs one by one through the same single-network step: the switch
    for equivalence tests. `bfloat16=True` runs the matrix products of float32 training in
    bfloat16 (weights, moments and the loss stay float32). `as_written=True` computes a model as
    its paper writes it, whatever cheaper form it has.
    """

    name = "torch"

    def __init__(
        self,
        ensemble: Ensemble,
        device: str | torch.device = "cpu",
        compile_step: bool = False,
        slow: bool = False,
        bfloat16: bool = False,
        as_written: bool = False,
    ) -> None:
        self._device = torch.device(device)
        self._ensemble = ensemble
        self._slow = slow
        self._bfloat16 = bfloat16
        self._feed = ensemble.feed.to(self._device)
        self._dropout = ensemble.dropout
        self._optimiser = ensemble.optimiser.to(self._device)
        self._model = _Cheapest(ensemble.model, ensemble.feed.grid, as_written)
        self._cross_entropy = LOSSES[ensemble.loss]
        self._parameters = {k: v.to(self._device).clone() for k, v in ensemble.initial.items()}
        self._moments = self._optimiser.start(self._parameters)
        self._step = 0
        self._losses: list[Tensor] = []
        self._run_step = (
            torch.compile(self._update, dynamic=False) if compile_step else self._update
        )

    # -- one network -------------------------------------------------------------------

    def _forward(self, parameters: Parameters, tokens: Tensor, kept: Tensor | None) -> Tensor:
        named = {f"model.{name}": value for name, value in parameters.items()}
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits: Tensor = functional_call(self._model, named, (tokens, kept))
        return logits.to(self._ensemble.dtype)

    def _each_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """(n, A) from logits (n, A, C) and labels (n, A)."""
        flat = self._cross_entropy(logits.flatten(0, 1), labels.flatten())
        return flat.reshape(labels.shape)

    def _loss(
        self,
        trained: Parameters,
        fixed: Parameters,
        tokens: Tensor,
        labels: Tensor,
        weights: Tensor,
        kept: Tensor | None,
    ) -> Tensor:
        each = self._each_loss(self._forward({**trained, **fixed}, tokens, kept), labels)
        weights = weights.to(each.dtype)
        # What has no weight may be infinite.
        return torch.where(weights > 0, each * weights, 0).sum() / weights.sum()

    def _answers(self, parameters: Parameters, tokens: Tensor, labels: Tensor) -> Tensor:
        """(2, n, A) float64: losses, and 1 where the most likely class is the label."""
        logits = self._forward(parameters, tokens, None)
        right = logits.argmax(dim=-1) == labels
        return torch.stack([self._each_loss(logits, labels).double(), right.double()])

    # -- the ensemble ------------------------------------------------------------------

    def gradients(self, parameters: Parameters) -> Parameters:
        """Gradient of every run's train loss with respect to the trained parameters."""
        batch = self._feed.batch(self._step + 1)
        return self._gradients(parameters, batch.tokens, batch.labels, batch.weights, None)[0]

    def _gradients(
        self,
        parameters: Parameters,
        tokens: Tensor,
        labels: Tensor,
        weights: Tensor,
        kept: Tensor | None,
    ) -> tuple[Parameters, Tensor]:
        """Gradients, and train losses (S,)."""
        trained = {k: v for k, v in parameters.items() if k not in self._ensemble.frozen}
        fixed = {k: v for k, v in parameters.items() if k in self._ensemble.frozen}
        single = grad_and_value(self._loss)
        own = None if tokens.dim() == 2 else 0
        if not self._slow:
            dropped = None if kept is None else 0
            every = vmap(single, in_dims=(0, 0, own, own, 0, dropped))
            gradients, losses = every(trained, fixed, tokens, labels, weights, kept)
            return gradients, losses
        runs = [
            single(
                _row(trained, i),
                _row(fixed, i),
                tokens if own is None else tokens[i],
                labels if own is None else labels[i],
                weights[i],
                None if kept is None else kept[i],
            )
            for i in range(len(weights))
        ]
        stacked = {k: torch.stack([run[0][k] for run in runs]) for k in trained}
        return stacked, torch.stack([run[1] for run in runs])

    def _update(
        self,
        parameters: Parameters,
        moments: Moments,
        count: Tensor,
        tokens: Tensor,
        labels: Tensor,
        weights: Tensor,
        kept: Tensor | None,
    ) -> tuple[Parameters, Moments, Tensor]:
        """One update of every run by its optimiser; and the train losses before it."""
        gradients, losses = self._gradients(parameters, tokens, labels, weights, kept)
        return *self._optimiser.update(parameters, gradients, moments, count), losses

    def advance(self, steps: int) -> None:
        """Apply `steps` updates; a failed update leaves the state of the step before it."""
        for _ in range(steps):
            # A tensor, so that the compiled step is not specialised to one step number.
            count = torch.tensor(float(self._step + 1), dtype=torch.float64, device=self._device)
            batch = self._feed.batch(self._step + 1)
            kept = None
            if self._dropout is not None:
                kept = self._dropout.kept(batch.tokens.shape[-2], self._step + 1)
                kept = kept.to(self._device, self._ensemble.dtype)
            self._parameters, self._moments, losses = self._run_step(
                self._parameters,
                self._moments,
                count,
                batch.tokens,
                batch.labels,
                batch.weights,
                kept,
            )
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
                losses, right = self._measured(batch)
                for part, weights in weightings.items():
                    for name, metric in metrics.items():
                        labels = None if batch.shared else 0
                        values = vmap(metric, in_dims=(0, 0, labels, 0))(
                            losses, right, batch.labels, weights
                        )
                        found[f"{part}_{name}"] = values.cpu()
        return found

    def _measured(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Losses and hits (S, n, A) of every run's examples."""
        parts = []
        whole = self._model.form == "forward_grid"
        size = batch.tokens.shape[-2] if whole else _EVALUATED_AT_ONCE
        for tokens, labels in zip(
            batch.tokens.split(size, dim=-2), batch.labels.split(size, dim=-2), strict=True
        ):
            own = None if batch.shared else 0
            if self._slow:
                rows = [
                    self._answers(
                        _row(self._parameters, i),
                        tokens if own is None else tokens[i],
                        labels if own is None else labels[i],
                    )
                    for i in range(self._feed.runs)
                ]
                parts.append(torch.stack(rows))
            else:
                every = vmap(self._answers, in_dims=(0, own, own))
                parts.append(every(self._parameters, tokens, labels))
        joined = torch.cat(parts, dim=2)
        return joined[:, 0], joined[:, 1]

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


def _row(parameters: Parameters, index: int) -> Parameters:
    return {k: v[index] for k, v in parameters.items()}


def _rows(parameters: Parameters, rows: Tensor) -> Parameters:
    return {k: v[rows].clone() for k, v in parameters.items()}
