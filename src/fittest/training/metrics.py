"""What is measured of answers, by name: each a function of losses, hits, labels and weights.

Shapes: n examples, A answers. losses (n, A) float64, nats; right (n, A) float64, 1 where the most
likely class is the label; labels (n, A) int64; weights (n, A) float64, 0 where there is no answer.
A mean over nothing is NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Metric = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def mean(values: Tensor, weights: Tensor, dim: int | None = None) -> Tensor:
    """Weighted mean over everything, or over a dimension."""
    # What has no weight may be infinite.
    counted = torch.where(weights > 0, values * weights, 0)
    if dim is None:
        return counted.sum() / weights.sum()
    return counted.sum(dim) / weights.sum(dim)


def loss(losses: Tensor, right: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy, nats."""
    return mean(losses, weights)


def accuracy(losses: Tensor, right: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Share of answers that are right."""
    return mean(right, weights)


ALWAYS: dict[str, Metric] = {"loss": loss, "accuracy": accuracy}
"""Measured of every run, by name."""
