"""From runs to ensembles: stacked initial weights, masks and hyperparameters, and a loop for each.

Whatever here decides a result depends on the run alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fittest import fourier
from fittest.analysis.fates.settle import SettleRule
from fittest.models import EMBEDDING
from fittest.runs.initial import initial_parameters
from fittest.runs.optimisers import OptimiserSettings
from fittest.runs.run import Run
from fittest.tasks import train_mask
from fittest.training.backend import Ensemble, Parameters
from fittest.training.loop import Keep, ObserveGradient, StopRule
from fittest.training.optimisers import OPTIMISERS, Optimiser
from fittest.training.schedule import Schedule

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def groups(runs: Sequence[Run]) -> list[list[int]]:
    """Indices of runs that can share an ensemble (`Run.ensemble_key`)."""
    found: dict[object, list[int]] = {}
    for index, run in enumerate(runs):
        found.setdefault(run.ensemble_key(), []).append(index)
    return list(found.values())


def build_ensemble(runs: Sequence[Run], dtype: torch.dtype) -> Ensemble:
    """The ensemble of runs that `groups` put together."""
    task = runs[0].task.build()
    initial = [initial_parameters(run, task) for run in runs]
    masks = [train_mask(task, r.task.train_fraction, r.seeds.split, r.rng) for r in runs]

    return Ensemble(
        model=runs[0].model.build(task),
        tokens=torch.from_numpy(task.tokens),
        labels=torch.from_numpy(task.labels),
        grid=task.grid,
        train_mask=torch.from_numpy(np.stack(masks)),
        optimiser=stacked([run.optimiser for run in runs]),
        initial={
            name: torch.from_numpy(np.stack([parameters[name] for parameters in initial])).to(dtype)
            for name in initial[0]
        },
        frozen=frozenset(runs[0].frozen),
    )


def stacked(settings: Sequence[OptimiserSettings]) -> Optimiser:
    """The optimiser of runs that `groups` put together: one kind, settings for each run."""
    rows = [_numbers(one) for one in settings]
    columns = {
        name: torch.tensor([row[name] for row in rows], dtype=torch.float64) for name in rows[0]
    }
    return OPTIMISERS[settings[0].name](**columns)


def _numbers(settings: OptimiserSettings) -> dict[str, float]:
    """Its settings one by one: of a pair such as `betas`, `beta1` and `beta2`."""
    numbers: dict[str, float] = settings.model_dump(exclude={"name", "betas"})
    if betas := getattr(settings, "betas", None):
        numbers["beta1"], numbers["beta2"] = betas
    return numbers


def observe(parameters: Parameters) -> dict[str, Tensor]:
    """What is recorded of a network beside its losses: signals and their mean over all bins."""
    signals, mean = fourier.spectrum(parameters[EMBEDDING])
    return {"signals": signals.float(), "signal_mean": mean.float()}


def observe_gradient_of(run: Run) -> ObserveGradient | None:
    """What is recorded of gradients, for ensembles that ask: norms by frequency (methods 2.9)."""
    if not run.recording.gradients:
        return None
    return EMBEDDING, lambda gradient: {"gradient_signals": fourier.signals(gradient).float()}


def schedule_of(run: Run) -> Schedule:
    """The recording schedule of a run and all that share its ensemble."""
    return Schedule(run.recording.every, run.recording.dense_until)


def keep_of(run: Run) -> Keep:
    """Which weights are kept of a run and all that share its ensemble."""
    return Keep(run.recording.final, run.recording.checkpoints_every)


def stop_rule_of(run: Run, two_mean_factor: float) -> StopRule | None:
    """A fresh stop rule for an ensemble, or None where runs go to their limit."""
    return None if run.stop is None else SettleRule(run.stop, two_mean_factor)
