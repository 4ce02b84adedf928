"""The network of `fittest.models.embedding_mlp`, as its paper writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.models.activations import Activation, function_of


class EmbeddingMLP(nn.Module):
    """logits = output(f(hidden(f(input([E_a; E_b]))))), f the activation (SiLU in the paper)

    Parameters (p tokens, d embedding dimensions, h1 and h2 hidden widths, C classes):
    embedding.weight (p, d); input.weight (h1, 2 d), input.bias (h1); hidden.weight (h2, h1),
    hidden.bias (h2); output.weight (C, h2), output.bias (C).
    """

    def __init__(
        self,
        p: int,
        d: int,
        hidden: tuple[int, int],
        classes: int,
        activation: Activation = "silu",
    ) -> None:
        super().__init__()
        self.activation = activation
        self.embedding = nn.Embedding(p, d)
        self.input = nn.Linear(2 * d, hidden[0])
        self.hidden = nn.Linear(hidden[0], hidden[1])
        self.output = nn.Linear(hidden[1], classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, C) of the token pairs (N, 2), written as the paper writes it."""
        a, b = self.embedding(tokens[:, 0]), self.embedding(tokens[:, 1])
        return self._tail(self.input(torch.cat([a, b], dim=-1)))

    def forward_examples(self, tokens: Tensor) -> Tensor:
        """The same numbers, the first layer by tables of tokens."""
        first, second = self._tables()
        a = functional.embedding(tokens[:, 0], first)
        return self._tail(a + functional.embedding(tokens[:, 1], second))

    def forward_grid(self) -> Tensor:
        """Logits (p * p, C) of all pairs, a outer and b inner; same numbers as `forward`.

        The first layer is linear in each operand, so two p x h1 tables replace p^2 rows.
        """
        first, second = self._tables()
        pre = first[:, None, :] + second[None, :, :]
        return self._tail(pre.reshape(-1, pre.shape[-1]))

    def _tables(self) -> tuple[Tensor, Tensor]:
        """What each operand adds to the first layer, (p, h1) each; the bias is in the first."""
        table = self.embedding.weight
        weight_a, weight_b = self.input.weight.chunk(2, dim=1)
        return table @ weight_a.T + self.input.bias, table @ weight_b.T

    def _tail(self, pre: Tensor) -> Tensor:
        activate = function_of(self.activation)
        return self.output(activate(self.hidden(activate(pre))))
