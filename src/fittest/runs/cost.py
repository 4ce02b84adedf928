"""What training costs: FLOPs by formula, memory by count, before anything is trained."""

from __future__ import annotations

from functools import cache

from fittest.models import ModelSettings
from fittest.runs.run import Run
from fittest.tasks import TaskSettings, train_pairs


def expected_steps(run: Run) -> int:
    """Steps that a run is expected to take: its last step, or fewer where it stops early."""
    if run.stop is None or run.stop.expected is None:
        return run.steps
    return min(run.steps, run.stop.expected)


@cache
def _flops_per_step(task: TaskSettings, model: ModelSettings) -> float:
    built = task.build()
    return model.flops_per_step(built, train_pairs(built, task.train_fraction))


def flops_per_step(run: Run) -> float:
    """Matmul FLOPs of one update (survival methods 5.1)."""
    return _flops_per_step(run.task, run.model)


def flops(run: Run) -> float:
    """Matmul FLOPs of the whole run, as far as it is expected to go."""
    return flops_per_step(run) * expected_steps(run)
