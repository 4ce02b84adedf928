"""From a run to its weights at step 0: seeded initialisation, then the intervention."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.runs.run import Construct, Perturb, Run
from fittest.streams import stream
from fittest.tasks import Task


def construction_pair(run: Run) -> tuple[int, int]:
    """The two constructed frequencies of a run with a `Construct` intervention."""
    assert isinstance(run.intervention, Construct)
    if run.intervention.pair != "random":
        return run.intervention.pair
    generator = stream("intervention", run.seeds.embedding)
    first, second = generator.choice(fourier.count(run.task.p), 2, replace=False) + 1
    return int(first), int(second)


def initial_parameters(run: Run, task: Task) -> dict[str, Tensor]:
    """Parameters at step 0 in float64, as a function of the run alone."""
    parameters = run.model.initial(task, run.seeds.embedding, run.seeds.mlp, run.rng)
    embedding = parameters[EMBEDDING].numpy()
    if isinstance(run.intervention, Perturb):
        # A factor of 1 leaves the embedding bit for bit, as the run's identity says.
        if run.intervention.factor != 1:
            embedding = fourier.scale_frequency(
                embedding, run.intervention.frequency, run.intervention.factor
            )
    elif isinstance(run.intervention, Construct):
        embedding = _constructed(run, run.intervention, task)
    return parameters | {EMBEDDING: torch.from_numpy(np.ascontiguousarray(embedding))}


def _constructed(run: Run, recipe: Construct, task: Task) -> np.ndarray:
    first, second = construction_pair(run)
    # The pair comes first from this stream and nothing depends on the ratio, so runs that
    # differ in the ratio alone share pair and directions.
    generator = stream("intervention", run.seeds.embedding)
    generator.choice(fourier.count(task.p), 2, replace=False)
    return fourier.construct(
        task.p,
        run.model.d,
        {first: recipe.signal, second: recipe.signal * recipe.ratio},
        fourier.random_directions(task.p, run.model.d, generator, recipe.plane),
        recipe.rest,
        recipe.plane,
    )
