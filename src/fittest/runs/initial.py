"""From a run to its weights at step 0: seeded initialisation, then the intervention."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fittest.models import EMBEDDING
from fittest.runs.run import Run
from fittest.tasks import Task


def initial_parameters(run: Run, task: Task) -> dict[str, Tensor]:
    """Parameters at step 0 in float64, as a function of the run alone."""
    parameters = run.model.initial(task, run.seeds.embedding, run.seeds.mlp, run.rng)
    if run.intervention is None:
        return parameters
    embedding = run.intervention.edited(parameters[EMBEDDING].numpy(), run.seeds.embedding)
    return parameters | {EMBEDDING: torch.from_numpy(np.ascontiguousarray(embedding))}
