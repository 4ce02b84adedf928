"""What every task's settings answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fittest.settings import Settings
from fittest.tasks.task import AnyTask, SequenceTask, Task


class TaskBase(Settings):
    """A task: a subclass has a field `name` that tells it apart."""

    def build(self) -> AnyTask:
        """Its examples, listed or drawn."""
        raise NotImplementedError

    def metrics(self) -> tuple[str, ...]:
        """What is measured of a network beside loss and accuracy (training/metrics.py)."""
        return ()

    def describe(self) -> Mapping[str, Any]:
        """Columns of the `runs` table that describe it, the name aside."""
        return {"p": getattr(self, "p", None)}


class TableTask(TaskBase):
    """A task whose examples are listed, and split into those trained on and the rest: a subclass
    has a field `train_fraction`."""

    if TYPE_CHECKING:
        # Each task has the field in its own place: a run's identity is its settings in their
        # order, and a field of this class would come first.
        train_fraction: float

    def build(self) -> Task:
        """All examples."""
        raise NotImplementedError


class GeneratedTask(TaskBase):
    """A task whose examples are drawn."""

    def build(self) -> SequenceTask:
        """How they are drawn."""
        raise NotImplementedError
