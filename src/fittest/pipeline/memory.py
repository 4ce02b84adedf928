"""Predicted peak memory of a job, for plans and for asking a cluster."""

from __future__ import annotations

from functools import cache
from math import prod

from fittest.models import ModelSettings
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.run import Run
from fittest.tasks import TaskSettings
from fittest.training import native_backend

# Python with torch, pandas and pyarrow loaded, measured as resident memory.
_PROCESS_BYTES = 450 * 2**20
# Initial values, weights, two moments, the kernel's packed copies, and a restart point in flight.
_MODEL_COPIES = 10
_ROW_BYTES_BESIDE_SIGNALS = 60


def recorded_rows(run: Run) -> int:
    """Rows of the trajectory of a run that goes to its limit."""
    recording = run.recording
    dense = min(recording.dense_until, run.steps)
    sparse = run.steps // recording.every - dense // recording.every
    last = run.steps > dense and run.steps % recording.every != 0
    return 1 + dense + sparse + last


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
        training.backend != "torch" and training.precision == "full" and native_backend.available()
    )
    activations = 0.0 if native else training.memory_gib * 2**30
    return _PROCESS_BYTES + activations + sum(run_memory(run, item_bytes) for run in shard.runs)
