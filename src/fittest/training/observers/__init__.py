"""What is recorded of the weights beside losses, by name: a module each.

Its function `see` makes of stacked parameters (S, ...), and of how many tokens are numbers (they
come first), named values (S, ...). A new one is listed here, in `ObserverName` (runs/parts.py) and
with its columns in store/schema.py.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from fittest.training.observers import signals, squared_norm
from fittest.training.optimisers import Parameters

Observe = Callable[[Parameters], dict[str, Tensor]]

OBSERVERS: dict[str, Callable[[Parameters, int], dict[str, Tensor]]] = {
    "signals": signals.see,
    "squared_norm": squared_norm.see,
}
"""Observers by name."""
