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
    Hyperparameters,
    Parameters,
    TrainingState,
)
from fittest.training.loss import cross_entropy

StepFunction = Callable[..., tuple[Parameters, Parameters, Parameters]]


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
    """Vmapped gradients and a stacked AdamW, optionally through torch.compile.

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
        self._hyper = _to(ensemble.hyper, self._device, ensemble.dtype)
        self._logits = pair_losses(ensemble, self._device)
        self._parameters = {k: v.to(self._device).clone() for k, v in ensemble.initial.items()}
        self._first = {k: torch.zeros_like(v) for k, v in self._parameters.items()}
        self._second = {k: torch.zeros_like(v) for k, v in self._parameters.items()}
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
        self, parameters: Parameters, first: Parameters, second: Parameters, count: Tensor
    ) -> tuple[Parameters, Parameters, Parameters]:
        """One AdamW update (decoupled decay, bias correction, as torch.optim.AdamW)."""
        gradients = self.gradients(parameters)
        hyper = self._hyper
        step_size = hyper.lr / (1 - hyper.beta1**count)
        root_correction = torch.sqrt(1 - hyper.beta2**count)
        new = dict(parameters), dict(first), dict(second)
        for name, gradient in gradients.items():
            # Differences from one are taken in float64: in float32, 1 - 0.999 is off by 5e-5.
            beta1, rest1, beta2, rest2, eps, decay, size, root = (
                value.to(gradient.dtype).reshape(-1, *[1] * (gradient.dim() - 1))
                for value in (
                    hyper.beta1,
                    1 - hyper.beta1,
                    hyper.beta2,
                    1 - hyper.beta2,
                    hyper.eps,
                    1 - hyper.lr * hyper.weight_decay,
                    step_size,
                    root_correction,
                )
            )
            m = beta1 * first[name] + rest1 * gradient
            v = beta2 * second[name] + rest2 * gradient * gradient
            moved = parameters[name] * decay - size * m / (v.sqrt() / root + eps)
            new[0][name], new[1][name], new[2][name] = moved, m, v
        return new

    def advance(self, steps: int) -> None:
        """Apply `steps` updates; a failed update leaves the state of the step before it."""
        for _ in range(steps):
            # A tensor, so that the compiled step is not specialised to one step number.
            count = torch.tensor(float(self._step + 1), dtype=torch.float64, device=self._device)
            state = self._run_step(self._parameters, self._first, self._second, count)
            self._parameters, self._first, self._second = state
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
        weights, first, second = (
            {k: v.detach().to("cpu", copy=True) for k, v in group.items()}
            for group in (self._parameters, self._first, self._second)
        )
        return TrainingState(weights, first, second, self._step)

    def load(self, state: TrainingState) -> None:
        """Go on from `state` (same runs, same order)."""
        self._parameters, self._first, self._second = (
            {k: v.to(self._device, copy=True) for k, v in group.items()}
            for group in (state.parameters, state.first_moment, state.second_moment)
        )
        self._step = state.step

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices`."""
        rows = indices.to(self._device)
        self._train = self._train[rows]
        self._hyper = self._hyper.select(rows)
        self._parameters, self._first, self._second = (
            {k: v[rows].clone() for k, v in group.items()}
            for group in (self._parameters, self._first, self._second)
        )


def _row(parameters: Parameters, index: int) -> Parameters:
    return {k: v[index] for k, v in parameters.items()}


def _to(hyper: Hyperparameters, device: torch.device, dtype: torch.dtype) -> Hyperparameters:
    return Hyperparameters(
        **{
            name: getattr(hyper, name).to(device=device, dtype=torch.float64)
            for name in ("lr", "beta1", "beta2", "eps", "weight_decay")
        }
    )
