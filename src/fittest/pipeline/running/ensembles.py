"""From runs to ensembles: stacked initial weights, examples, hyperparameters, and what to record.

Whatever here decides a result depends on the run alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fittest.analysis.fates.settle import SettleRule
from fittest.data import Fresh, FullBatch, Minibatches, Sample, WholeTable, drawn, fixed, split
from fittest.models import EMBEDDING
from fittest.runs.initial import initial_parameters
from fittest.runs.optimisers import OptimiserSettings
from fittest.runs.run import Run
from fittest.tasks import train_mask
from fittest.tasks.settings import TableTask
from fittest.tasks.task import AnyTask, Examples, SequenceTask, Task
from fittest.training.backend import Dropout, Ensemble
from fittest.training.feed import DrawnFeed, Feed, ListedFeed, TableFeed
from fittest.training.loop import Keep, ObserveGradient, StopRule
from fittest.training.observers import OBSERVERS, Observe
from fittest.training.observers.signals import gradient_signals
from fittest.training.optimisers import OPTIMISERS, Optimiser, Parameters
from fittest.training.schedule import Schedule

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def groups(runs: Sequence[Run]) -> list[list[int]]:
    """Indices of runs that can share an ensemble (`Run.ensemble_key`)."""
    found: dict[object, list[int]] = {}
    for index, run in enumerate(runs):
        found.setdefault(run.ensemble_key(), []).append(index)
    return list(found.values())


def build_ensemble(runs: Sequence[Run], dtype: torch.dtype) -> Ensemble:
    """The ensemble of runs that `groups` put together.

    dtype: of runs that name none themselves.
    """
    first = runs[0]
    task = first.task.build()
    initial = [initial_parameters(run, task) for run in runs]
    own = first.arithmetic.dtype
    dtype = dtype if own is None else DTYPES[own]
    return Ensemble(
        model=first.model.build(task),
        feed=feed_of(runs, task),
        optimiser=stacked([run.optimiser for run in runs]),
        initial={
            name: torch.from_numpy(np.stack([parameters[name] for parameters in initial])).to(dtype)
            for name in initial[0]
        },
        frozen=frozenset(first.frozen),
        loss=first.arithmetic.loss,
        metrics=first.task.metrics(),
        dropout=_dropout(runs, task),
        every_loss=first.recording.every_loss,
    )


def feed_of(runs: Sequence[Run], task: AnyTask) -> Feed:
    """The examples of runs that `groups` put together."""
    data = runs[0].trained_on
    if isinstance(task, SequenceTask):
        assert isinstance(data, Fresh | Sample)
        return _drawn(runs, task, data)
    assert not isinstance(data, Fresh | Sample)
    return _listed(runs, task, data)


def _listed(
    runs: Sequence[Run], task: Task, data: WholeTable | FullBatch | Minibatches
) -> TableFeed | ListedFeed:
    tokens, labels = torch.from_numpy(task.tokens), torch.from_numpy(task.labels)
    if isinstance(data, WholeTable):
        masks = [train_mask(task, _fraction(r), r.seeds.split, r.rng) for r in runs]
        return TableFeed(tokens, labels, torch.from_numpy(np.stack(masks)), task.grid)
    parts = [split(task, _fraction(run), run.seeds.split, run.rng) for run in runs]
    return ListedFeed(
        tokens,
        labels,
        train=tuple(torch.from_numpy(train) for train, _ in parts),
        test=tuple(torch.from_numpy(test) for _, test in parts),
        size=data.size if isinstance(data, Minibatches) else None,
        seeds=tuple(run.seeds.split for run in runs),
    )


def _fraction(run: Run) -> float:
    assert isinstance(run.task, TableTask)
    return run.task.train_fraction


def _drawn(runs: Sequence[Run], task: SequenceTask, data: Fresh | Sample) -> DrawnFeed:
    seeds = tuple(run.seeds.split for run in runs)

    def test(seed: int, step: int) -> Examples:
        return drawn(task, data.test_size, seed, step, test=True)

    def fresh(seed: int, step: int) -> Examples:
        return drawn(task, data.per_step(0), seed, step, test=False)

    if isinstance(data, Fresh):
        return DrawnFeed(seeds, fresh, test, None, torch.device("cpu"))
    kept = {seed: fixed(task, data.examples, seed) for seed in seeds}

    def part(seed: int, step: int) -> Examples:
        return consecutive(kept[seed], data.per_step(0), step)

    own = tuple(kept[seed] for seed in seeds)
    whole = data.per_step(0) == data.examples
    return DrawnFeed(seeds, part, test, own, torch.device("cpu"), whole)


def consecutive(examples: Examples, size: int, step: int) -> Examples:
    """The examples of update `step`, `size` of them at a time, over and over; where they do not
    come out even, a batch goes on with the first ones."""
    number = len(examples.tokens)
    rows = np.arange((step - 1) * size, step * size) % number
    return Examples(examples.tokens[rows], examples.labels[rows], examples.weights[rows])


def _dropout(runs: Sequence[Run], task: AnyTask) -> Dropout | None:
    shape = runs[0].model.dropout_shape(task)
    if shape is None:
        return None
    return Dropout(runs[0].model.dropout_rate(), shape, tuple(run.seeds.mlp for run in runs))


def stacked(settings: Sequence[OptimiserSettings]) -> Optimiser:
    """The optimiser of runs that `groups` put together: one kind, settings for each run."""
    rows = [_numbers(one) for one in settings]
    columns = {
        name: torch.tensor([row[name] for row in rows], dtype=torch.float64) for name in rows[0]
    }
    return OPTIMISERS[settings[0].name](**columns)


def _numbers(settings: OptimiserSettings) -> dict[str, float]:
    """Its settings one by one: of a pair such as `betas`, `beta1` and `beta2`."""
    # Not a dump, which leaves defaults out.
    numbers: dict[str, float] = {k: v for k, v in settings if k not in ("name", "betas")}
    if betas := getattr(settings, "betas", None):
        numbers["beta1"], numbers["beta2"] = betas
    return numbers


def observing(names: Sequence[str], numbers: int) -> Observe:
    """All that some observers see. numbers: how many tokens are numbers."""

    def observe(parameters: Parameters) -> dict[str, Tensor]:
        return {k: v for name in names for k, v in OBSERVERS[name](parameters, numbers).items()}

    return observe


def observer_of(run: Run) -> Observe:
    """What is recorded of the weights of a run and all that share its ensemble."""
    return observing(run.observers, getattr(run.task, "p", 0))


def observe_gradient_of(run: Run) -> ObserveGradient | None:
    """What is recorded of gradients, for ensembles that ask: norms by frequency (methods 2.9)."""
    return (EMBEDDING, gradient_signals) if run.recording.gradients else None


def schedule_of(run: Run) -> Schedule:
    """The recording schedule of a run and all that share its ensemble."""
    return Schedule(run.recording.every, run.recording.dense_until)


def keep_of(run: Run) -> Keep:
    """Which weights are kept of a run and all that share its ensemble."""
    return Keep(run.kept, run.recording.checkpoints_every)


def stop_rule_of(run: Run, two_mean_factor: float) -> StopRule | None:
    """A fresh stop rule for an ensemble, or None where runs go to their limit."""
    return None if run.stop is None else SettleRule(run.stop, two_mean_factor)
