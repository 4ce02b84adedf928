"""What every model's settings answer: the facts of a network, before there is one.

Nobody outside a model's files knows how its parameters are called or which sizes it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fittest.settings import Settings
from fittest.tasks import Rng
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from torch import nn

Values = NDArray[np.float64]
"""Values of a parameter at step 0."""

Width = Annotated[int, Field(ge=1)]
"""Number of neurons, dimensions, layers or heads."""

EMBEDDING = "embedding.weight"
"""The table of tokens, in models that have one for all positions."""


def refuse_authors(model: str, rng: Rng) -> None:
    """ValueError where initial values are wanted from a released code's stream that none has."""
    if rng == "authors":
        raise ValueError(
            f"rng: {model} has initial values from our streams only; set it to streams"
        )


class Model(Settings):
    """A network's architecture and its distribution of initial weights.

    A subclass has a field `name` and answers what raises NotImplementedError here. The nn.Module
    that `build` makes has `forward(tokens (n, T)) -> logits (n, A, C)` as its paper writes it, or
    (n, C) if it gives one answer only. It may have a cheaper exact form: `forward_grid()` for all
    pairs of a grid, a outer and b inner, or `forward_examples(tokens)` for any examples; both agree
    with `forward` to rounding. With dropout, each of them takes a second argument, `kept` (n,
    *dropout_shape): 1 / (1 - rate) where a value stays, 0 where it is dropped; None: all stay.
    """

    def reads_tables(self) -> bool:
        """Whether `forward_grid` is the cheap way to compute all pairs of a task."""
        return False

    def drawn_by_authors(self) -> bool:
        """Whether `rng: authors` can draw its initial values, as a released code does."""
        return False

    def build(self, task: Shape) -> nn.Module:
        """The network for a task, on the meta device: its parameter values mean nothing."""
        raise NotImplementedError

    def shapes(self, task: Shape) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name, as in ``nn.Module.named_parameters``."""
        raise NotImplementedError

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """Parameters at step 0, float64: a function of the seeds, that of tables of tokens and
        positions and that of everything else."""
        raise NotImplementedError

    def refuse(self, task: Shape) -> str | None:
        """Why it cannot learn a task, naming the setting; None where it can."""
        raise NotImplementedError

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        raise NotImplementedError

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        raise NotImplementedError

    def forward_flops(self, task: Shape, examples: int) -> float:
        """Matmul FLOPs of the forward pass over so many examples (multiply-add = 2), in the
        cheapest exact form that the backends have."""
        raise NotImplementedError

    def flops_per_step(self, task: Shape, examples: int) -> float:
        """Matmul FLOPs of an update on so many examples: the backward pass costs two forward."""
        return 3.0 * self.forward_flops(task, examples)

    def activations(self, task: Shape) -> int:
        """Numbers that the torch backend holds for each example of an update: what the forward
        pass keeps for the backward pass."""
        raise NotImplementedError

    def dropout_shape(self, task: Shape) -> tuple[int, ...] | None:
        """Shape of what dropout drops of one example; None where there is no dropout."""
        return None

    def dropout_rate(self) -> float:
        """Share that is dropped, of models whose `dropout_shape` is one."""
        raise NotImplementedError

    def kept_by_default(self) -> tuple[str, ...]:
        """Parameters kept at a run's last step unless its settings name others."""
        return tuple(sorted(self.parameter_names()))

    def observed_by_default(self) -> tuple[str, ...]:
        """Observers of a run unless its settings name others."""
        return ()

    def describe(self) -> Mapping[str, Any]:
        """Columns of the `runs` table that describe it: d, hidden, init, activation, and others
        that the table has; the name aside."""
        raise NotImplementedError

    def count(self, task: Shape) -> int:
        """Number of parameters."""
        return sum(prod(shape) for shape in self.shapes(task).values())
