"""Optimisers of stacked networks: one update of all runs, each with settings of its own.

An optimiser is a set of per-run settings and the update that they parametrise. Its kind is part of
what an ensemble is; its settings may differ from run to run. Shapes: S runs; a parameter (S, ...).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar, Self

import torch
from torch import Tensor

Parameters = dict[str, Tensor]
"""Stacked parameters: name as in ``nn.Module.named_parameters`` -> tensor (S, ...)."""

Moments = dict[str, Parameters]
"""What an optimiser remembers between updates: name -> one tensor per parameter."""


@dataclass(frozen=True)
class Optimiser:
    """Settings of an optimiser, one value per run; every field is a float64 tensor (S,).

    name: as in the settings of a run. moments: names of what it remembers, zero at the start.
    lr: learning rate. weight_decay: as the kind says. warmup: updates over which the learning rate
    rises linearly, from 0 at the first of them. l1: weight of the sum of absolute parameters in the
    loss.
    """

    name: ClassVar[str]
    moments: ClassVar[tuple[str, ...]]

    lr: Tensor
    weight_decay: Tensor
    warmup: Tensor
    l1: Tensor

    def select(self, keep: Tensor) -> Self:
        """The settings of the runs at the indices `keep`."""
        return type(self)(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        return type(self)(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def having(self, settings: dict[str, Tensor]) -> Self:
        """The same kind with other values, which may be those of a trace: whether there are
        penalties is not asked of them."""
        other = type(self)(**settings)
        vars(other)["penalises"] = self.penalises
        return other

    def settings(self) -> dict[str, Tensor]:
        """Its fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def penalises(self) -> bool:
        """Whether l1 is in any run's loss."""
        return bool((self.l1 != 0).any())

    def rate(self, count: Tensor) -> Tensor:
        """Learning rates (S,) of the update number `count`, from 1."""
        rising = torch.clamp((count - 1) / self.warmup.clamp(min=1), max=1)
        return torch.where(self.warmup > 0, self.lr * rising, self.lr)

    def whole(self, gradients: Parameters, parameters: Parameters, l2: bool) -> Parameters:
        """Gradients of the loss with its penalties: l1, and L2 where weight decay is one."""
        if self.penalises:
            gradients = {
                name: gradient + _beside(gradient, self.l1)[0] * parameters[name].sign()
                for name, gradient in gradients.items()
            }
        return _with_l2(gradients, parameters, self.weight_decay) if l2 else gradients

    def start(self, parameters: Parameters) -> Moments:
        """What it remembers before the first update."""
        return {
            moment: {name: torch.zeros_like(value) for name, value in parameters.items()}
            for moment in self.moments
        }

    def update(
        self, parameters: Parameters, gradients: Parameters, moments: Moments, count: Tensor
    ) -> tuple[Parameters, Moments]:
        """Parameters and moments after one update; those without a gradient stay.

        count: number of this update, from 1, a float64 scalar.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class AdamW(Optimiser):
    """Decoupled decay and bias correction, as torch.optim.AdamW."""

    name = "adamw"
    moments = ("first", "second")

    beta1: Tensor
    beta2: Tensor
    eps: Tensor

    def update(
        self, parameters: Parameters, gradients: Parameters, moments: Moments, count: Tensor
    ) -> tuple[Parameters, Moments]:
        """One update of every run."""
        whole = self.whole(gradients, parameters, l2=False)
        shrink = 1 - self.rate(count) * self.weight_decay
        return _adam(self, parameters, whole, moments, count, shrink)


@dataclass(frozen=True)
class Adam(AdamW):
    """L2 in the loss: its gradient passes through the moments, as in torch.optim.Adam."""

    name = "adam"

    def update(
        self, parameters: Parameters, gradients: Parameters, moments: Moments, count: Tensor
    ) -> tuple[Parameters, Moments]:
        """One update of every run."""
        whole = self.whole(gradients, parameters, l2=True)
        return _adam(self, parameters, whole, moments, count, torch.ones_like(self.lr))


@dataclass(frozen=True)
class SGD(Optimiser):
    """Momentum without dampening, L2 in the loss, as torch.optim.SGD."""

    name = "sgd"
    moments = ("momentum",)

    momentum: Tensor

    def update(
        self, parameters: Parameters, gradients: Parameters, moments: Moments, count: Tensor
    ) -> tuple[Parameters, Moments]:
        """One update of every run."""
        values, directions = dict(parameters), dict(moments["momentum"])
        rate = self.rate(count)
        for name, gradient in self.whole(gradients, parameters, l2=True).items():
            kept, size = _beside(gradient, self.momentum, rate)
            directions[name] = kept * directions[name] + gradient
            values[name] = parameters[name] - size * directions[name]
        return values, {"momentum": directions}


OPTIMISERS: dict[str, type[Optimiser]] = {kind.name: kind for kind in (AdamW, Adam, SGD)}
"""Optimisers by name."""


def _beside(like: Tensor, *settings: Tensor) -> list[Tensor]:
    """Settings (S,) in the type and with the dimensions of a parameter (S, ...)."""
    shape = (-1, *[1] * (like.dim() - 1))
    return [value.to(like.dtype).reshape(shape) for value in settings]


def _with_l2(gradients: Parameters, parameters: Parameters, decay: Tensor) -> Parameters:
    """Gradients of the loss plus half of `decay` times the squared norm of each parameter."""
    return {
        name: gradient + _beside(gradient, decay)[0] * parameters[name]
        for name, gradient in gradients.items()
    }


def _adam(
    settings: AdamW,
    parameters: Parameters,
    gradients: Parameters,
    moments: Moments,
    count: Tensor,
    shrink: Tensor,
) -> tuple[Parameters, Moments]:
    """Adam's update of parameters that are multiplied by `shrink` (S,) first."""
    step_size = settings.rate(count) / (1 - settings.beta1**count)
    root_correction = torch.sqrt(1 - settings.beta2**count)
    values, first, second = dict(parameters), dict(moments["first"]), dict(moments["second"])
    for name, gradient in gradients.items():
        # Differences from one are taken in float64: in float32, 1 - 0.999 is off by 5e-5.
        beta1, rest1, beta2, rest2, eps, decay, size, root = _beside(
            gradient,
            settings.beta1,
            1 - settings.beta1,
            settings.beta2,
            1 - settings.beta2,
            settings.eps,
            shrink,
            step_size,
            root_correction,
        )
        m = beta1 * first[name] + rest1 * gradient
        v = beta2 * second[name] + rest2 * gradient * gradient
        values[name] = parameters[name] * decay - size * m / (v.sqrt() / root + eps)
        first[name], second[name] = m, v
    return values, {"first": first, "second": second}
