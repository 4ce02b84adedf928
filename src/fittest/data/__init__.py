"""Which examples a network is trained on at which step: pure functions of seeds and step.

Nothing here has a state, so a training can be interrupted, resumed and divided at any step. A new
kind of data is a settings class here (`name`, `refuse`, `per_step`), and in
`fittest.training.feed` how it reaches a backend.
"""

from fittest.data.kinds import (
    AnyData,
    DataSettings,
    Fresh,
    FullBatch,
    Minibatches,
    Sample,
    WholeTable,
    default_data,
)
from fittest.data.order import (
    batch_indices,
    batches_per_epoch,
    drawn,
    fixed,
    split,
    stretch_indices,
)

__all__ = [
    "AnyData",
    "DataSettings",
    "Fresh",
    "FullBatch",
    "Minibatches",
    "Sample",
    "WholeTable",
    "batch_indices",
    "batches_per_epoch",
    "default_data",
    "drawn",
    "fixed",
    "split",
    "stretch_indices",
]
