"""Which backend trains an ensemble on this machine, and how many networks at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

import torch

from fittest.errors import DeviceError
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.memory import evaluated_together, torch_memory
from fittest.pipeline.forecasts.trainer import compiled_from, kernel_obstacle, networks_on_cpu
from fittest.pipeline.running.allocator import keep_freed_memory
from fittest.runs.run import Run
from fittest.training import low_precision, native_backend, native_library
from fittest.training.backend import Backend, Ensemble
from fittest.training.first_step import check_first_step
from fittest.training.sizes import networks_on_gpu
from fittest.training.splitting import SplittingBackend
from fittest.training.torch_backend import TorchBackend

log = logging.getLogger(__name__)


def resolve_device(settings: TrainingSettings) -> torch.device:
    """The device to train on; DeviceError where cuda is demanded and there is none."""
    available = torch.cuda.is_available()
    if settings.device == "cuda" and not available:
        raise DeviceError(
            "config/config.yaml: training.device: cuda is demanded, but torch sees no CUDA device"
            " here; use device: auto, or install a CUDA build of torch on a machine with a GPU"
        )
    use_cuda = settings.device == "cuda" or (settings.device == "auto" and available)
    return torch.device("cuda" if use_cuda else "cpu")


@cache
def _warn_once(reason: str) -> None:
    log.warning("training with torch, not with the native kernel: %s", reason)


@cache
def _tell_of_a_better_kernel(variant: str) -> None:
    log.warning(
        "training with the kernel for %s; this processor would be faster with that for %s, which"
        " was not built: FITTEST_KERNELS=all (docs/troubleshooting.md, No compiler)",
        native_library.loaded_variant(),
        variant,
    )


def native_obstacle(
    settings: TrainingSettings, ensemble: Ensemble, runs: Sequence[Run], cuda: bool
) -> str | None:
    """Why the native kernel does not apply; None where it does."""
    if (obstacle := kernel_obstacle(settings, cuda)) is not None:
        return obstacle
    return native_backend.supports(ensemble, (run.model_dump() for run in runs))


def networks_at_once(settings: TrainingSettings, run: Run, device: torch.device) -> int:
    """How many networks like that of a run the torch backend trains together, by memory."""
    if device.type == "cpu":
        return networks_on_cpu(settings, run)
    free, _ = torch.cuda.mem_get_info(device)
    # What this process holds and does not use is free to it alone.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return networks_on_gpu(torch_memory(run, settings.dtype), free + unused)


def _compiles(settings: TrainingSettings, flops: float, device: torch.device) -> bool:
    if device.type == "cuda" and settings.compile == "auto":
        return True
    return flops > compiled_from(settings)


def choose_backend(
    settings: TrainingSettings, ensemble: Ensemble, runs: Sequence[Run], flops: float, threads: int
) -> Backend:
    """The backend for an ensemble of `runs` whose whole training costs `flops`.

    Raises DeviceError where a demanded device or backend is not to be had, and TrainingError where
    the native kernel would train something else than the modules say. That is looked at whenever a
    job starts, also one that resumes: it may have come to another machine or build.
    """
    device = resolve_device(settings)
    # Also beside the native kernel: what is recorded is computed with torch.
    torch.set_num_threads(threads)
    # Set both ways: the switch must not outlive the ensemble that asked for it.
    low_precision.flush(low_precision.flushed(runs[0].arithmetic.loss, device))
    obstacle = native_obstacle(settings, ensemble, runs, device.type == "cuda")
    if obstacle is None:
        if missing := native_library.better_variant():
            _tell_of_a_better_kernel(missing)
        check_first_step(ensemble, runs[0].run_id)
        return native_backend.NativeBackend(ensemble, threads=threads)
    if settings.backend == "native":
        raise DeviceError(
            f"config/config.yaml: training.backend: native is demanded, but: {obstacle};"
            " use backend: auto"
        )
    # Who chose another precision knows that the kernel has none.
    if settings.backend == "auto" and settings.precision == "full" and device.type == "cpu":
        _warn_once(obstacle)
    if device.type == "cpu" and settings.precision == "tf32":
        raise DeviceError(
            "config/config.yaml: training.precision: tf32 exists on cuda only; use full"
        )
    # Both ways, too.
    torch.backends.cuda.matmul.allow_tf32 = settings.precision == "tf32"
    if device.type == "cpu":
        keep_freed_memory()
    compile_step = _compiles(settings, flops, device)
    return SplittingBackend(
        ensemble,
        lambda part: TorchBackend(
            part,
            device,
            compile_step=compile_step,
            bfloat16=settings.precision == "bfloat16",
            cuda_graphs=settings.cuda_graphs,
            evaluated=evaluated_together(runs[0], part.size, settings.dtype),
        ),
        networks_at_once(settings, runs[0], device),
    )
