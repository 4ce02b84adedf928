"""From a run to its weights at step 0: seeded initialisation, then the intervention."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fittest.models import EMBEDDING
from fittest.runs.run import Run
from fittest.tasks.task import AnyTask


def initial_parameters(run: Run, task: AnyTask) -> dict[str, NDArray[np.float64]]:
    """Parameters at step 0 in float64, as a function of the run alone."""
    parameters = run.model.initial(task, run.seeds.embedding, run.seeds.mlp, run.rng)
    if run.intervention is None:
        return parameters
    embedding = run.intervention.edited(parameters[EMBEDDING], run.seeds.embedding)
    return parameters | {EMBEDDING: np.ascontiguousarray(embedding)}
