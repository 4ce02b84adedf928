"""What training costs: FLOPs by formula, memory by count, before anything is trained."""

from __future__ import annotations

from functools import cache

from fittest.data import Fresh, Sample
from fittest.models import ModelSettings
from fittest.runs.run import Run
from fittest.tasks import TaskSettings
from fittest.tasks.settings import TableTask
from fittest.tasks.task import Shape
from fittest.training import native_settings


def kernel_knows(run: Run) -> bool:
    """Whether the native kernel trains such a run, where there is one and nobody chose torch."""
    # Seeds and numbers of the optimiser are no obstacles, and runs differ in little else.
    return _kernel_knows(
        run.model,
        run.optimiser.name,
        run.optimiser.warmup > 0 or run.optimiser.l1 > 0,
        run.trained_on.name,
        run.arithmetic.loss,
        run.recording.every_loss,
        run.task.metrics(),
    )


@cache
def _kernel_knows(
    model: ModelSettings,
    optimiser: str,
    unusual: bool,
    data: str,
    loss: str,
    every_loss: bool,
    metrics: tuple[str, ...],
) -> bool:
    dump = {"model": model.model_dump(), "optimiser": {"name": optimiser}}
    plain = data == "table" and loss == "exact"
    asked = unusual or every_loss or metrics
    return native_settings.obstacle(dump) is None and plain and not asked


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
def _shape(task: TaskSettings) -> Shape:
    return task.shape()


def trained_examples(run: Run) -> int:
    """Examples that a run is trained on: listed ones, or those drawn for a step."""
    if isinstance(run.task, TableTask):
        return _trained(run.task)
    return run.trained_on.per_step(0)


@cache
def _trained(task: TableTask) -> int:
    return task.trained()


@cache
def _size(task: TableTask) -> int:
    return task.size()


def examples_per_step(run: Run) -> int:
    """Examples of an update."""
    return run.trained_on.per_step(trained_examples(run))


def evaluated_examples(run: Run) -> int:
    """Examples that a state is measured on where it is recorded."""
    data = run.trained_on
    if isinstance(data, Fresh):
        return data.size + data.test_size
    if isinstance(data, Sample):
        return data.examples + data.test_size
    assert isinstance(run.task, TableTask)
    return _size(run.task)


def flops_per_step(run: Run) -> float:
    """Matmul FLOPs of one update (survival methods 5.1)."""
    return run.model.flops_per_step(_shape(run.task), examples_per_step(run))


def flops(run: Run) -> float:
    """Matmul FLOPs of all updates of a run, as far as it is expected to go."""
    return flops_per_step(run) * expected_steps(run)


def forward_flops(run: Run) -> float:
    """Matmul FLOPs of recording a run once: a forward pass over what it is measured on; and an
    update's worth where gradients are recorded."""
    each = run.model.forward_flops(_shape(run.task), evaluated_examples(run))
    return each + flops_per_step(run) if run.recording.gradients else each


def recording_flops(run: Run) -> float:
    """Matmul FLOPs of what is recorded on the way."""
    return forward_flops(run) * recorded_rows(run, expected_steps(run))
