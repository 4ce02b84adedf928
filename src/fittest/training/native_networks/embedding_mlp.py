"""The embedding MLP in the native kernel (training/native/embedding_mlp.h)."""

from __future__ import annotations

from collections.abc import Iterator

from fittest.models.networks.embedding_mlp import EmbeddingMLP
from fittest.training.backend import Ensemble
from fittest.training.native_networks.native_network import Expectation, NativeNetwork

PARAMETERS = (
    "embedding.weight",
    "input.weight",
    "input.bias",
    "hidden.weight",
    "hidden.bias",
    "output.weight",
    "output.bias",
)
"""In the order in which the kernel numbers them."""


class NativeEmbeddingMLP(NativeNetwork):
    """SiLU, two hidden layers."""

    architecture = 0
    module = EmbeddingMLP
    table = "embedding.weight"
    answering = "output.weight"

    def parameters(self, ensemble: Ensemble) -> tuple[str, ...]:
        """The table, and three layers."""
        return PARAMETERS

    def sizes(self, ensemble: Ensemble) -> tuple[int, ...]:
        """p, d, both hidden widths, classes."""
        p, d = ensemble.initial["embedding.weight"].shape[1:]
        h2, h1 = ensemble.initial["hidden.weight"].shape[1:]
        return p, d, h1, h2, ensemble.initial["output.weight"].shape[1]

    def operands(self, ensemble: Ensemble) -> int:
        """A pair."""
        return 2

    def expectations(self, ensemble: Ensemble) -> Iterator[Expectation]:
        """Its activation."""
        assert isinstance(ensemble.model, EmbeddingMLP)
        activation = ensemble.model.activation
        yield activation == "silu", f"it knows the activation silu, not {activation}"
