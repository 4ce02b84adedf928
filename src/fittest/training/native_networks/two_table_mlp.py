"""The two-table MLP in the native kernel (training/native/two_table_mlp.h)."""

from __future__ import annotations

from collections.abc import Iterator

from fittest.models.networks.two_table_mlp import TwoTableMLP
from fittest.training.backend import Ensemble
from fittest.training.native_networks.native_network import Expectation, NativeNetwork

PARAMETERS = (
    "first.weight",
    "second.weight",
    "hidden.weight",
    "hidden.bias",
    "output.weight",
    "output.bias",
)
"""In the order in which the kernel numbers them."""


class NativeTwoTableMLP(NativeNetwork):
    """ReLU, one hidden layer."""

    architecture = 1
    module = TwoTableMLP
    table = "first.weight"
    answering = "output.weight"

    def parameters(self, ensemble: Ensemble) -> tuple[str, ...]:
        """Two tables, and two layers."""
        return PARAMETERS

    def sizes(self, ensemble: Ensemble) -> tuple[int, ...]:
        """p, d, hidden width, classes."""
        p, d = ensemble.initial["first.weight"].shape[1:]
        classes, hidden = ensemble.initial["output.weight"].shape[1:]
        return p, d, hidden, classes

    def operands(self, ensemble: Ensemble) -> int:
        """A pair."""
        return 2

    def expectations(self, ensemble: Ensemble) -> Iterator[Expectation]:
        """Its activation."""
        assert isinstance(ensemble.model, TwoTableMLP)
        activation = ensemble.model.activation
        yield activation == "relu", f"it knows the activation relu, not {activation}"
