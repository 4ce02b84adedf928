"""From runs to seconds: the speed of a machine, and what training costs at that speed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from fittest.pipeline.forecasts.kinds import Timed, evaluation_of, kind_of, step_of
from fittest.runs.catalogue import Shard
from fittest.runs.cost import (
    expected_steps,
    flops,
    flops_per_step,
    forward_flops,
    kept_bytes,
    kernel_knows,
    recorded_rows,
)
from fittest.runs.run import Run

Points = tuple[tuple[float, float], ...]
"""(FLOPs of one network's update, FLOPs per second of the machine), ascending."""

BYTE_SECONDS = 1e-8
"""Seconds that a job waits for a byte of recorded weights: digests, and a disk in use."""
# Measured for networks of 0.01 GFLOP a step, eight at once, and of 3 GFLOP, one at a time. What
# compiling saves is elementwise work and calls, of which small steps have more.
_COMPILED_SHARE = ((1e8, 0.55), (2e9, 0.83))
_COMPILING_SECONDS = 60.0


@dataclass(frozen=True)
class Rate:
    """Sustained training speed against the size of a network.

    points: (FLOPs per step of one network, FLOPs per second of the machine), ascending; small
    networks reach less. source: where it comes from, in words. row_seconds: what recording a step
    of an ensemble takes beside its forward pass. start_seconds: what a job takes before it trains;
    trace_seconds: what it takes besides where torch trains. note: what else to tell about it, ""
    for nothing. torch_points: as points, for runs that the native kernel does not know and whose
    kind has not been measured; empty where one speed holds for all. kinds: what was measured of
    networks by their kind (kinds.py), ascending in size. byte_seconds: of a byte of recorded
    weights. cores: that `points` are the speed of; the kernel trains a network on each of them.
    compiled_from: FLOPs of an ensemble from which on torch compiles its step. side_by_side: whether
    it is the speed of a job on the cores that it takes, and not of a whole machine. kernel: whether
    the native kernel trains what it knows. threads: those of the job that is asked about; None for
    one on each core.
    """

    points: Points
    source: str
    row_seconds: float = 0.0
    start_seconds: float = 0.0
    note: str = ""
    torch_points: Points = ()
    kinds: Mapping[str, tuple[Timed, ...]] = field(default_factory=dict)
    byte_seconds: float = 0.0
    cores: int = 1
    compiled_from: float = math.inf
    side_by_side: bool = False
    kernel: bool = True
    threads: int | None = None
    trace_seconds: float = 0.0

    def on(self, threads: int) -> Rate:
        """The rate of a job on so many threads, of the cores that were measured."""
        return replace(self, threads=min(threads, self.cores)) if self.side_by_side else self

    @classmethod
    def constant(cls, flops_per_second: float) -> Rate:
        """A given rate, for a machine that is not here."""
        return cls(((1.0, flops_per_second),), f"{flops_per_second / 1e9:g} GFLOP/s as given")

    @classmethod
    def typical(cls, cores: int = 1) -> Rate:
        """Where nothing has been measured: right in proportion, between networks of different
        size, and wrong by a factor that the first minute of training tells."""
        points = ((9.4e6, 9e10), (6.5e7, 1.5e11), (2.7e8, 1.8e11), (1.3e9, 1.8e11))
        torch = ((9.4e6, 6e9), (6.5e7, 1.5e10), (2.7e8, 2e10), (1.3e9, 2.5e10))
        return cls(
            points,
            "not measured",
            2e-4,
            start_seconds=4.0,
            trace_seconds=2.0,
            torch_points=torch,
            byte_seconds=BYTE_SECONDS,
            cores=cores,
            side_by_side=True,
        )

    def at(self, step_flops: float, native: bool = True) -> float:
        """FLOPs per second for networks of `step_flops` per step, between the measured sizes.

        native: whether the native kernel knows them.
        """
        return _between(
            self.points if native or not self.torch_points else self.torch_points, step_flops
        )

    def step_seconds(self, run: Run, networks: int = 1) -> float:
        """Time of one update of so many networks like that of a run, which a job trains together;
        of each of them on average, times their number."""
        if timed := self._timed(run):
            return step_of(timed, flops_per_step(run), networks, self._at_once(run))
        return self._by_speed(run, flops_per_step(run), networks)

    def evaluation_seconds(self, run: Run, networks: int = 1) -> float:
        """Time of measuring them once, and of the gradients that they record."""
        if timed := self._timed(run):
            gradients = self.step_seconds(run, networks) if run.recording.gradients else 0.0
            return evaluation_of(timed, run, networks, self._at_once(run)) + gradients
        return self._by_speed(run, forward_flops(run), networks)

    def _timed(self, run: Run) -> tuple[Timed, ...]:
        return self.kinds.get(kind_of(run), ()) if self.kinds else ()

    def kernel_trains(self, run: Run) -> bool:
        """Whether the native kernel trains a run, and not torch."""
        return self.kernel and kernel_knows(run)

    def _at_once(self, run: Run) -> int | None:
        return self.threads if self.kernel_trains(run) else None

    def _by_speed(self, run: Run, work: float, networks: int) -> float:
        native = self.kernel_trains(run) or not self.torch_points
        if not native:
            return work * networks / self.at(flops_per_step(run), native)
        # Threads beyond the number of networks have nothing to do.
        threads = self.cores if self.threads is None else self.threads
        by_one = self.at(flops_per_step(run)) / self.cores
        return work * max(networks, threads) / (threads * by_one)

    def compiled_share(self, run: Run, all_flops: float) -> float:
        """Time of a step by what it is when not compiled, in an ensemble of so many FLOPs."""
        if all_flops <= self.compiled_from or self.kernel_trains(run):
            return 1.0
        return _between(_COMPILED_SHARE, flops_per_step(run))


def _between(points: Points, flops: float) -> float:
    """A value at a size, from those of the sizes beside it."""
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
        first, number = runs[0], len(runs)
        row = (rate.evaluation_seconds(first, number) + rate.row_seconds) / number
        share = rate.compiled_share(first, sum(flops(run) for run in runs))
        return cls(runs, share * rate.step_seconds(first, number) / number, row)

    def until(self, network_steps: float) -> float:
        """Seconds for the first so many network-steps, with what is recorded on the way."""
        step = int(network_steps / len(self.runs))
        rows = len(self.runs) * recorded_rows(self.runs[0], step)
        return self.step * network_steps + self.row * rows


def _ensembles(runs: Sequence[tuple[Run, int]]) -> list[list[tuple[Run, int]]]:
    """Runs that share their rows: what an ensemble has in common. With each, how many there are."""
    found: dict[object, list[tuple[Run, int]]] = {}
    for run, number in runs:
        found.setdefault(run.ensemble_key(), []).append((run, number))
    return list(found.values())


def shard_flops(shard: Shard) -> float:
    """FLOPs of all runs of a shard."""
    return sum(number * flops(run) for run, number in shard.kinds)


def shard_seconds(shard: Shard, rate: Rate) -> float:
    """Time of a shard's job at `rate`: its start, its training and what it records."""
    parts = _ensembles(shard.kinds)
    start = rate.start_seconds
    if not all(rate.kernel_trains(run) for part in parts for run, _ in part):
        start += rate.trace_seconds
    return start + sum(_ensemble_seconds(part, rate) for part in parts)


def _ensemble_seconds(runs: Sequence[tuple[Run, int]], rate: Rate) -> float:
    together = sum(number for _, number in runs)
    work = sum(number * flops(run) for run, number in runs)
    seconds = rate.row_seconds * max(recorded_rows(run, expected_steps(run)) for run, _ in runs)
    for run, number in runs:
        steps = expected_steps(run)
        share = rate.compiled_share(run, work)
        # Of the whole ensemble, and what of it is theirs.
        each = steps * share * rate.step_seconds(run, together)
        each += recorded_rows(run, steps) * rate.evaluation_seconds(run, together)
        seconds += each * number / together
        seconds += number * kept_bytes(run) * rate.byte_seconds
    if rate.compiled_share(runs[0][0], work) < 1:
        seconds += _COMPILING_SECONDS
    return seconds
