"""What the native kernel has to be told of a network that it knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn

from fittest.training.backend import Ensemble

Expectation = tuple[bool, str]
"""Whether something is as the kernel takes it to be, and what to say where it is not."""


class NativeNetwork(ABC):
    """One architecture of the kernel.

    architecture: its number there. module: the class it computes, and no subclass of it. table,
    answering: names of the parameter that has a row for each token, and of that with one for each
    answer. drops: whether it knows dropout.
    """

    architecture: ClassVar[int]
    module: ClassVar[type[nn.Module]]
    table: ClassVar[str]
    answering: ClassVar[str]
    drops: ClassVar[bool] = False

    @abstractmethod
    def parameters(self, ensemble: Ensemble) -> tuple[str, ...]:
        """All of them, in the order in which the kernel numbers them."""

    @abstractmethod
    def sizes(self, ensemble: Ensemble) -> tuple[int, ...]:
        """What the kernel builds the network from, in its order."""

    @abstractmethod
    def operands(self, ensemble: Ensemble) -> int:
        """How many tokens of an example the kernel reads, the first ones."""

    def vocabulary(self, ensemble: Ensemble) -> int:
        """How many tokens have a row of their own."""
        return ensemble.initial[self.table].shape[1]

    def classes(self, ensemble: Ensemble) -> int:
        """How many answers there are."""
        return ensemble.initial[self.answering].shape[1]

    def expectations(self, ensemble: Ensemble) -> Iterator[Expectation]:
        """Of the module and the examples; each may rely on those before it."""
        return iter(())

    def check_examples(self, ensemble: Ensemble, tokens: Tensor, labels: Tensor) -> None:
        """ValueError where tokens (N, operands) or labels (N,) would be read out of bounds."""
        bounds = (("tokens", tokens, self.vocabulary), ("labels", labels, self.classes))
        for name, values, bound in bounds:
            most = bound(ensemble) - 1
            if values.numel() and not 0 <= int(values.min()) <= int(values.max()) <= most:
                raise ValueError(f"{name} must lie in 0..{most}")
