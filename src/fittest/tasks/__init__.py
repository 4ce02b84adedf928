"""What to learn: tokens, pairs, labels and seeded splits. One module per task.

A new task is a module with a settings class (`name`, `train_fraction`, `build`), listed here.
"""

from fittest.tasks.modular_addition import ModularAddition
from fittest.tasks.task import Rng, Task, train_mask, train_pairs

TaskSettings = ModularAddition

__all__ = ["ModularAddition", "Rng", "Task", "TaskSettings", "train_mask", "train_pairs"]
