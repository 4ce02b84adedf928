"""Metrics that a task asks for (`metrics()` of its settings); shapes as in metrics.py."""

from __future__ import annotations

import torch
from torch import Tensor

from fittest.training.metrics import Metric, mean

_CLASSES = 4096 + 1
"""Most classes of a task: its numbers and a sign."""


def token_losses(losses: Tensor, right: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """(A,) mean cross-entropy of each answer, nats."""
    return mean(losses, weights, dim=0)


def exact(losses: Tensor, right: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Share of examples whose answers are all right."""
    whole = torch.where(weights > 0, right, 1).amin(dim=1)
    return mean(whole, (weights > 0).any(dim=1).to(whole.dtype))


def balanced_accuracy(losses: Tensor, right: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Mean over the classes that occur of the share of their answers that are right."""
    return mean(right, weights / _size_of_class(labels, weights))


def _size_of_class(labels: Tensor, weights: Tensor) -> Tensor:
    """(n, A): weight of all answers with the label that each has; 1 where it has no weight."""
    flat, heavy = labels.flatten(), weights.flatten()
    # Sizes of tensors must not depend on values under vmap.
    sizes = torch.zeros(_CLASSES, dtype=heavy.dtype, device=heavy.device)
    whole = sizes.scatter_add(0, flat, heavy)[flat]
    return torch.where(whole > 0, whole, 1).reshape(weights.shape)


FURTHER: dict[str, Metric] = {f.__name__: f for f in (token_losses, exact, balanced_accuracy)}
"""By name."""
