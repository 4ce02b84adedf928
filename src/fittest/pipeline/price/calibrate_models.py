"""How fast torch trains and evaluates the networks that some runs have: measured on those networks.

The native kernel's speed depends on little but size. That of torch depends on the architecture, so
each one is measured at the sizes at which it is to be trained: the smallest, the largest, and one
between them. Kept in results/calibration.json with the rest, for as long.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.forecast import Points
from fittest.pipeline.running.cores import usable_cores
from fittest.runs.cost import flops_per_step, forward_flops, kernel_knows
from fittest.runs.parts import Seeds
from fittest.runs.run import Run

Speeds = dict[str, tuple[Points, Points]]
"""By model: points of updates and of evaluations, as Rate has them."""

_NEAR = 1.5
"""A size is known if one that differs by less than this factor has been measured."""
_NETWORKS = 4
"""Networks that are measured together; a shard has some, and more are trained no faster."""
_SECONDS_EACH = 0.3
_MOST_STEPS = 20


def unknown(runs: Iterable[Run], known: Mapping[str, tuple[Points, Points]]) -> list[Run]:
    """Of the networks that torch has to train, one of each model and size to be measured."""
    sizes: dict[str, dict[float, Run]] = {}
    for run in runs:
        if not kernel_knows(run) and run.model.name != "embedding_mlp":
            sizes.setdefault(run.model.name, {}).setdefault(flops_per_step(run), run)
    found = []
    for name, by_size in sizes.items():
        rising = sorted(by_size)
        wanted = {rising[0], rising[len(rising) // 2], rising[-1]}
        done = [size for size, _ in known.get(name, ((), ()))[0]]
        for size in sorted(wanted):
            if not any(size / _NEAR < other < size * _NEAR for other in done):
                found.append(by_size[size])
                done.append(size)
    return found


def measured(runs: Iterable[Run], training: TrainingSettings) -> Speeds:
    """Train each of some networks for a moment, and evaluate it."""
    # Only here: whoever reads the cache need not wait for torch.
    from fittest.pipeline.running.backends import choose_backend, networks_at_once, resolve_device
    from fittest.pipeline.running.ensembles import DTYPES, build_ensemble

    device = resolve_device(training)
    found: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {}
    for run in runs:
        count = min(_NETWORKS, networks_at_once(training, run, device))
        twins = [
            run.with_seeds(Seeds(embedding=seed, mlp=seed, split=seed)) for seed in range(count)
        ]
        ensemble = build_ensemble(twins, DTYPES[training.dtype])
        backend = choose_backend(training, ensemble, twins, 0.0, usable_cores())
        backend.advance(1)
        start, steps = time.perf_counter(), 0
        while steps < _MOST_STEPS and time.perf_counter() - start < _SECONDS_EACH:
            backend.advance(1)
            steps += 1
        between = time.perf_counter()
        backend.evaluate()
        end = time.perf_counter()
        updates, evaluations = found.setdefault(run.model.name, ([], []))
        updates.append(
            (flops_per_step(run), flops_per_step(run) * steps * count / (between - start))
        )
        evaluations.append((forward_flops(run), forward_flops(run) * count / (end - between)))
    return {name: (tuple(sorted(a)), tuple(sorted(b))) for name, (a, b) in found.items()}


def joined(first: Mapping[str, tuple[Points, Points]], second: Speeds) -> Speeds:
    """Both, with ascending sizes."""
    result: Speeds = dict(first)
    for name, (updates, evaluations) in second.items():
        before = result.get(name, ((), ()))
        result[name] = (
            tuple(sorted({*before[0], *updates})),
            tuple(sorted({*before[1], *evaluations})),
        )
    return result
