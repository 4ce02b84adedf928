"""How many networks and examples torch computes at once: by bytes, and without loading torch."""

from __future__ import annotations

TOGETHER_BYTES = 128 * 2**20
"""What networks trained together on a CPU may need for an update. Below it what a network costs
falls with their number, as a call does the same for all; above it nothing is gained (measured, CPU
time of a network's step with 1, 8, 32, 128 at once: at 1.7 MiB each 8.8, 2.0, 1.2, 1.2 ms; at 0.9
MiB 6.9, 1.7, 1.0, 0.9 ms; with 1, 2, 4, 8 at 22 MiB each 22, 18, 15, 15 ms)."""

EVALUATED_BYTES = 128 * 2**20
"""What networks measured together may need for the examples of one forward pass."""

_LEAST_EXAMPLES = 64
"""Of each network in a forward pass: products of fewer cost more than their arithmetic."""

_GPU_SHARE = 0.6
"""Share of a GPU's free memory that a job plans with: its neighbours find the rest of it free, and
estimates may err."""


def networks_together(each: float, room: float) -> int:
    """How many networks a CPU trains together. each: bytes of one, for an update. room: bytes that
    they may take in all."""
    return max(1, int(min(TOGETHER_BYTES, room) / each))


def networks_on_gpu(each: float, free: float) -> int:
    """How many networks a GPU trains together that has so many bytes free, whoever has the others:
    jobs that share it come to share its memory. each: bytes of one, for an update."""
    return max(1, int(_GPU_SHARE * free / each))


def examples_together(networks: int, each: float) -> int:
    """How many examples of each of so many networks are measured in one forward pass. each: bytes
    of an example of one network."""
    return max(_LEAST_EXAMPLES, int(EVALUATED_BYTES / (networks * each)))
