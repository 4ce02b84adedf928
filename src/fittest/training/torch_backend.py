"""The generic backend and the reference: any model, any task, cpu or cuda.

One step is written for a single network; the ensemble is `torch.vmap` of it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap

from fittest.training.backend import (
    Ensemble,
    Evaluation,
    Moments,
    Parameters,
    TrainingState,
)
from fittest.training.loss import cross_entropy

StepFunction = Callable[..., tuple[Parameters, Moments]]


def pair_losses(ensemble: Ensemble, device: torch.device) -> Callable[[Parameters], Tensor]:
    """The function from one network's parameters to its logits (N, C) on every pair."""
    model = ensemble.model
    use_grid = ensemble.grid and hasattr(model, "forward_grid")
    tokens = ensemble.tokens.to(device)

    def logits(parameters: Parameters) -> Tensor:
        if use_grid:
            return functional_call(_Grid(model), {f"model.{k}": v for k, v in parameters.items()})
        return functional_call(model, parameters, (tokens,))

    return logits


class _Grid(torch.nn.Module):
    """Calls the model's table form, so that functional_call can reach it."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self) -> Tensor:
        return self.model.forward_grid()  # type: ignore[operator]


class TorchBackend:
    """Vmapped gradients and a stacked optimiser, optionally through torch.compile.

    `slow=True` trains the runs one by one through the same single-network step: the switch
    for equivalence tests. `bfloat16=True` runs the matrix products of float32 training in
    bfloat16 (weights, moments and the loss stay float32).
    """

    name = "torch"

    def __init__(
        self,
        ensemble: Ensemble,
        device: str | torch.device = "cpu",
        compile_step: bool = False,
        slow: bool = False,
        bfloat16: bool = False,
    ) -> None:
        self._device = torch.device(device)
        self._ensemble = ensemble
        self._slow = slow
        self._bfloat16 = bfloat16
        self._labels = ensemble.labels.to(self._device)
        self._train = ensemble.train_mask.to(self._device)
        self._optimiser = ensemble.optimiser.to(self._device)
        self._logits = pair_losses(ensemble, self._device)
        self._parameters = {k: v.to(self._device).clone() for k, v in ensemble.initial.items()}
        self._moments = self._optimiser.start(self._parameters)
        self._step = 0
        update: StepFunction = self._update
        self._run_step = torch.compile(update, dynamic=False) if compile_step else update

    # -- one network -------------------------------------------------------------------

    def _loss(self, trained: Parameters, fixed: Parameters, train: Tensor) -> Tensor:
        per_pair = cross_entropy(self._forward({**trained, **fixed}), self._labels)
        return torch.where(train, per_pair, 0).sum() / train.sum()

    def _forward(self, parameters: Parameters) -> Tensor:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self._logits(parameters)
        return logits.to(self._ensemble.dtype)

    def _measure(self, parameters: Parameters, train: Tensor) -> tuple[Tensor, ...]:
        logits = self._forward(parameters)
        per_pair = cross_entropy(logits, self._labels).double()
        right = (logits.argmax(dim=-1) == self._labels).double()
        # An empty test set divides 0 by 0: NaN is the honest value of a mean over nothing.
        return tuple(
            torch.where(mask, values, 0).sum() / mask.sum()
            for values in (per_pair, right)
            for mask in (train, ~train)
        )

    # -- the ensemble ------------------------------------------------------------------

    def gradients(self, parameters: Parameters) -> Parameters:
        """Gradient of every run's train loss with respect to the trained parameters."""
        trained = {k: v for k, v in parameters.items() if k not in self._ensemble.frozen}
        fixed = {k: v for k, v in parameters.items() if k in self._ensemble.frozen}
        single = grad(self._loss)
        if not self._slow:
            return vmap(single)(trained, fixed, self._train)
        runs = [
            single(_row(trained, i), _row(fixed, i), self._train[i])
            for i in range(self._train.shape[0])
        ]
        return {k: torch.stack([run[k] for run in runs]) for k in trained}

    def _update(
        self, parameters: Parameters, moments: Moments, count: Tensor
    ) -> tuple[Parameters, Moments]:
        """One update of every run by its optimiser."""
        return self._optimiser.update(parameters, self.gradients(parameters), moments, count)

    def advance(self, steps: int) -> None:
        """Apply `steps` updates; a failed update leaves the state of the step before it."""
        for _ in range(steps):
            # A tensor, so that the compiled step is not specialised to one step number.
            count = torch.tensor(float(self._step + 1), dtype=torch.float64, device=self._device)
            state = self._run_step(self._parameters, self._moments, count)
            self._parameters, self._moments = state
            self._step += 1

    def evaluate(self) -> Evaluation:
        """Losses and accuracies, averaged in float64."""
        with torch.no_grad():
            if self._slow:
                rows = [
                    self._measure(_row(self._parameters, i), mask)
                    for i, mask in enumerate(self._train)
                ]
                values = tuple(torch.stack(column) for column in zip(*rows, strict=True))
            else:
                values = vmap(self._measure)(self._parameters, self._train)
        train_loss, test_loss, train_accuracy, test_accuracy = (v.cpu() for v in values)
        return Evaluation(train_loss, test_loss, train_accuracy, test_accuracy)

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
        return TrainingState(copied(self._parameters), moments, self._step)

    def load(self, state: TrainingState) -> None:
        """Go on from `state` (same runs, same order)."""

        def copied(group: Parameters) -> Parameters:
            return {k: v.to(self._device, copy=True) for k, v in group.items()}

        self._parameters = copied(state.parameters)
        self._moments = {name: copied(state.moments[name]) for name in self._moments}
        self._step = state.step

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices`."""
        rows = indices.to(self._device)
        self._train = self._train[rows]
        self._optimiser = self._optimiser.select(rows)
        self._parameters = _rows(self._parameters, rows)
        self._moments = {name: _rows(group, rows) for name, group in self._moments.items()}


def _row(parameters: Parameters, index: int) -> Parameters:
    return {k: v[index] for k, v in parameters.items()}


def _rows(parameters: Parameters, rows: Tensor) -> Parameters:
    return {k: v[rows].clone() for k, v in parameters.items()}
