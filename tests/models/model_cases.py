"""What tests of models share: tasks that are a shape only, and networks with their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from fittest.models.model import Model

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Sequences:
    """A task's shape, and nothing else of it; at `starts` stands the last token but one, no pad,
    and at the end `sign`, where there is one."""

    vocabulary: int
    length: int
    classes: int
    answers: tuple[int, ...]
    source: int = 0
    starts: tuple[int, ...] = ()
    sign: int | None = None

    def tokens(self, n: int, seed: int = 0) -> Tensor:
        """Some sequences (n, T)."""
        generator = np.random.default_rng(seed)
        found = generator.integers(self.vocabulary, size=(n, self.length))
        found[:, list(self.starts)] = self.vocabulary - 2
        if self.sign is not None:
            found[:, -1] = self.sign
        return torch.from_numpy(found)


PROGRESS = Sequences(114, 3, 114, (2,))
EXPONENTS = Sequences(114, 3, 113, (2,))
SIGN = Sequences(114, 3, 114, (2,), sign=113)
PIZZA = Sequences(59, 2, 59, (1,))
PAIRS = Sequences(91, 2, 91, (1,))
DIGITS = Sequences(12, 18, 10, tuple(range(11, 17)))
GCD = Sequences(12, 35, 12, tuple(range(18, 35)), source=18, starts=(0, 18))


def values(model: Model, task: Sequences, seed: int = 0, other: int = 1) -> Parameters:
    """Values at step 0. What starts at 0 or 1 is moved away from there, so that it counts."""
    noise = np.random.default_rng(seed)
    return {
        name: torch.from_numpy(
            value + 0.1 * noise.standard_normal(value.shape) if np.ptp(value) == 0 else value
        )
        for name, value in model.initial(task, seed, other).items()
    }


class Form(nn.Module):
    """Calls another form of a network, so that functional_call reaches it."""

    def __init__(self, model: nn.Module, form: str) -> None:
        super().__init__()
        self.model = model
        self.form = form

    def forward(self, *inputs: Tensor) -> Tensor:
        return getattr(self.model, self.form)(*inputs)


def logits_of(
    model: Model, task: Sequences, form: str = "forward", *inputs: Tensor
) -> Callable[[Parameters], Tensor]:
    """Function from parameters to the logits of a form of the network."""
    network = Form(model.build(task), form)

    def logits(parameters: Parameters) -> Tensor:
        return functional_call(network, {f"model.{k}": v for k, v in parameters.items()}, inputs)

    return logits


def gradients(logits: Callable[[Parameters], Tensor], parameters: Parameters) -> Parameters:
    """Those of a sum of the logits with fixed weights, so that each counts in its own way."""

    def weighed(given: Parameters) -> Tensor:
        found = logits(given)
        return (found * torch.linspace(-1, 1, found.numel()).view_as(found).to(found)).sum()

    return grad(weighed)(parameters)


def assert_same_function(
    one: Callable[[Parameters], Tensor],
    other: Callable[[Parameters], Tensor],
    parameters: Parameters,
    tolerance: float = 1e-10,
) -> None:
    """Equal logits and gradients, relative to the largest of each kind."""
    found, expected = one(parameters), other(parameters)
    assert found.shape == expected.shape
    close(found, expected, tolerance, "logits")
    theirs = gradients(other, parameters)
    for name, value in gradients(one, parameters).items():
        close(value, theirs[name], tolerance, name)


def close(found: Tensor, expected: Tensor, tolerance: float, name: str) -> None:
    """Within a tolerance relative to the largest expected, and 1e-14."""
    bound = tolerance * float(expected.abs().max()) + 1e-14
    assert float((found - expected).abs().max()) <= bound, name
