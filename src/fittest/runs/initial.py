"""From a run to its weights at step 0: seeded initialisation, then the intervention."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.runs.run import CONTENDERS, Construct, KeepOnly, Perturb, Run
from fittest.streams import stream
from fittest.tasks import Task

Floats = NDArray[np.floating[Any]]


def construction_pair(run: Run) -> tuple[int, int]:
    """The two constructed frequencies of a run with a `Construct` intervention."""
    assert isinstance(run.intervention, Construct)
    if run.intervention.pair != "random":
        return run.intervention.pair
    generator = stream("intervention", run.seeds.embedding)
    first, second = generator.choice(fourier.count(run.task.p), 2, replace=False) + 1
    return int(first), int(second)


def kept_frequencies(run: Run, final_signals: Floats) -> tuple[int, ...]:
    """The frequencies that a run with a `KeepOnly` intervention keeps (survival methods 2.13).

    Args:
        run: leaves the choice to its reference run.
        final_signals: (K,), the reference run's signals at its end.

    Returns:
        The strongest, in that order, or random ones that are not among the two strongest. Runs
        that differ in `count` alone draw alike: the one that keeps two keeps the other's first.
    """
    recipe = run.intervention
    assert isinstance(recipe, KeepOnly) and recipe.select is not None
    ranked = np.argsort(-final_signals, kind="stable") + 1
    if recipe.select == "strongest":
        return tuple(int(k) for k in ranked[: recipe.count])
    # In the order of k, so that the draw depends on who the strongest are and on nothing else.
    candidates = np.sort(ranked[CONTENDERS:])
    drawn = stream("intervention", run.seeds.embedding).permutation(candidates)
    return tuple(int(k) for k in drawn[: recipe.count])


def with_kept(run: Run, frequencies: tuple[int, ...]) -> Run:
    """`run` with the choice of its `KeepOnly` intervention made, ready for training."""
    made = KeepOnly(frequencies=frequencies)
    return run.model_copy(update={"intervention": made})


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
    elif isinstance(run.intervention, KeepOnly):
        kept = run.intervention.frequencies
        if kept is None:
            raise ValueError(f"{run.run_id}: choose the kept frequencies first (`with_kept`)")
        embedding = fourier.keep_only(embedding, kept, keep_mean=False)
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
