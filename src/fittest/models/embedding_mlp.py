"""The network of the survival and completeness papers: one embedding table, two hidden layers.

Source: survival paper, section 2 and appendix E; the activation (SiLU) and the initial
distribution of the MLP are stated only by its released code.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from fittest.settings import Settings
from fittest.streams import stream
from fittest.tasks import Rng, Task

EMBEDDING = "embedding.weight"


class EmbeddingMLP(nn.Module):
    """logits = output(SiLU(hidden(SiLU(input([E_a; E_b])))))

    Parameters (p tokens, d embedding dimensions, h1 and h2 hidden widths, C classes):
    embedding.weight (p, d); input.weight (h1, 2 d), input.bias (h1); hidden.weight (h2, h1),
    hidden.bias (h2); output.weight (C, h2), output.bias (C).
    """

    def __init__(self, p: int, d: int, hidden: tuple[int, int], classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(p, d)
        self.input = nn.Linear(2 * d, hidden[0])
        self.hidden = nn.Linear(hidden[0], hidden[1])
        self.output = nn.Linear(hidden[1], classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, C) of the token pairs (N, 2), written as the paper writes it."""
        a, b = self.embedding(tokens[:, 0]), self.embedding(tokens[:, 1])
        return self._tail(self.input(torch.cat([a, b], dim=-1)))

    def forward_grid(self) -> Tensor:
        """Logits (p * p, C) of all pairs, a outer and b inner; same numbers as `forward`.

        The first layer is linear in each operand, so two p x h1 tables replace p^2 rows.
        """
        table = self.embedding.weight
        weight_a, weight_b = self.input.weight.chunk(2, dim=1)
        first = table @ weight_a.T + self.input.bias
        second = table @ weight_b.T
        pre = first[:, None, :] + second[None, :, :]
        return self._tail(pre.reshape(-1, pre.shape[-1]))

    def _tail(self, pre: Tensor) -> Tensor:
        return self.output(functional.silu(self.hidden(functional.silu(pre))))


_NAMES = frozenset(EmbeddingMLP(1, 1, (1, 1), 1).state_dict())


Width = Annotated[int, Field(ge=1)]


class EmbeddingMLPSettings(Settings):
    """Sizes and initial distribution of an `EmbeddingMLP`."""

    name: Literal["embedding_mlp"] = "embedding_mlp"
    d: int = Field(default=128, ge=1, description="embedding dimensions (survival paper, app. E)")
    hidden: tuple[Width, Width] = Field(
        default=(100, 100), description="hidden widths (survival paper, app. E)"
    )
    init: Literal["code", "gauss1"] = Field(
        default="code",
        description="code: embedding N(0,1), MLP as torch's Linear; gauss1: everything N(0,1)"
        " as appendix E of the survival paper says (released code and text disagree)",
    )

    def build(self, task: Task) -> EmbeddingMLP:
        """The architecture for `task`; its parameter values mean nothing."""
        with torch.device("meta"):
            return EmbeddingMLP(task.p, self.d, self.hidden, task.classes)

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        return (self.name, self.d, self.hidden)

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        return _NAMES

    def shapes(self, task: Task) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name, in the order in which values are drawn: MLP, embedding."""
        h1, h2 = self.hidden
        return {
            "input.weight": (h1, 2 * self.d),
            "input.bias": (h1,),
            "hidden.weight": (h2, h1),
            "hidden.bias": (h2,),
            "output.weight": (task.classes, h2),
            "output.bias": (task.classes,),
            EMBEDDING: (task.p, self.d),
        }

    def initial(
        self, task: Task, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Tensor]:
        """Parameters at step 0, float64, as a function of the two seeds alone.

        With ``rng="authors"`` both are cut from the single stream that the released code
        consumes in the order of `shapes` (survival methods 1.4).
        """
        if rng == "authors":
            mlp = self._authors_stream(task, seed_mlp)
            return mlp | {EMBEDDING: self._authors_stream(task, seed_embedding)[EMBEDDING]}
        generators = {True: stream("embedding", seed_embedding), False: stream("mlp", seed_mlp)}
        values = {}
        for name, shape in self.shapes(task).items():
            generator = generators[name == EMBEDDING]
            bound = self._uniform_bound(name)
            drawn = (
                generator.standard_normal(shape)
                if bound is None
                else generator.uniform(-bound, bound, shape)
            )
            values[name] = torch.from_numpy(drawn)
        return values

    def _authors_stream(self, task: Task, seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        values = {}
        for name, shape in self.shapes(task).items():
            value = torch.empty(shape, dtype=torch.float64)
            bound = self._uniform_bound(name)
            if bound is None:
                value.normal_(generator=generator)
            elif value.dim() > 1:
                # torch's own bound differs from ours in the last bit.
                nn.init.kaiming_uniform_(value, a=math.sqrt(5), generator=generator)
            else:
                value.uniform_(-bound, bound, generator=generator)
            values[name] = value
        return values

    def _uniform_bound(self, name: str) -> float | None:
        """Half-width of the uniform distribution of `name`; None where it is N(0, 1)."""
        if name == EMBEDDING or self.init == "gauss1":
            return None
        fan_in = {"input": 2 * self.d, "hidden": self.hidden[0], "output": self.hidden[1]}
        return 1.0 / math.sqrt(fan_in[name.partition(".")[0]])

    def flops_per_step(self, task: Task, n_train: int) -> float:
        """Matmul FLOPs of one update (multiply-add = 2, backward = 2 x forward, tables for
        the first layer; survival methods 5.1)."""
        h1, h2 = self.hidden
        return 6.0 * n_train * (h1 * h2 + h2 * task.classes) + 12.0 * h1 * task.p * self.d
