"""What training costs: FLOPs by formula, memory by count, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import prod

from fittest.data import DataSettings, Fresh, Sample, default_data
from fittest.models import ModelSettings
from fittest.runs.run import Run
from fittest.settings import Settings
from fittest.tasks import TaskSettings
from fittest.tasks.settings import TableTask
from fittest.training import native_settings


def kernel_knows(run: Run) -> bool:
    """Whether the native kernel trains such a run, where there is one and nobody chose torch."""
    parts = run.task, run.model, run.optimiser, run.recording, run.data, run.arithmetic
    return _kernel_knows(*parts)


# Seeds, which alone tell most runs apart, are no obstacle.
@cache
def _kernel_knows(task: TaskSettings, *others: Settings | None) -> bool:
    names = "model", "optimiser", "recording", "data", "arithmetic"
    dump = {n: o and o.model_dump() for n, o in zip(names, others, strict=True)}
    return not task.metrics() and native_settings.obstacle(dump) is None


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


@dataclass(frozen=True)
class Work:
    """What a network has to do: examples trained on in all, of an update and of an evaluation, and
    matmul FLOPs of both."""

    trained: int
    per_step: int
    evaluated: int
    step_flops: float
    forward_flops: float


# Runs of a paper are tens of thousands, and few kinds.
@cache
def _work(task: TaskSettings, model: ModelSettings, given: DataSettings | None) -> Work:
    data = given or default_data(task, model.reads_tables())
    assert data is not None
    if isinstance(task, TableTask):
        trained, evaluated = task.trained(), task.size()
    else:
        assert isinstance(data, Fresh | Sample)
        trained = data.per_step(0)
        new = data.size if isinstance(data, Fresh) else data.examples
        evaluated = new + data.test_size
    shape, per_step = task.shape(), data.per_step(trained)
    return Work(
        trained,
        per_step,
        evaluated,
        model.flops_per_step(shape, per_step),
        model.forward_flops(shape, evaluated),
    )


def work_of(run: Run) -> Work:
    """What a network like that of a run has to do."""
    return _work(run.task, run.model, run.data)


def trained_examples(run: Run) -> int:
    """Examples that a run is trained on: listed ones, or those drawn for a step."""
    return work_of(run).trained


def examples_per_step(run: Run) -> int:
    """Examples of an update."""
    return work_of(run).per_step


def evaluated_examples(run: Run) -> int:
    """Examples that a state is measured on where it is recorded."""
    return work_of(run).evaluated


def flops_per_step(run: Run) -> float:
    """Matmul FLOPs of one update (survival methods 5.1)."""
    return work_of(run).step_flops


def flops(run: Run) -> float:
    """Matmul FLOPs of all updates of a run, as far as it is expected to go."""
    return flops_per_step(run) * expected_steps(run)


def forward_flops(run: Run) -> float:
    """Matmul FLOPs of recording a run once: a forward pass over what it is measured on; and an
    update's worth where gradients are recorded."""
    each = work_of(run).forward_flops
    return each + flops_per_step(run) if run.recording.gradients else each


def kept_bytes(run: Run) -> float:
    """Bytes of the weights that a run records: its last ones, and those of its checkpoints."""
    shapes = run.model.shapes(run.task.shape())
    every, steps = run.recording.checkpoints_every, expected_steps(run)
    if every:
        # All parameters at step 0, at every such step, and at the last one.
        checkpoints = 1 + steps // every + (steps % every != 0)
        return 4.0 * checkpoints * sum(prod(shape) for shape in shapes.values())
    return 4.0 * sum(prod(shapes[name]) for name in run.kept)


def alike(runs: Iterable[Run]) -> list[tuple[Run, int]]:
    """One run for all those that differ in their seeds alone, and how many they are."""
    found: dict[tuple[int, ...], tuple[Run, int]] = {}
    for run in runs:
        key = settings_of(run)
        first, number = found.get(key, (run, 0))
        found[key] = (first, number + 1)
    return list(found.values())


def settings_of(run: Run) -> tuple[int, ...]:
    """What differs between runs that differ in more than their seeds, while both are held.

    Runs that were made of each other share their settings: they are told apart by those objects.
    """
    parts = (run.task, run.model, run.optimiser, run.recording, run.stop, run.data, run.arithmetic)
    return (run.steps, *map(id, parts))


def largest_ensemble(kinds: Iterable[tuple[Run, int]]) -> int:
    """How many of some runs, as `alike` tells them apart, are trained together at most."""
    found: dict[object, int] = {}
    for run, number in kinds:
        key = run.ensemble_key()
        found[key] = found.get(key, 0) + number
    return max(found.values(), default=0)
