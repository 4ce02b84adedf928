"""What networks of a kind take: seconds that were measured, and what follows for other sizes.

The native kernel's speed on the embedding MLP depends on little but size. That of torch depends on
the architecture, on how examples reach it, and for small networks on the number of its calls. So
seconds are kept and not speeds: what calls cost is part of them, and between two sizes it is
counted as it should be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fittest.runs.cost import work_of
from fittest.runs.run import Run

Pair = tuple[float, float]
"""Seconds of one network, and of as many as are trained at once."""

_SIZES = ("d", "hidden", "init")


@dataclass(frozen=True)
class Timed:
    """Networks of one kind and size, as measured.

    flops, forward: matmul FLOPs of an update and of an evaluation of one of them. at_once: how
    many are trained at once, at most. step, evaluation: seconds.
    """

    flops: float
    forward: float
    at_once: int
    step: Pair
    evaluation: Pair


def kind_of(run: Run) -> str:
    """A name that networks share which differ in size alone: architecture, data, optimiser."""
    facts = [str(value) for name, value in run.model.describe().items() if name not in _SIZES]
    layout = str(len(run.model.parameter_names()))
    numbers = (run.arithmetic.dtype or "", run.arithmetic.loss)
    kinds = (run.task.name, run.model.name, run.trained_on.name, run.optimiser.name)
    return " ".join([*kinds, *facts, layout, *numbers])


def step_of(
    timed: Sequence[Timed], flops: float, networks: int, at_once: int | None = None
) -> float:
    """Seconds of an update of so many networks of a size.

    timed: of their kind, ascending in size. at_once: how many a job trains at once, at most, where
    that is fewer than were measured.
    """

    def seconds(one: Timed) -> float:
        return _of(one, one.step, networks, at_once)

    return _at(timed, flops, lambda one: one.flops, seconds)


def evaluation_of(
    timed: Sequence[Timed], run: Run, networks: int, at_once: int | None = None
) -> float:
    """Seconds of an evaluation of so many networks like that of a run; at_once: as in `step_of`."""

    def seconds(one: Timed) -> float:
        return _of(one, one.evaluation, networks, at_once)

    sizes = sorted(timed, key=lambda one: one.forward)
    return _at(sizes, work_of(run).forward_flops, lambda one: one.forward, seconds)


def _at(
    timed: Sequence[Timed],
    wanted: float,
    size: Callable[[Timed], float],
    seconds: Callable[[Timed], float],
) -> float:
    for below, above in pairwise(timed):
        if size(below) <= wanted <= size(above) and size(below) < size(above):
            share = (wanted - size(below)) / (size(above) - size(below))
            return seconds(below) + share * (seconds(above) - seconds(below))
    nearest = timed[0] if wanted < size(timed[0]) else timed[-1]
    return seconds(nearest) * wanted / size(nearest)


def _of(timed: Timed, pair: Pair, networks: int, at_once: int | None) -> float:
    """Seconds of so many networks: as many times all that go at once, and the rest."""
    one, most = pair
    if at_once is not None and at_once < timed.at_once:
        # Networks that have a thread each take no longer for each other.
        return math.ceil(networks / at_once) * one
    times, rest = divmod(networks, timed.at_once)
    seconds = times * most
    if rest:
        seconds += one + (most - one) * (rest - 1) / max(1, timed.at_once - 1)
    return seconds
