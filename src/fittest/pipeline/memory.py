"""Predicted peak memory of a job, for plans and for asking a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import prod

from fittest.models import ModelSettings
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import kernel_knows, recorded_rows
from fittest.runs.run import Run
from fittest.tasks import TaskSettings
from fittest.training import native_library

# Python with torch, pandas and pyarrow loaded, measured as resident memory.
_PROCESS_BYTES = 450 * 2**20
# Initial values, weights, two moments, the kernel's packed copies, and a restart point in flight.
_MODEL_COPIES = 10
_ROW_BYTES_BESIDE_SIGNALS = 60
# A trajectory as a data frame, list columns as objects, and the copies of sorting it by run:
# measured at 230 to 310 for 29 frequencies.
_FRAME_ROW_BYTES = 300
# On disk, floats as good as uncompressed: 154 bytes a row measured for 29 frequencies.
_DISK_ROW_BYTES = 40


@cache
def _sizes(task: TaskSettings, model: ModelSettings) -> tuple[int, int]:
    """(parameters of a network, pairs of its task)."""
    built = task.build()
    return sum(prod(s) for s in model.shapes(built).values()), len(built.labels)


def run_memory(run: Run, item_bytes: int) -> float:
    """Bytes that a run keeps while it trains, activations aside."""
    parameters, pairs = _sizes(run.task, run.model)
    rows = recorded_rows(run) * (2 * run.task.p + _ROW_BYTES_BESIDE_SIGNALS)
    # Rows exist twice while the table is put together.
    return _MODEL_COPIES * item_bytes * parameters + 2 * rows + pairs


def shard_memory(project: Project, shard: Shard) -> float:
    """Predicted peak memory of a shard's job on the CPU, bytes."""
    training = project.config.training
    item_bytes = 8 if training.dtype == "float64" else 4
    # The native kernel keeps one block of activations per thread: nothing to speak of.
    native = (
        training.backend != "torch"
        and training.precision == "full"
        and native_library.available()
        and all(kernel_knows(run) for run in shard.runs)
    )
    activations = 0.0 if native else training.memory_gib * 2**30
    return _PROCESS_BYTES + activations + sum(run_memory(run, item_bytes) for run in shard.runs)


def collect_memory(runs: Iterable[Run]) -> float:
    """Predicted peak memory of summarising runs, bytes."""
    rows = sum(recorded_rows(run) * (_FRAME_ROW_BYTES + 4 * run.task.p) for run in runs)
    return float(_PROCESS_BYTES + rows)


def run_disk(run: Run) -> float:
    """Bytes that a finished run takes: its rows, its final weights and its checkpoints."""
    shapes = run.model.shapes(run.task.build())
    final = sum(prod(shapes[name]) for name in run.recording.final)
    every = run.recording.checkpoints_every
    checkpoints = run.steps // every + 1 if every else 0
    lists = 2 if run.recording.gradients else 1
    row = _DISK_ROW_BYTES + 4 * lists * (run.task.p // 2)
    weights = 4 * (final + checkpoints * sum(prod(shape) for shape in shapes.values()))
    return float(recorded_rows(run) * row + weights)
