"""One step of one network, and of an ensemble: pure functions of tensors, on any device.

The step is written for a single network; the ensemble is `torch.vmap` of it. Shapes: S runs, n
examples, A answers of each, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from fittest.training.backend import Ensemble, Moments, Parameters
from fittest.training.feed import Batch
from fittest.training.loss import LOSSES
from fittest.training.optimisers import Optimiser


class _Form(nn.Module):
    """Calls the cheapest exact form of a model, or the one that its paper writes, so that
    functional_call can reach it."""

    def __init__(self, model: nn.Module, as_written: bool) -> None:
        super().__init__()
        self.model = model
        self.has_grid = not as_written and hasattr(model, "forward_grid")
        cheaper = not as_written and hasattr(model, "forward_examples")
        self._examples = "forward_examples" if cheaper else "forward"

    def forward(self, tokens: Tensor | None, kept: Tensor | None) -> Tensor:
        # A model without dropout takes no second argument.
        form = "forward_grid" if tokens is None else self._examples
        given: list[Any] = [value for value in (tokens, kept) if value is not None]
        logits: Tensor = getattr(self.model, form)(*given)
        return logits[:, None] if logits.dim() == 2 else logits


class StepInputs(NamedTuple):
    """What an update is a function of.

    settings: of the optimiser, by name, (S,) each. number: of the update, from 1, a float64
    scalar. tokens: None where the examples are the whole grid, in its order. kept: what
    dropout keeps, if there is any.
    """

    parameters: Parameters
    moments: Moments
    settings: dict[str, Tensor]
    number: Tensor
    tokens: Tensor | None
    labels: Tensor
    weights: Tensor
    kept: Tensor | None


Update = tuple[Parameters, Moments, Tensor]
"""Parameters and moments after an update, and the train losses (S,) before it."""

Updating = Callable[[StepInputs], Update]


@dataclass(frozen=True, eq=False)
class TorchStep:
    """What decides the arithmetic of an ensemble's steps, whichever runs are in it.

    model: a network, and which of its forms to call. optimiser: for its kind; its values are not
    used. slow: run by run, through the same step of a single network. Other fields: see `Ensemble`
    and `TorchBackend`.
    """

    model: _Form
    loss: str
    frozen: frozenset[str]
    dtype: torch.dtype
    optimiser: Optimiser
    bfloat16: bool = False
    slow: bool = False

    def __post_init__(self) -> None:
        # Asked now: a trace has no values to ask.
        _ = self.optimiser.penalises

    @classmethod
    def of(
        cls,
        ensemble: Ensemble,
        bfloat16: bool = False,
        slow: bool = False,
        as_written: bool = False,
    ) -> TorchStep:
        """The step of an ensemble."""
        return cls(
            _Form(ensemble.model, as_written),
            ensemble.loss,
            ensemble.frozen,
            ensemble.dtype,
            ensemble.optimiser,
            bfloat16,
            slow,
        )

    def kind(self) -> tuple[object, ...]:
        """Equal where steps are the same function."""
        optimiser = type(self.optimiser), self.optimiser.penalises
        frozen = tuple(sorted(self.frozen))
        others = self.loss, frozen, self.dtype, self.bfloat16, self.slow
        return (id(self.model.model), *optimiser, *others)

    # -- one network -------------------------------------------------------------------

    def _forward(
        self, parameters: Parameters, tokens: Tensor | None, kept: Tensor | None
    ) -> Tensor:
        named = {f"model.{name}": value for name, value in parameters.items()}
        device = next(iter(parameters.values())).device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.bfloat16):
            logits: Tensor = functional_call(self.model, named, (tokens, kept))
        return logits.to(self.dtype)

    def _each_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """(n, A) from logits (n, A, C) and labels (n, A)."""
        flat = LOSSES[self.loss](logits.flatten(0, 1), labels.flatten())
        return flat.reshape(labels.shape)

    def _loss(
        self,
        trained: Parameters,
        fixed: Parameters,
        tokens: Tensor | None,
        labels: Tensor,
        weights: Tensor,
        kept: Tensor | None,
    ) -> Tensor:
        each = self._each_loss(self._forward({**trained, **fixed}, tokens, kept), labels)
        weights = weights.to(each.dtype)
        # What has no weight may be infinite.
        return torch.where(weights > 0, each * weights, 0).sum() / weights.sum()

    def _answers(self, parameters: Parameters, tokens: Tensor | None, labels: Tensor) -> Tensor:
        """(2, n, A) float64: losses, and 1 where the most likely class is the label."""
        logits = self._forward(parameters, tokens, None)
        right = logits.argmax(dim=-1) == labels
        return torch.stack([self._each_loss(logits, labels).double(), right.double()])

    # -- the ensemble ------------------------------------------------------------------

    def gradients(
        self,
        parameters: Parameters,
        tokens: Tensor | None,
        labels: Tensor,
        weights: Tensor,
        kept: Tensor | None,
    ) -> tuple[Parameters, Tensor]:
        """Gradients of the trained parameters, and train losses (S,). tokens and labels: (S, n, .),
        or (n, .) where all runs have the same."""
        trained = {k: v for k, v in parameters.items() if k not in self.frozen}
        fixed = {k: v for k, v in parameters.items() if k in self.frozen}
        own, dropped = _dim_of_runs(labels), None if kept is None else 0
        single = _differentiated(self._loss) if self.slow else grad_and_value(self._loss)
        every = self._each(single, (0, 0, own, own, 0, dropped))
        found: tuple[Parameters, Tensor] = every(trained, fixed, tokens, labels, weights, kept)
        return found

    def update(self, inputs: StepInputs) -> Update:
        """One update of every run by its optimiser; and the train losses before it."""
        examples = inputs.tokens, inputs.labels, inputs.weights, inputs.kept
        gradients, losses = self.gradients(inputs.parameters, *examples)
        optimiser = self.optimiser.having(inputs.settings)
        return *optimiser.update(
            inputs.parameters, gradients, inputs.moments, inputs.number
        ), losses

    def answers(self, parameters: Parameters, batch: Batch, grid: bool, size: int) -> Tensor:
        """(S, 2, n, A) float64: losses, and 1 where the most likely class is the label; of so many
        examples of a run at once, or of the whole grid."""
        own = _dim_of_runs(batch.labels)
        every = self._each(self._answers, (0, None if grid else own, own))
        if grid:
            whole: Tensor = every(parameters, None, batch.labels)
            return whole
        tokens, labels = (v.split(size, dim=-2) for v in (batch.tokens, batch.labels))
        parts = [every(parameters, *part) for part in zip(tokens, labels, strict=True)]
        return torch.cat(parts, dim=2)

    def _each(self, single: Callable[..., Any], dims: tuple[int | None, ...]) -> Callable[..., Any]:
        """A function of one network for all of them. dims: 0 for what each has of its own, None for
        what they share."""
        if not self.slow:
            return vmap(single, in_dims=dims)

        def one_by_one(*given: Any) -> Any:
            def of_run(index: int) -> Any:
                pairs = zip(given, dims, strict=True)
                return single(*(v if dim is None else _row(v, index) for v, dim in pairs))

            return _stacked([of_run(index) for index in range(_runs(given, dims))])

        return one_by_one


def _differentiated(loss: Callable[..., Tensor]) -> Callable[..., tuple[Parameters, Tensor]]:
    """As grad_and_value, by autograd alone: torch.func loads torch's compiler, which takes two
    seconds of each job that looks at its first step."""

    def gradients(trained: Parameters, *others: Any) -> tuple[Parameters, Tensor]:
        leaves = {name: value.detach().requires_grad_() for name, value in trained.items()}
        with torch.enable_grad():
            value = loss(leaves, *others)
        if not leaves:
            return {}, value
        found = torch.autograd.grad(value, [*leaves.values()], materialize_grads=True)
        return dict(zip(leaves, found, strict=True)), value.detach()

    return gradients


def _dim_of_runs(labels: Tensor) -> int | None:
    return None if labels.dim() == 2 else 0


def _runs(given: Sequence[Any], dims: Sequence[int | None]) -> int:
    for value, dim in zip(given, dims, strict=True):
        # Nothing may be frozen, or everything.
        if dim is not None and (found := [*value.values()] if isinstance(value, dict) else [value]):
            return len(found[0])
    raise AssertionError


def _row(value: Any, index: int) -> Any:
    return {k: v[index] for k, v in value.items()} if isinstance(value, dict) else value[index]


def _stacked(results: list[Any]) -> Any:
    if isinstance(results[0], Tensor):
        return torch.stack(results)
    if isinstance(results[0], dict):
        return {name: torch.stack([r[name] for r in results]) for name in results[0]}
    return tuple(_stacked(list(part)) for part in zip(*results, strict=True))
