"""Interleaved timing: A B C A B C ..., so that a noisy machine is noisy for all alike.

Where other processes hold it up for much of a measurement, it is made again.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cases import Contender
from benchmarks.machine import clock, seconds_waited

_QUIET = 0.1
"""Seconds per second that threads may wait for a core during a measurement."""


@dataclass(frozen=True)
class Timing:
    """Repeats of one measurement, in the order in which they were taken.

    waited: seconds per second that threads waited for a core during each.
    """

    repeats: tuple[float, ...]
    waited: tuple[float | None, ...] = ()

    @property
    def median(self) -> float:
        """What is reported."""
        return statistics.median(self.repeats)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        if len(self.repeats) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.repeats, n=4, method="inclusive")
        return (high - low) / 2 / self.median


@dataclass(frozen=True)
class _Taken:
    values: dict[str, float]
    waited: float | None


def _once(measure: Callable[[], dict[str, float]]) -> _Taken:
    before, start = seconds_waited(), time.perf_counter()
    values = measure()
    elapsed, after = time.perf_counter() - start, seconds_waited()
    if before is None or after is None:
        return _Taken(values, None)
    return _Taken(values, max(0.0, after - before) / elapsed)


def _least_disturbed(measure: Callable[[], dict[str, float]], attempts: int) -> _Taken:
    """The first quiet attempt, else the quietest of a few."""
    best = _once(measure)
    for _ in range(attempts - 1):
        if best.waited is None or best.waited <= _QUIET:
            break
        again = _once(measure)
        if again.waited is not None and again.waited < best.waited:
            best = again
    return best


def _steps_within(contender: Contender, seconds: float) -> int:
    """Steps that take about `seconds`, a multiple of the stride."""
    strides = 1
    while True:
        start = clock()
        contender.advance(strides * contender.stride)
        elapsed = clock() - start
        # A tenth of the budget is long enough to extrapolate from.
        if elapsed >= seconds / 10:
            return max(1, round(strides * seconds / elapsed)) * contender.stride
        strides *= 4


def train_milliseconds(contender: Contender, steps: int) -> float:
    """Milliseconds per network and step, from step 0; its first steps are not timed."""
    contender.reset()
    contender.advance(contender.stride)
    start = clock()
    contender.advance(steps)
    return 1e3 * (clock() - start) / steps / contender.networks


def interleaved(
    contenders: Sequence[Contender],
    rates: Sequence[Mapping[str, Callable[[], float]]],
    repeats: int,
    seconds: float,
    attempts: int,
) -> tuple[dict[str, Timing], dict[str, Timing]]:
    """Time all `contenders` (about `seconds` each) and call all `rates`, `repeats` times round.

    rates: groups of short measurements that are made, and made again, together.
    attempts: how often at most a measurement is made that others disturb.
    Returns milliseconds per network and step by contender, and the values of `rates`.
    """

    def train(contender: Contender, steps: int) -> Callable[[], dict[str, float]]:
        return lambda: {contender.name: train_milliseconds(contender, steps)}

    def call(group: Mapping[str, Callable[[], float]]) -> Callable[[], dict[str, float]]:
        return lambda: {name: rate() for name, rate in group.items()}

    groups = [train(c, _steps_within(c, seconds)) for c in contenders]
    groups += [call(group) for group in rates]
    rounds = [[_least_disturbed(group, attempts) for group in groups] for _ in range(repeats)]
    found = {}
    for taken in zip(*rounds, strict=True):
        waited = tuple(one.waited for one in taken)
        for name in taken[0].values:
            found[name] = Timing(tuple(one.values[name] for one in taken), waited)
    times = {c.name: found.pop(c.name) for c in contenders}
    return times, found
