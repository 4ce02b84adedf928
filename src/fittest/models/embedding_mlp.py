"""The network of the survival and completeness papers: one embedding table, two hidden layers.

Source: survival paper, section 2 and appendix E; its activation (SiLU) and the initial
distribution of the MLP are stated only by its released code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from fittest.models.activations import Activation
from fittest.models.model import EMBEDDING, Model, Values, Width
from fittest.streams import INITIAL_EMBEDDING, INITIAL_MLP, stream
from fittest.tasks import Rng
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from fittest.models.networks.embedding_mlp import EmbeddingMLP

_NAMES = frozenset(
    f"{layer}.{kind}" for layer in ("input", "hidden", "output") for kind in ("weight", "bias")
) | {EMBEDDING}


class EmbeddingMLPSettings(Model):
    """Sizes, activation and initial distribution of an `EmbeddingMLP`."""

    name: Literal["embedding_mlp"] = "embedding_mlp"
    d: int = Field(default=128, ge=1, description="embedding dimensions (survival paper, app. E)")
    hidden: tuple[Width, Width] = Field(
        default=(100, 100), description="hidden widths (survival paper, app. E)"
    )
    activation: Activation = Field(
        default="silu",
        description="after each hidden layer (silu: released code); square: x^2",
    )
    init: Literal["code", "gauss1"] = Field(
        default="code",
        description="code: embedding N(0,1), MLP as torch's Linear; gauss1: everything N(0,1)"
        " as appendix E of the survival paper says (released code and text disagree)",
    )

    def reads_tables(self) -> bool:
        """Its first layer is two tables of tokens."""
        return True

    def drawn_by_authors(self) -> bool:
        """The survival paper's code."""
        return True

    def build(self, task: Shape) -> EmbeddingMLP:
        """The architecture for `task`; its parameter values mean nothing."""
        from fittest.models.networks.embedding_mlp import EmbeddingMLP
        from fittest.models.networks.without_values import without_values

        with without_values():
            return EmbeddingMLP(task.vocabulary, self.d, self.hidden, task.classes, self.activation)

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        return (self.name, self.d, self.hidden, self.activation)

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        return _NAMES

    def shapes(self, task: Shape) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name, in the order in which values are drawn: MLP, embedding."""
        h1, h2 = self.hidden
        return {
            "input.weight": (h1, 2 * self.d),
            "input.bias": (h1,),
            "hidden.weight": (h2, h1),
            "hidden.bias": (h2,),
            "output.weight": (task.classes, h2),
            "output.bias": (task.classes,),
            EMBEDDING: (task.vocabulary, self.d),
        }

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """Parameters at step 0, float64, as a function of the two seeds alone.

        With ``rng="authors"`` both are cut from the single stream that the released code
        consumes in the order of `shapes` (survival methods 1.4).
        """
        if rng == "authors":
            mlp = self._authors_stream(task, seed_mlp)
            return mlp | {EMBEDDING: self._authors_stream(task, seed_embedding)[EMBEDDING]}
        generators = {
            True: stream(INITIAL_EMBEDDING, seed_embedding),
            False: stream(INITIAL_MLP, seed_mlp),
        }
        values: dict[str, Values] = {}
        for name, shape in self.shapes(task).items():
            generator = generators[name == EMBEDDING]
            bound = self._uniform_bound(name)
            values[name] = (
                generator.standard_normal(shape)
                if bound is None
                else generator.uniform(-bound, bound, shape)
            )
        return values

    def _authors_stream(self, task: Shape, seed: int) -> dict[str, Values]:
        import torch

        generator = torch.Generator().manual_seed(seed)
        values = {}
        for name, shape in self.shapes(task).items():
            value = torch.empty(shape, dtype=torch.float64)
            bound = self._uniform_bound(name)
            if bound is None:
                value.normal_(generator=generator)
            elif value.dim() > 1:
                # torch's own bound differs from ours in the last bit.
                torch.nn.init.kaiming_uniform_(value, a=math.sqrt(5), generator=generator)
            else:
                value.uniform_(-bound, bound, generator=generator)
            values[name] = value.numpy()
        return values

    def _uniform_bound(self, name: str) -> float | None:
        """Half-width of the uniform distribution of `name`; None where it is N(0, 1)."""
        if name == EMBEDDING or self.init == "gauss1":
            return None
        fan_in = {"input": 2 * self.d, "hidden": self.hidden[0], "output": self.hidden[1]}
        return 1.0 / math.sqrt(fan_in[name.partition(".")[0]])

    def forward_flops(self, task: Shape, examples: int) -> float:
        """The first layer as two tables of tokens, the others example by example (survival methods
        5.1)."""
        h1, h2 = self.hidden
        return 2.0 * examples * (h1 * h2 + h2 * task.classes) + 4.0 * h1 * task.vocabulary * self.d

    def activations(self, task: Shape) -> int:
        """Both hidden layers before and after their activation, and the logits twice."""
        return 2 * (sum(self.hidden) + task.classes)

    def refuse(self, task: Shape) -> str | None:
        """It reads two numbers and gives one answer."""
        if task.length != 2 or task.source or task.answers != (1,):
            return "model.name: embedding_mlp reads two numbers and gives one answer"
        return None

    def kept_by_default(self) -> tuple[str, ...]:
        """The embedding: what the papers are about."""
        return (EMBEDDING,)

    def observed_by_default(self) -> tuple[str, ...]:
        """The embedding's signals."""
        return ("signals",)

    def describe(self) -> Mapping[str, Any]:
        """Sizes and distribution."""
        return {
            "d": self.d,
            "hidden": list(self.hidden),
            "init": self.init,
            "activation": self.activation,
        }
