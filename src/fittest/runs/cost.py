"""What training costs: FLOPs by formula, memory by count, before anything is trained."""

from __future__ import annotations

from functools import cache

from fittest.models import ModelSettings
from fittest.runs.run import Run
from fittest.tasks import TaskSettings, train_pairs
from fittest.training import native_settings


@cache
def _kernel_knows(model: ModelSettings, optimiser: str) -> bool:
    dump = {"model": model.model_dump(), "optimiser": {"name": optimiser}}
    return native_settings.obstacle(dump) is None


def kernel_knows(run: Run) -> bool:
    """Whether the native kernel trains such a run, where there is one and nobody chose torch. Of a
    run's settings, its network and the kind of its optimiser decide that."""
    return _kernel_knows(run.model, run.optimiser.name)


def expected_steps(run: Run) -> int:
    """Steps that a run is expected to take: its last step, or fewer where it stops early."""
    if run.stop is None or run.stop.expected is None:
        return run.steps
    return min(run.steps, run.stop.expected)


def recorded_rows(run: Run, last_step: int | None = None) -> int:
    """Rows of the trajectory of a run that goes to its limit, or to `last_step`."""
    steps = run.steps if last_step is None else last_step
    recording = run.recording
    dense = min(recording.dense_until, steps)
    sparse = steps // recording.every - dense // recording.every
    last = steps > dense and steps % recording.every != 0
    return 1 + dense + sparse + last


@cache
def _flops_per_step(task: TaskSettings, model: ModelSettings, train_fraction: float) -> float:
    built = task.build()
    return model.flops_per_step(built, train_pairs(built, train_fraction))


def flops_per_step(run: Run) -> float:
    """Matmul FLOPs of one update (survival methods 5.1)."""
    return _flops_per_step(run.task, run.model, run.task.train_fraction)


def flops(run: Run) -> float:
    """Matmul FLOPs of all updates of a run, as far as it is expected to go."""
    return flops_per_step(run) * expected_steps(run)


def forward_flops(run: Run) -> float:
    """Matmul FLOPs of recording a run once: a forward pass over all pairs, train and test, which is
    a third of an update on as many; and an update's worth where gradients are recorded."""
    each = _flops_per_step(run.task, run.model, 1.0) / 3
    return each + flops_per_step(run) if run.recording.gradients else each


def recording_flops(run: Run) -> float:
    """Matmul FLOPs of what is recorded on the way."""
    return forward_flops(run) * recorded_rows(run, expected_steps(run))
