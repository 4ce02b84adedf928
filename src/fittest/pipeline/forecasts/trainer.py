"""Who trains a run on this machine, on how many threads, how many networks at once: told without
loading torch.

The native kernel trains a network on each thread: its job takes as many cores as it trains networks
together, and one where starting takes longer than training. torch takes one: its products are too
small for more (two threads were as fast as one, and where something else ran
beside them several times slower), and jobs side by side use all cores whatever their size. So its
results do not depend on how many cores there are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cache
from math import inf
from pathlib import Path

from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.memory import torch_memory
from fittest.runs.cost import flops, kernel_knows, largest_ensemble
from fittest.runs.run import Run
from fittest.training import native_library
from fittest.training.sizes import networks_together

# Compiling takes a minute: only jobs so long that it stays below a tenth of their time do it.
_COMPILE_PAYS_SECONDS = 600.0
_EAGER_FLOPS_PER_SECOND = 25e9
# Two or three seconds of one core, less than a job takes to start: jobs side by side are faster.
_SHORT_FLOPS = 2e11


@cache
def may_use_gpu(device: str) -> bool:
    """Whether training may find a GPU here: torch would know, and takes seconds to load."""
    if device == "cpu" or os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return False
    return any(Path("/dev").glob("nvidia[0-9]*"))


def kernel_obstacle(training: TrainingSettings, cuda: bool = False) -> str | None:
    """Why no run is left to the native kernel; None where the kernel may have those it knows."""
    if training.backend == "torch":
        return "training.backend: torch"
    if training.precision != "full":
        return f"training.precision: {training.precision}"
    if cuda:
        return "training on cuda"
    if not native_library.available():
        return str(native_library.unavailable_reason())
    return None


def kernel_is_used(training: TrainingSettings) -> bool:
    """Whether there is a native kernel and the settings leave the choice to it, on a CPU."""
    return kernel_obstacle(training) is None


def kernel_trains(training: TrainingSettings, run: Run) -> bool:
    """Whether the native kernel trains a run on the CPU; torch otherwise."""
    return kernel_is_used(training) and kernel_knows(run)


def job_threads(training: TrainingSettings, kinds: Sequence[tuple[Run, int]], cores: int) -> int:
    """Threads of a job with these runs, as `alike` tells them apart, of so many cores that it may
    have.

    A GPU has one job at a time: that one takes all of them.
    """
    if may_use_gpu(training.device):
        return cores
    return cpu_threads(training, kinds, cores)


def cpu_threads(training: TrainingSettings, kinds: Sequence[tuple[Run, int]], cores: int) -> int:
    """As `job_threads`, where there is no GPU."""
    # Whether there is a kernel is asked of the system: once, and not for each of many.
    by_kernel = [one for one in kinds if kernel_knows(one[0])] if kernel_is_used(training) else []
    if not by_kernel:
        return min(cores, training.torch_threads)
    if sum(number * flops(run) for run, number in kinds) < _SHORT_FLOPS:
        return 1
    return min(cores, largest_ensemble(by_kernel))


def networks_on_cpu(training: TrainingSettings, run: Run) -> int:
    """How many networks like that of a run torch trains together on a CPU."""
    return networks_together(torch_memory(run, training.dtype), training.memory_gib * 2**30)


def compiled_from(training: TrainingSettings) -> float:
    """FLOPs of an ensemble from which on torch compiles its step on a CPU; inf for never."""
    if training.compile == "always":
        return 0.0
    no_compiler = shutil.which("g++") is None and shutil.which("clang++") is None
    if training.compile == "never" or no_compiler:
        return inf
    return _COMPILE_PAYS_SECONDS * _EAGER_FLOPS_PER_SECOND
