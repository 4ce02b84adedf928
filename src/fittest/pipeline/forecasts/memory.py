"""Predicted memory of networks while they are trained and measured, and of what is kept of them."""

from __future__ import annotations

from functools import cache

from fittest.data import WholeTable
from fittest.models import ModelSettings
from fittest.runs.cost import evaluated_examples, examples_per_step, recorded_rows
from fittest.runs.run import Run
from fittest.tasks import TaskSettings
from fittest.training.sizes import examples_together

# Initial values, weights, two moments, the kernel's packed copies, and a restart point in flight.
_MODEL_COPIES = 10
ROW_BYTES_BESIDE_LISTS = 60
"""Bytes of a recorded row in memory without its columns of lists."""
# Forward values, their gradients, and what vmap holds in between (measured: 2.2 to 2.9).
_ACTIVATION_COPIES = 3.0
# Of what a forward pass for an update keeps; without one, values go as soon as they are used
# (measured on transformers: 1.1 to 1.4).
_EVALUATION_COPIES = 1.4


@cache
def _sizes(task: TaskSettings, model: ModelSettings) -> tuple[int, int]:
    """(parameters of a network, numbers that torch holds for an example of an update)."""
    shape = task.shape()
    return model.count(shape), model.activations(shape)


def item_bytes(run: Run, dtype: str) -> int:
    """Bytes of a number of a run. dtype: of runs that name none themselves."""
    return 8 if (run.arithmetic.dtype or dtype) == "float64" else 4


def torch_memory(run: Run, dtype: str) -> float:
    """Bytes that the torch backend needs for a network while it makes an update.

    dtype: of runs that name none themselves.
    """
    parameters, activations = _sizes(run.task, run.model)
    whole = isinstance(run.trained_on, WholeTable)
    examples = evaluated_examples(run) if whole else examples_per_step(run)
    numbers = 6.0 * parameters + _ACTIVATION_COPIES * examples * activations
    return item_bytes(run, dtype) * numbers


def evaluation_memory(run: Run, networks: int, dtype: str) -> float:
    """Bytes that the torch backend needs for so many networks while it measures them; dtype as
    above."""
    parameters, activations = _sizes(run.task, run.model)
    examples = evaluated_examples(run)
    if not isinstance(run.trained_on, WholeTable):
        examples = min(examples, evaluated_together(run, networks, dtype))
    numbers = 3.0 * parameters + _EVALUATION_COPIES * examples * activations
    return networks * item_bytes(run, dtype) * numbers


def evaluated_together(run: Run, networks: int, dtype: str) -> int:
    """Examples of each of so many networks that torch measures in one forward pass, unless they are
    a whole table; dtype as above."""
    _, activations = _sizes(run.task, run.model)
    return examples_together(networks, _EVALUATION_COPIES * item_bytes(run, dtype) * activations)


def run_memory(run: Run, dtype: str) -> float:
    """Bytes that a run keeps while it trains, activations aside."""
    parameters, _ = _sizes(run.task, run.model)
    rows = recorded_rows(run) * row_bytes(run)
    # Rows exist twice while the table is put together.
    return _MODEL_COPIES * item_bytes(run, dtype) * parameters + 2 * rows + _examples_bytes(run)


def row_bytes(run: Run) -> float:
    """Bytes of a recorded row in memory."""
    lists = ("signals" in run.observers) + run.recording.gradients
    losses = 8 * run.recording.every if run.recording.every_loss else 0
    return ROW_BYTES_BESIDE_LISTS + 2 * lists * getattr(run.task, "p", 0) + losses


def _examples_bytes(run: Run) -> float:
    """Bytes of what a run's own choice of examples takes; the task's are shared."""
    shape = run.task.shape()
    if isinstance(run.trained_on, WholeTable):
        return float(evaluated_examples(run))
    return 8.0 * evaluated_examples(run) * (shape.length + 2 * len(shape.answers))
