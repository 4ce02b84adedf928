"""What to learn: tokens, labels, their weights, and seeded splits. One module per task.

A new task is a module with a settings class (`name`, `build`; `TableTask` or `GeneratedTask`),
listed in `TaskSettings`. Its code decides the results of its own runs alone.
"""

from typing import Annotated

from pydantic import Tag

from fittest.settings import by_name
from fittest.tasks.digit_addition import DigitAddition
from fittest.tasks.modular_addition import ModularAddition
from fittest.tasks.powers import Powers
from fittest.tasks.remainder import Remainder
from fittest.tasks.repeated_subsequence import RepeatedSubsequence
from fittest.tasks.settings import GeneratedTask, TableTask, TaskBase
from fittest.tasks.skip_trigram import SkipTrigram
from fittest.tasks.task import (
    AnyTask,
    Examples,
    Rng,
    SequenceTask,
    Shape,
    Task,
    count_train,
    train_mask,
    train_pairs,
)
from fittest.tasks.xor import Xor

TaskSettings = Annotated[
    Annotated[ModularAddition, Tag("modular_addition")]
    | Annotated[Powers, Tag("powers")]
    | Annotated[Remainder, Tag("remainder")]
    | Annotated[Xor, Tag("xor")]
    | Annotated[DigitAddition, Tag("digit_addition")]
    | Annotated[RepeatedSubsequence, Tag("repeated_subsequence")]
    | Annotated[SkipTrigram, Tag("skip_trigram")],
    by_name("modular_addition"),
]
"""Any task, told apart by `name`; modular addition where no name is given."""

__all__ = [
    "AnyTask",
    "DigitAddition",
    "Examples",
    "GeneratedTask",
    "ModularAddition",
    "Powers",
    "Remainder",
    "RepeatedSubsequence",
    "Rng",
    "SequenceTask",
    "Shape",
    "SkipTrigram",
    "TableTask",
    "Task",
    "TaskBase",
    "TaskSettings",
    "Xor",
    "count_train",
    "train_mask",
    "train_pairs",
]
