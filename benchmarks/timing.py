"""Interleaved timing: A B C A B C ..., so that a noisy machine is noisy for all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cases import Contender


@dataclass(frozen=True)
class Timing:
    """Repeats of one measurement, in the order in which they were taken."""

    repeats: tuple[float, ...]

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


def _steps_within(contender: Contender, seconds: float) -> int:
    """Steps that take about `seconds`, a multiple of the stride."""
    strides = 1
    while True:
        start = time.perf_counter()
        contender.advance(strides * contender.stride)
        elapsed = time.perf_counter() - start
        # A tenth of the budget is long enough to extrapolate from.
        if elapsed >= seconds / 10:
            return max(1, round(strides * seconds / elapsed)) * contender.stride
        strides *= 4


def train_milliseconds(contender: Contender, steps: int) -> float:
    """Milliseconds per network and step, from step 0; its first steps are not timed."""
    contender.reset()
    contender.advance(contender.stride)
    start = time.perf_counter()
    contender.advance(steps)
    return 1e3 * (time.perf_counter() - start) / steps / contender.networks


def interleaved(
    contenders: Sequence[Contender],
    rates: Mapping[str, Callable[[], float]],
    repeats: int,
    seconds: float,
) -> tuple[dict[str, Timing], dict[str, Timing]]:
    """Time all `contenders` (about `seconds` each) and call all `rates`, `repeats` times round.

    Returns milliseconds per network and step by contender, and the values of `rates`.
    """
    steps = {c.name: _steps_within(c, seconds) for c in contenders}
    times: dict[str, list[float]] = {c.name: [] for c in contenders}
    values: dict[str, list[float]] = {name: [] for name in rates}
    for _ in range(repeats):
        for contender in contenders:
            times[contender.name].append(train_milliseconds(contender, steps[contender.name]))
        for name, rate in rates.items():
            values[name].append(rate())
    return (
        {name: Timing(tuple(taken)) for name, taken in times.items()},
        {name: Timing(tuple(taken)) for name, taken in values.items()},
    )
