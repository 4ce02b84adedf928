"""The network of `fittest.models.two_table_mlp`, as its paper writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.models.activations import Activation, function_of


class TwoTableMLP(nn.Module):
    """logits = output(f(hidden([A_a; B_b]))), f the activation (ReLU in the paper)

    Parameters (p tokens, d dimensions, H neurons, C classes): first.weight and second.weight
    (p, d), the tables A and B of the two operands; hidden.weight (H, 2 d), hidden.bias (H);
    output.weight (C, H), output.bias (C).
    """

    def __init__(
        self, p: int, d: int, hidden: int, classes: int, activation: Activation = "relu"
    ) -> None:
        super().__init__()
        self.activation = activation
        self.first = nn.Embedding(p, d)
        self.second = nn.Embedding(p, d)
        self.hidden = nn.Linear(2 * d, hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (n, C) of the pairs (n, 2), written as the paper writes it."""
        a, b = self.first(tokens[:, 0]), self.second(tokens[:, 1])
        return self._tail(self.hidden(torch.cat([a, b], dim=-1)))

    def forward_examples(self, tokens: Tensor) -> Tensor:
        """The same numbers; where there are more examples than tokens, the first layer by tables of
        tokens, as it is linear in each operand."""
        if len(tokens) <= len(self.first.weight):
            return self.forward(tokens)
        a, b = self._tables()
        return self._tail(
            functional.embedding(tokens[:, 0], a) + functional.embedding(tokens[:, 1], b)
        )

    def forward_grid(self) -> Tensor:
        """Logits (p * p, C) of all pairs, a outer and b inner."""
        a, b = self._tables()
        return self._tail((a[:, None, :] + b[None, :, :]).flatten(0, 1))

    def _tables(self) -> tuple[Tensor, Tensor]:
        """What each operand adds to the hidden layer, (p, H) each; the bias is in the first."""
        weight_a, weight_b = self.hidden.weight.chunk(2, dim=1)
        first = functional.linear(self.first.weight, weight_a, self.hidden.bias)
        return first, functional.linear(self.second.weight, weight_b)

    def _tail(self, pre: Tensor) -> Tensor:
        return self.output(function_of(self.activation)(pre))
