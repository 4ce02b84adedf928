"""The activations that networks can be given by name. Imports torch only to make one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Activation = Literal["silu", "relu", "gelu", "square"]


def function_of(name: Activation) -> Callable[[Tensor], Tensor]:
    """The elementwise function: x sigmoid(x), max(x, 0), x Phi(x) (not its tanh form), or x^2."""
    import torch
    from torch.nn import functional

    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "silu": functional.silu,
        "relu": functional.relu,
        "gelu": functional.gelu,
        "square": torch.square,
    }
    return functions[name]
