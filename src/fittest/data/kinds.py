"""The kinds of data, as a run names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from fittest.settings import Batch, Settings, by_name
from fittest.tasks.settings import GeneratedTask, TableTask, TaskBase


class DataBase(Settings):
    """What all kinds answer."""

    def refuse(self, task: TaskBase) -> str | None:
        """Why a task has no such data; None where it has."""
        raise NotImplementedError

    def per_step(self, trained: int) -> int:
        """Examples of an update, of `trained` that are listed or kept for training."""
        raise NotImplementedError


class _Listed(DataBase):
    def refuse(self, task: TaskBase) -> str | None:
        """Only listed examples can be split into those trained on and the rest."""
        if isinstance(task, TableTask):
            return None
        return "data.name: needs a task whose examples are listed; use fresh or sample"


class WholeTable(_Listed):
    """The full batch, computed with all pairs at once: those not trained on have no weight. Costs
    as much as all of them, and gives the test loss with the training loss."""

    name: Literal["table"] = "table"

    def per_step(self, trained: int) -> int:
        """Those trained on."""
        return trained


class FullBatch(_Listed):
    """The full batch: only the examples trained on are computed."""

    name: Literal["batch"] = "batch"

    def per_step(self, trained: int) -> int:
        """Those trained on."""
        return trained


class Minibatches(_Listed):
    """Minibatches of the examples trained on, shuffled anew for each pass over them."""

    name: Literal["minibatches"] = "minibatches"
    size: Batch = Field(description="examples of a batch; the last one of a pass has what is left")

    def per_step(self, trained: int) -> int:
        """Those of a whole batch."""
        return min(self.size, trained)


class _Drawn(DataBase):
    def refuse(self, task: TaskBase) -> str | None:
        """Only drawn examples never end."""
        if isinstance(task, GeneratedTask):
            return None
        return "data.name: needs a task whose examples are drawn; use batch or minibatches"


class Fresh(_Drawn):
    """New examples at every step, and others to test on."""

    name: Literal["fresh"] = "fresh"
    size: Batch = Field(default=128, description="examples of an update")
    test_size: Batch = Field(default=512, description="examples of a test, drawn for each of them")

    def per_step(self, trained: int) -> int:
        """Those of a batch."""
        return self.size


class Sample(_Drawn):
    """The same examples all along, drawn once; new ones to test on."""

    name: Literal["sample"] = "sample"
    examples: Batch = Field(description="examples trained on")
    size: Batch | None = Field(
        default=None,
        description="examples of a batch: they follow each other in the order in which they were"
        " drawn, over and over; null: all of them at each step",
    )
    test_size: Batch = Field(default=512, description="examples of a test, drawn for each of them")

    def per_step(self, trained: int) -> int:
        """Those of a whole batch."""
        return self.examples if self.size is None else min(self.size, self.examples)


AnyData = WholeTable | FullBatch | Minibatches | Fresh | Sample

DataSettings = Annotated[
    Annotated[WholeTable, Tag("table")]
    | Annotated[FullBatch, Tag("batch")]
    | Annotated[Minibatches, Tag("minibatches")]
    | Annotated[Fresh, Tag("fresh")]
    | Annotated[Sample, Tag("sample")],
    by_name("table"),
]
"""Any kind of data, told apart by `name`."""


def default_data(task: TaskBase, reads_tables: bool) -> AnyData | None:
    """What a run is trained on unless it says so; None where it has to say so."""
    if not isinstance(task, TableTask):
        return None
    return WholeTable() if reads_tables else FullBatch()
