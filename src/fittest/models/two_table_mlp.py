"""The network of the cosets paper: a table for each operand, and one hidden layer.

Source: cosets paper, section 4; that the output has a bias, and the initial distribution, are our
choices (cosets methods 1.2, 1.5). The network itself: models/networks/two_table_mlp.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from fittest.models.activations import Activation
from fittest.models.model import Model, Values, Width, refuse_authors
from fittest.streams import INITIAL_EMBEDDING, INITIAL_MLP, stream
from fittest.tasks import Rng
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from fittest.models.networks.two_table_mlp import TwoTableMLP

FIRST = "first.weight"
SECOND = "second.weight"


class TwoTableMLPSettings(Model):
    """Sizes, activation and initial distribution of a `TwoTableMLP`."""

    name: Literal["two_table_mlp"] = "two_table_mlp"
    d: Width = Field(default=32, description="dimensions of each table (cosets, 4)")
    hidden: Width = Field(default=128, description="hidden neurons (cosets, 4)")
    activation: Activation = Field(default="relu", description="of the neurons (cosets, 4)")
    init: Literal["he", "torch_default"] = Field(
        default="he",
        description="he: normal, biases 0; standard deviation sqrt(2/p) of tables, sqrt(2/inputs)"
        " of layers; torch_default: tables N(0,1), layers as torch's Linear (cosets methods 1.5)",
    )

    def reads_tables(self) -> bool:
        """Its first layer is linear in each operand."""
        return True

    def build(self, task: Shape) -> TwoTableMLP:
        """The architecture for `task`; its parameter values mean nothing."""
        from fittest.models.networks.two_table_mlp import TwoTableMLP
        from fittest.models.networks.without_values import without_values

        with without_values():
            return TwoTableMLP(task.vocabulary, self.d, self.hidden, task.classes, self.activation)

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        return (self.name, self.d, self.hidden, self.activation)

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        return frozenset(self._shapes(1, 1))

    def shapes(self, task: Shape) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name: tables, hidden layer, output."""
        return self._shapes(task.vocabulary, task.classes)

    def _shapes(self, vocabulary: int, classes: int) -> dict[str, tuple[int, ...]]:
        return {
            FIRST: (vocabulary, self.d),
            SECOND: (vocabulary, self.d),
            "hidden.weight": (self.hidden, 2 * self.d),
            "hidden.bias": (self.hidden,),
            "output.weight": (classes, self.hidden),
            "output.bias": (classes,),
        }

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """Parameters at step 0, float64: both tables from `seed_embedding`, layers from `seed_mlp`,
        each parameter from a stream of its own."""
        refuse_authors(self.name, rng)
        shapes = self.shapes(task)
        generators = [
            *stream(INITIAL_EMBEDDING, seed_embedding).spawn(2),
            *stream(INITIAL_MLP, seed_mlp).spawn(4),
        ]
        values: dict[str, Values] = {}
        for (name, shape), generator in zip(shapes.items(), generators, strict=True):
            table = name in (FIRST, SECOND)
            if self.init == "torch_default":
                # A layer's bias is as wide as its weight.
                fan_in = shapes[f"{name.partition('.')[0]}.weight"][1]
                bound = 1 / math.sqrt(fan_in)
                values[name] = (
                    generator.standard_normal(shape)
                    if table
                    else generator.uniform(-bound, bound, shape)
                )
            elif name.endswith(".bias"):
                values[name] = np.zeros(shape)
            else:
                deviation = math.sqrt(2 / shape[0 if table else 1])
                values[name] = deviation * generator.standard_normal(shape)
        return values

    def forward_flops(self, task: Shape, examples: int) -> float:
        """The first layer example by example, or as two tables of tokens where these are fewer."""
        rows = min(examples, task.vocabulary)
        return 2.0 * self.hidden * (2 * self.d * rows + task.classes * examples)

    def activations(self, task: Shape) -> int:
        """The hidden layer before and after its activation (relu needs one of them), and the logits
        twice. Operands beside them in small batches, whose memory is nothing to speak of."""
        kinds = 1 if self.activation == "relu" else 2
        return kinds * self.hidden + 2 * task.classes

    def refuse(self, task: Shape) -> str | None:
        """It reads two numbers and gives one answer."""
        if task.length != 2 or task.source or task.answers != (1,):
            return "model.name: two_table_mlp reads two numbers and gives one answer"
        return None

    def describe(self) -> Mapping[str, Any]:
        """Sizes and distribution."""
        return {
            "d": self.d,
            "hidden": [self.hidden],
            "init": self.init,
            "activation": self.activation,
        }
