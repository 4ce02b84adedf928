"""What to learn: tokens, labels, their weights, and seeded splits. One module per task.

A new task is a module with a settings class (`name`, `build`; `TableTask` or `GeneratedTask`),
listed in `TaskSettings`. Its code decides the results of its own runs alone.
"""

from typing import Annotated

from pydantic import Tag

from fittest.settings import by_name
from fittest.tasks.coprimality import Coprimality
from fittest.tasks.digit_addition import DigitAddition
from fittest.tasks.gcd import Gcd
from fittest.tasks.modular_addition import ModularAddition
from fittest.tasks.powers import Powers
from fittest.tasks.primality import Primality
from fittest.tasks.remainder import Remainder
from fittest.tasks.repeated_subsequence import RepeatedSubsequence
from fittest.tasks.settings import GeneratedTask, TableTask, TaskBase
from fittest.tasks.skip_trigram import SkipTrigram
from fittest.tasks.sorting import Sorting
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
    | Annotated[Primality, Tag("primality")]
    | Annotated[Coprimality, Tag("coprimality")]
    | Annotated[DigitAddition, Tag("digit_addition")]
    | Annotated[RepeatedSubsequence, Tag("repeated_subsequence")]
    | Annotated[SkipTrigram, Tag("skip_trigram")]
    | Annotated[Gcd, Tag("gcd")]
    | Annotated[Sorting, Tag("sorting")],
    by_name("modular_addition"),
]
"""Any task, told apart by `name`; modular addition where no name is given."""

__all__ = [
    "AnyTask",
    "Coprimality",
    "DigitAddition",
    "Examples",
    "Gcd",
    "GeneratedTask",
    "ModularAddition",
    "Powers",
    "Primality",
    "Remainder",
    "RepeatedSubsequence",
    "Rng",
    "SequenceTask",
    "Shape",
    "SkipTrigram",
    "Sorting",
    "TableTask",
    "Task",
    "TaskBase",
    "TaskSettings",
    "Xor",
    "count_train",
    "train_mask",
    "train_pairs",
]
