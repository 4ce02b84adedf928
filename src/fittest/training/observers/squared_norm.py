"""The sum of squared weights (progress paper, section 5.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from fittest.training.optimisers import Parameters


def see(parameters: Parameters, numbers: int) -> dict[str, Tensor]:
    """Sum of the squares of all parameters, frozen ones included."""
    each = [value.double().square().flatten(1).sum(dim=1) for value in parameters.values()]
    return {"squared_norm": torch.stack(each).sum(dim=0)}
