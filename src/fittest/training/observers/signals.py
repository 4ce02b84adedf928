"""Signals of the embedding's Fourier components, and of its gradient's (survival methods 2)."""

from __future__ import annotations

from torch import Tensor

from fittest import fourier
from fittest.training.optimisers import Parameters

EMBEDDING = "embedding.weight"
"""Name of a table of tokens, one for all operands."""


def see(parameters: Parameters, numbers: int) -> dict[str, Tensor]:
    """Signals of the embedding of the first so many tokens, and their mean over all bins."""
    signals, mean = fourier.spectrum(parameters[EMBEDDING][:, :numbers])
    return {"signals": signals.float(), "signal_mean": mean.float()}


def gradient_signals(gradient: Tensor) -> dict[str, Tensor]:
    """Norms by frequency of the gradient (S, p, d) by the embedding (survival methods 2.9)."""
    return {"gradient_signals": fourier.signals(gradient).float()}
