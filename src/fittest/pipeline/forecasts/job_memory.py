"""Predicted peak memory of a job and what it leaves on disk, for plans and for asking a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fittest.analysis.reductions import REDUCTIONS
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.memory import (
    ROW_BYTES_BESIDE_LISTS,
    evaluation_memory,
    item_bytes,
    row_bytes,
    run_memory,
    torch_memory,
)
from fittest.pipeline.forecasts.trainer import kernel_trains, networks_on_cpu
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import alike, kept_bytes, recorded_rows
from fittest.runs.run import Run

# Python with torch, pandas and pyarrow loaded and once used, measured as resident memory.
_PROCESS_BYTES = 430 * 2**20
# Recorded weights in memory at once while they are put in the order of runs (training/record.py).
_SORTED_BYTES = 256 * 2**20
# A trajectory as a data frame, list columns as objects, and the copies of sorting it by run:
# measured at 230 to 310 for 29 frequencies.
_FRAME_ROW_BYTES = 300
# A run of the summary: its row, and those of its frequencies.
_SUMMARY_BYTES = 12_000
_SUMMARY_ROW_BYTES = 120
# On disk, floats as good as uncompressed: 154 bytes a row measured for 29 frequencies.
_DISK_ROW_BYTES = 40


def shard_memory(project: Project, shard: Shard) -> float:
    """Predicted peak memory of a shard's job on the CPU, bytes: while it trains, or while it writes
    what it has recorded."""
    training = project.config.training
    kinds = shard.kinds
    # The native kernel keeps one block of activations per thread: nothing to speak of.
    by_torch = [(run, number) for run, number in kinds if not kernel_trains(training, run)]
    together = sum(number for _, number in by_torch)
    working = max((_working(run, together, training) for run, _ in by_torch), default=0.0)
    kept = sum(number * run_memory(run, training.dtype) for run, number in kinds)
    return _PROCESS_BYTES + max(working + kept, _writing(kinds, training))


def _working(run: Run, networks: int, training: TrainingSettings) -> float:
    """Bytes of an update or an evaluation of the networks like that of a run which torch trains
    together, of so many."""
    together = min(networks_on_cpu(training, run), networks)
    update = together * torch_memory(run, training.dtype)
    return max(update, evaluation_memory(run, together, training.dtype))


def _writing(kinds: Sequence[tuple[Run, int]], training: TrainingSettings) -> float:
    """Bytes of putting rows and weights in the order of runs."""
    rows = sum(2 * number * recorded_rows(run) * row_bytes(run) for run, number in kinds)
    sizes = [
        (number, kept_bytes(run) * item_bytes(run, training.dtype) / 4) for run, number in kinds
    ]
    # Weights of a run that are more than that are read step by step.
    weights = sum(number * size for number, size in sizes if size <= _SORTED_BYTES)
    return rows + min(weights, _SORTED_BYTES)


def collect_memory(shards: Iterable[Shard], runs: Iterable[Run]) -> float:
    """Predicted peak memory of summarising runs out of the shards that hold them, bytes: the rows
    of the largest shard, and what has been made of all runs."""
    rows = max((_frame_bytes(shard) for shard in shards), default=0.0)
    made = sum(
        number * (_SUMMARY_BYTES + _SUMMARY_ROW_BYTES * (getattr(run.task, "p", 0) // 2))
        for run, number in alike(runs)
    )
    return float(_PROCESS_BYTES + rows + made)


def _frame_bytes(shard: Shard) -> float:
    return sum(
        number
        * recorded_rows(run)
        * (_FRAME_ROW_BYTES + 2 * (row_bytes(run) - ROW_BYTES_BESIDE_LISTS))
        for run, number in shard.kinds
    )


def shard_disk(shard: Shard, keeps: Callable[[Run], bool], reductions: Sequence[str] = ()) -> float:
    """Bytes of the tables that a shard's job leaves.

    keeps: whether the weights of a run are stored. reductions: what is made of them all.
    """
    total = 0.0
    for kept in (True, False):
        for run, number in alike(run for run in shard.runs if keeps(run) == kept):
            made = sum(_reduced_bytes(name, run) for name in reductions)
            total += number * (made + run_disk(run, kept))
    return total


def run_disk(run: Run, weights: bool = True) -> float:
    """Bytes that a finished run takes: its rows, and its last weights and checkpoints if kept."""
    row = _DISK_ROW_BYTES + row_bytes(run) - ROW_BYTES_BESIDE_LISTS
    # Float32 whatever the run's numbers.
    return recorded_rows(run) * row + (kept_bytes(run) if weights else 0.0)


def _reduced_bytes(name: str, run: Run) -> float:
    reduction = REDUCTIONS[name]
    if not reduction.needs(run):
        return 0.0
    every = run.recording.checkpoints_every if reduction.every_step else 0
    row = 8.0 * len(reduction.columns) if reduction.row_bytes is None else reduction.row_bytes(run)
    return row * (1 + (run.steps // every if every else 0))
