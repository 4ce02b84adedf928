"""What every task's settings answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from fittest.settings import Settings
from fittest.tasks.task import AnyTask, SequenceTask, Shape, Task


class TaskBase(Settings):
    """A task: a subclass has a field `name` that tells it apart."""

    def build(self) -> AnyTask:
        """Its examples, listed or drawn."""
        raise NotImplementedError

    def shape(self) -> Shape:
        """What a network has to know of it, without listing its examples."""
        return self.build()

    def metrics(self) -> tuple[str, ...]:
        """What is measured of a network beside loss and accuracy (training/metrics.py)."""
        return ()

    def describe(self) -> Mapping[str, Any]:
        """Columns of the `runs` table that describe it, the name aside."""
        return {"p": getattr(self, "p", None)}


@dataclass(frozen=True)
class PairShape:
    """That of a task of two numbers and one answer."""

    vocabulary: int
    classes: int
    length: int = 2
    answers: tuple[int, ...] = (1,)
    source: int = 0


class TableTask(TaskBase):
    """A task whose examples are listed, and split into those trained on and the rest."""

    train_fraction: float = Field(
        default=0.8, gt=0, le=1, description="share of examples trained on (survival paper, app. E)"
    )

    def build(self) -> Task:
        """All examples."""
        raise NotImplementedError

    def size(self) -> int:
        """How many examples there are, without listing them."""
        return len(self.build().labels)


class GeneratedTask(TaskBase):
    """A task whose examples are drawn."""

    def build(self) -> SequenceTask:
        """How they are drawn."""
        raise NotImplementedError
