"""What torch does with numbers that single precision can hardly hold, on a CPU."""

from __future__ import annotations

import torch


def flushed(loss: str, device: torch.device) -> bool:
    """Whether numbers below 1e-38 are zeros, for a loss of this kind (`arithmetic.loss`).

    Through log-softmax in float32, probabilities of wrong answers come below that once a network
    is sure of the right ones, and CPUs compute with such numbers many times slower: a run of
    40,000 steps slows down from 25 steps in a second to 5. Authors trained on GPUs, which do not
    slow down. The last digits of a run hang on it, as they do on the machine.
    """
    return loss == "float32" and device.type == "cpu"


def flush(on: bool) -> None:
    """Switch for this thread, and threads that it starts later."""
    torch.set_flush_denormal(on)
