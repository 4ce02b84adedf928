"""How fast the networks that some runs have are trained and evaluated: measured on those networks.

Each kind (forecasts/kinds.py) is measured at the sizes at which it is to be trained: the smallest,
the largest, and one between them. Kept in results/calibration.json with the rest, for as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from fittest.data import Fresh, Sample
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.kinds import Pair, Timed, kind_of
from fittest.pipeline.forecasts.trainer import kernel_trains
from fittest.pipeline.running.cores import usable_cores
from fittest.runs.cost import alike, flops_per_step, work_of
from fittest.runs.parts import Seeds
from fittest.runs.run import Run

if TYPE_CHECKING:
    from fittest.training.backend import Backend

Kinds = dict[str, tuple[Timed, ...]]
"""What was measured, by kind."""

_NEAR = 1.5
"""A size is known if one that differs by less than this factor has been measured."""
# Whatever else the machine does makes a step slower and never faster: the least of several counts.
_REPEATS = 9
_SECONDS_EACH = 0.6
# So many updates at a time that starting threads for them is little beside them.
_COUNT_SECONDS = 0.03
# The first step of a network takes seconds longer than the next ones: torch traces it. Only where
# it takes longer than this is it no worse a measure than they.
_SLOW_SECONDS = 20.0
# Evaluations are measured on no more examples where these are drawn: time goes with their number.
_MOST_EXAMPLES = 1024
# A GPU holds hundreds of small networks; from there on time goes with their number.
_MOST_NETWORKS = 16


def _has_points(training: TrainingSettings, run: Run) -> bool:
    """Whether the speed of the machine itself was measured on such networks (calibrate.py)."""
    parts = run.model.name, run.trained_on.name, run.optimiser.name
    return parts == ("embedding_mlp", "table", "adamw") and kernel_trains(training, run)


def unknown(
    runs: Iterable[Run], known: Mapping[str, tuple[Timed, ...]], training: TrainingSettings
) -> list[Run]:
    """Of the networks whose kind has to be measured, one of each kind and size."""
    found = []
    for kind, by_size in _by_kind_and_size(runs, training).items():
        rising = sorted(by_size)
        done = [timed.flops for timed in known.get(kind, ())]
        for size in sorted({rising[0], rising[len(rising) // 2], rising[-1]}):
            if not any(size / _NEAR < other < size * _NEAR for other in done):
                found.append(by_size[size])
                done.append(size)
    return found


def covered(
    runs: Iterable[Run], known: Mapping[str, tuple[Timed, ...]], training: TrainingSettings
) -> bool:
    """Whether what was measured tells the time of some networks: their kinds, and sizes no further
    than those of each kind. Unlike what is ``unknown``, it holds for some of the networks where it
    holds for all of them."""
    for kind, by_size in _by_kind_and_size(runs, training).items():
        sizes = [timed.flops for timed in known.get(kind, ())]
        if not sizes or min(by_size) < min(sizes) / _NEAR or max(by_size) > max(sizes) * _NEAR:
            return False
    return True


def _by_kind_and_size(
    runs: Iterable[Run], training: TrainingSettings
) -> dict[str, dict[float, Run]]:
    """A network of each size of each kind that has to be measured."""
    sizes: dict[str, dict[float, Run]] = {}
    for run, _ in alike(runs):
        if not _has_points(training, run):
            sizes.setdefault(kind_of(run), {}).setdefault(flops_per_step(run), run)
    return sizes


def measured(runs: Iterable[Run], training: TrainingSettings) -> Kinds:
    """Train each of some networks for a moment, and evaluate it: seconds on a machine where
    nothing else runs, as far as processor time tells them."""
    found: Kinds = {}
    for run in runs:
        kind = kind_of(run)
        found[kind] = (*found.get(kind, ()), _timed(_lighter(run), training))
    return found


def joined(first: Mapping[str, tuple[Timed, ...]], second: Kinds) -> Kinds:
    """Both, with ascending sizes."""
    result: Kinds = dict(first)
    for kind, timed in second.items():
        # Of two of one size the second is the newer one.
        by_size = {one.flops: one for one in (*result.get(kind, ()), *timed)}
        result[kind] = tuple(by_size[size] for size in sorted(by_size))
    return result


def _lighter(run: Run) -> Run:
    """The same network, with fewer examples to be evaluated on where that changes no update."""
    data = run.trained_on
    if isinstance(data, Fresh):
        fewer: Fresh | Sample = data.model_copy(update={"test_size": _least(data.test_size)})
    elif isinstance(data, Sample):
        examples = max(data.per_step(0), _least(data.examples))
        update = {"examples": examples, "test_size": _least(data.test_size)}
        fewer = data.model_copy(update=update)
    else:
        return run
    return run.model_copy(update={"data": fewer})


def _least(examples: int) -> int:
    return min(examples, _MOST_EXAMPLES)


def _timed(run: Run, training: TrainingSettings) -> Timed:
    # Only here: whoever reads the cache need not wait for torch.
    from fittest.pipeline.running.backends import networks_at_once, resolve_device

    cores = usable_cores()
    if kernel_trains(training, run) and resolve_device(training).type == "cpu":
        # Each thread trains a network of its own, and two of them one after the other.
        update, measuring = (seconds / 2 for seconds in _seconds(run, training, 2 * cores))
        return _of_pairs(run, cores, (update, update), (measuring, measuring))
    most = networks_at_once(training, run, resolve_device(training))
    together = min(most, _MOST_NETWORKS)
    one = some = _seconds(run, training, 1)
    if together > 1:
        some = _seconds(run, training, together)
    step, evaluation = (
        # More networks never take less; a machine in use may make it seem so.
        (a, a + max(0.0, b - a) * (most - 1) / max(1, together - 1))
        for a, b in zip(one, some, strict=True)
    )
    return _of_pairs(run, most, step, evaluation)


def _of_pairs(run: Run, at_once: int, step: Pair, evaluation: Pair) -> Timed:
    return Timed(flops_per_step(run), work_of(run).forward_flops, at_once, step, evaluation)


def _seconds(run: Run, training: TrainingSettings, networks: int) -> tuple[float, float]:
    """Seconds of an update and of an evaluation of so many networks, trained together."""
    from fittest.pipeline.running.backends import choose_backend, resolve_device
    from fittest.pipeline.running.ensembles import DTYPES, build_ensemble

    twins = [
        run.with_seeds(Seeds(embedding=seed, mlp=seed, split=seed)) for seed in range(networks)
    ]
    ensemble = build_ensemble(twins, DTYPES[training.dtype])
    on_gpu = resolve_device(training).type == "cuda"
    threads = usable_cores()
    if not on_gpu and not kernel_trains(training, run):
        threads = min(threads, training.torch_threads)
    # No FLOPs announced: compiling for a measurement of a second would not pay.
    backend = choose_backend(training, ensemble, twins, 0.0, threads)
    clock = _clock(backend, threads, on_gpu)
    first = _least_seconds(lambda: backend.advance(1), clock, 1)
    step = first
    if first < _SLOW_SECONDS:
        step = min(first, _least_seconds(lambda: backend.advance(1), clock, 2))
        several = max(1, round(_COUNT_SECONDS / step))
        together = _least_seconds(lambda: backend.advance(several), clock, _REPEATS)
        step = min(step, together / several)
    return step, _least_seconds(backend.evaluate, clock, _REPEATS)


def _clock(backend: Backend, threads: int, on_gpu: bool) -> Callable[[], float]:
    """Seconds that pass for a backend when it has the machine to itself."""
    if on_gpu:
        import torch

        def synchronised() -> float:
            torch.cuda.synchronize()
            return time.perf_counter()

        return synchronised
    if threads == 1:
        return time.thread_time
    # Threads of the kernel never wait for each other; those of torch do, and count while they do.
    return (
        (lambda: time.process_time() / threads) if backend.name == "native" else time.perf_counter
    )


def _least_seconds(work: Callable[[], object], clock: Callable[[], float], repeats: int) -> float:
    least, spent = float("inf"), 0.0
    for _ in range(repeats):
        start = clock()
        work()
        seconds = clock() - start
        least, spent = min(least, seconds), spent + seconds
        if spent > _SECONDS_EACH:
            break
    return max(least, 1e-9)
