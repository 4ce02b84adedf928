"""What to learn: tokens, pairs, labels and seeded splits. One module per task.

A new task is a module with a settings class (`name`, `p`, `train_fraction`, `build`), listed in
`TaskSettings`. Its code decides the results of its own runs alone.
"""

from typing import Annotated

from pydantic import Tag

from fittest.settings import by_name
from fittest.tasks.modular_addition import ModularAddition
from fittest.tasks.remainder import Remainder
from fittest.tasks.task import Rng, Task, count_train, train_mask, train_pairs
from fittest.tasks.xor import Xor

TaskSettings = Annotated[
    Annotated[ModularAddition, Tag("modular_addition")]
    | Annotated[Remainder, Tag("remainder")]
    | Annotated[Xor, Tag("xor")],
    by_name("modular_addition"),
]
"""Any task, told apart by `name`; modular addition where no name is given."""

__all__ = [
    "ModularAddition",
    "Remainder",
    "Rng",
    "Task",
    "TaskSettings",
    "Xor",
    "count_train",
    "train_mask",
    "train_pairs",
]
