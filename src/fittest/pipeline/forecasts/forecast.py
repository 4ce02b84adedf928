"""From runs to seconds: the speed of a machine, and what training costs at that speed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from fittest.runs.catalogue import Shard
from fittest.runs.cost import (
    alike,
    expected_steps,
    flops,
    flops_per_step,
    forward_flops,
    kernel_knows,
    recorded_rows,
)
from fittest.runs.run import Run

Points = tuple[tuple[float, float], ...]
"""(FLOPs of one network's update or evaluation, FLOPs per second of the machine), ascending."""


@dataclass(frozen=True)
class Rate:
    """Sustained training speed against the size of a network.

    points: (FLOPs per step of one network, FLOPs per second of the machine), ascending; small
    networks reach less. source: where it comes from, in words. row_seconds: what recording a step
    of an ensemble takes beside its forward pass. start_seconds: what a job takes before it trains.
    note: what else to tell about it, "" for nothing. torch_points: as points, for runs that the
    native kernel does not know; empty where one speed holds for all. models: points of updates and
    of evaluations, by the name of a model that torch trains; others go by torch_points.
    """

    points: Points
    source: str
    row_seconds: float = 0.0
    start_seconds: float = 0.0
    note: str = ""
    torch_points: Points = ()
    models: Mapping[str, tuple[Points, Points]] = field(default_factory=dict)

    @classmethod
    def constant(cls, flops_per_second: float) -> Rate:
        """A given rate, for a machine that is not here."""
        return cls(((1.0, flops_per_second),), f"{flops_per_second / 1e9:g} GFLOP/s as given")

    @classmethod
    def typical(cls) -> Rate:
        """Where nothing has been measured: right in proportion, between networks of different
        size, and wrong by a factor that the first minute of training tells."""
        points = ((9.4e6, 9e10), (6.5e7, 1.5e11), (2.7e8, 1.8e11), (1.3e9, 1.8e11))
        torch = ((9.4e6, 6e9), (6.5e7, 2e10), (2.7e8, 2.5e10), (1.3e9, 2.5e10))
        return cls(points, "not measured", 2e-4, start_seconds=4.0, torch_points=torch)

    def at(self, step_flops: float, native: bool = True) -> float:
        """FLOPs per second for networks of `step_flops` per step, between the measured sizes.

        native: whether the native kernel knows them.
        """
        return _between(
            self.points if native or not self.torch_points else self.torch_points, step_flops
        )

    def step_seconds(self, run: Run) -> float:
        """Time of one update of a network like that of a run."""
        step = flops_per_step(run)
        return step / self._speed(run, step, evaluation=False)

    def evaluation_seconds(self, run: Run) -> float:
        """Time of measuring it once, and of the gradients that it records."""
        forward = forward_flops(run)
        return forward / self._speed(run, forward, evaluation=True)

    def _speed(self, run: Run, flops: float, evaluation: bool) -> float:
        native = kernel_knows(run)
        if not native and run.model.name in self.models:
            return _between(self.models[run.model.name][evaluation], flops)
        return self.at(flops_per_step(run), native)


def _between(points: Points, flops: float) -> float:
    """FLOPs per second at a size, from those of the sizes beside it."""
    if flops <= points[0][0]:
        return points[0][1]
    for (low, slow), (high, fast) in pairwise(points):
        if flops <= high:
            share = math.log(flops / low) / math.log(high / low)
            return slow * (fast / slow) ** share
    return points[-1][1]


@dataclass(frozen=True)
class EnsembleCost:
    """What an ensemble of equal networks costs, in seconds of a machine at its measured speed.

    step: one update of one network. row: recording one network once.
    """

    runs: Sequence[Run]
    step: float
    row: float

    @classmethod
    def of(cls, runs: Sequence[Run], rate: Rate) -> EnsembleCost:
        """The cost of runs that are trained together."""
        first = runs[0]
        row = rate.evaluation_seconds(first) + rate.row_seconds / len(runs)
        return cls(runs, rate.step_seconds(first), row)

    def until(self, network_steps: float) -> float:
        """Seconds for the first so many network-steps, with what is recorded on the way."""
        step = int(network_steps / len(self.runs))
        rows = len(self.runs) * recorded_rows(self.runs[0], step)
        return self.step * network_steps + self.row * rows


def _ensembles(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that share their rows: what an ensemble has in common."""
    found: dict[object, list[Run]] = {}
    for run in runs:
        found.setdefault(run.ensemble_key(), []).append(run)
    return list(found.values())


def shard_flops(shard: Shard) -> float:
    """FLOPs of all runs of a shard."""
    return sum(number * flops(run) for run, number in alike(shard.runs))


def run_seconds(run: Run, rate: Rate) -> float:
    """Time of a run's updates and evaluations."""
    steps = expected_steps(run)
    rows = recorded_rows(run, steps)
    return steps * rate.step_seconds(run) + rows * rate.evaluation_seconds(run)


def shard_seconds(shard: Shard, rate: Rate) -> float:
    """Time of a shard's job at `rate`: its start, its training and what it records."""
    kinds = alike(shard.runs)
    work = sum(number * run_seconds(run, rate) for run, number in kinds)
    rows = sum(
        max(recorded_rows(run, expected_steps(run)) for run in runs)
        for runs in _ensembles([run for run, _ in kinds])
    )
    return rate.start_seconds + work + rate.row_seconds * rows
