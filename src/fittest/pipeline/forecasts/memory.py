"""Predicted peak memory of a job, for plans and for asking a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import prod

from fittest.data import WholeTable
from fittest.models import ModelSettings
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import (
    alike,
    evaluated_examples,
    examples_per_step,
    kernel_knows,
    recorded_rows,
)
from fittest.runs.run import Run
from fittest.tasks import TaskSettings
from fittest.training import native_library
from fittest.training.sizes import examples_together, networks_together

# Python with torch, pandas and pyarrow loaded, measured as resident memory.
_PROCESS_BYTES = 450 * 2**20
# Initial values, weights, two moments, the kernel's packed copies, and a restart point in flight.
_MODEL_COPIES = 10
_ROW_BYTES_BESIDE_LISTS = 60
# Forward values, their gradients, and what vmap holds in between (measured: 2.2 to 2.9).
_ACTIVATION_COPIES = 3.0
# Of what a forward pass for an update keeps; without one, values go as soon as they are used
# (measured on transformers: 1.1 to 1.4).
_EVALUATION_COPIES = 1.4
# A trajectory as a data frame, list columns as objects, and the copies of sorting it by run:
# measured at 230 to 310 for 29 frequencies.
_FRAME_ROW_BYTES = 300
# On disk, floats as good as uncompressed: 154 bytes a row measured for 29 frequencies.
_DISK_ROW_BYTES = 40


@cache
def _sizes(task: TaskSettings, model: ModelSettings) -> tuple[int, int]:
    """(parameters of a network, numbers that torch holds for an example of an update)."""
    shape = task.shape()
    return model.count(shape), model.activations(shape)


def _item_bytes(run: Run, dtype: str) -> int:
    return 8 if (run.arithmetic.dtype or dtype) == "float64" else 4


def torch_memory(run: Run, dtype: str) -> float:
    """Bytes that the torch backend needs for a network while it makes an update.

    dtype: of runs that name none themselves.
    """
    parameters, activations = _sizes(run.task, run.model)
    whole = isinstance(run.trained_on, WholeTable)
    examples = evaluated_examples(run) if whole else examples_per_step(run)
    numbers = 6.0 * parameters + _ACTIVATION_COPIES * examples * activations
    return _item_bytes(run, dtype) * numbers


def evaluated_together(run: Run, networks: int, dtype: str) -> int:
    """Examples of each of so many networks that torch measures in one forward pass, unless they are
    a whole table; dtype as above."""
    _, activations = _sizes(run.task, run.model)
    return examples_together(networks, _EVALUATION_COPIES * _item_bytes(run, dtype) * activations)


def run_memory(run: Run, dtype: str) -> float:
    """Bytes that a run keeps while it trains, activations aside."""
    parameters, _ = _sizes(run.task, run.model)
    rows = recorded_rows(run) * row_bytes(run)
    # Rows exist twice while the table is put together.
    return _MODEL_COPIES * _item_bytes(run, dtype) * parameters + 2 * rows + _examples_bytes(run)


def row_bytes(run: Run) -> float:
    """Bytes of a recorded row in memory."""
    lists = ("signals" in run.observers) + run.recording.gradients
    losses = 8 * run.recording.every if run.recording.every_loss else 0
    return _ROW_BYTES_BESIDE_LISTS + 2 * lists * getattr(run.task, "p", 0) + losses


def _examples_bytes(run: Run) -> float:
    """Bytes of what a run's own choice of examples takes; the task's are shared."""
    shape = run.task.shape()
    if isinstance(run.trained_on, WholeTable):
        return float(evaluated_examples(run))
    return 8.0 * evaluated_examples(run) * (shape.length + 2 * len(shape.answers))


def shard_memory(project: Project, shard: Shard) -> float:
    """Predicted peak memory of a shard's job on the CPU, bytes."""
    training = project.config.training
    kernel = (
        training.backend != "torch" and training.precision == "full" and native_library.available()
    )
    # The native kernel keeps one block of activations per thread: nothing to speak of.
    kinds = alike(shard.runs)
    by_torch = [(run, number) for run, number in kinds if not (kernel and kernel_knows(run))]
    together = sum(number for _, number in by_torch)
    activations = max((_at_once(run, together, training) for run, _ in by_torch), default=0.0)
    kept = sum(number * run_memory(run, training.dtype) for run, number in kinds)
    return _PROCESS_BYTES + activations + kept


def _at_once(run: Run, networks: int, training: TrainingSettings) -> float:
    """Bytes of the networks like that of a run which torch trains together, of so many."""
    each = torch_memory(run, training.dtype)
    return each * min(networks_together(each, training.memory_gib * 2**30), max(1, networks))


def collect_memory(runs: Iterable[Run]) -> float:
    """Predicted peak memory of summarising runs, bytes."""
    lists = ((run, row_bytes(run) - _ROW_BYTES_BESIDE_LISTS) for run in runs)
    rows = sum(recorded_rows(run) * (_FRAME_ROW_BYTES + 2 * bytes_) for run, bytes_ in lists)
    return float(_PROCESS_BYTES + rows)


def run_disk(run: Run) -> float:
    """Bytes that a finished run takes: its rows, its final weights and its checkpoints."""
    shapes = run.model.shapes(run.task.shape())
    final = sum(prod(shapes[name]) for name in run.kept)
    every = run.recording.checkpoints_every
    checkpoints = run.steps // every + 1 if every else 0
    row = _DISK_ROW_BYTES + row_bytes(run) - _ROW_BYTES_BESIDE_LISTS
    weights = 4 * (final + checkpoints * sum(prod(shape) for shape in shapes.values()))
    return float(recorded_rows(run) * row + weights)
