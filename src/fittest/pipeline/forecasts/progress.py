"""A progress bar with the time left of a training job, and of all the training of a target."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

from tqdm import tqdm

from fittest.pipeline.forecasts.forecast import EnsembleCost, Rate
from fittest.pipeline.forecasts.pace import NOTHING, Pace, Told
from fittest.runs.run import Run

_LINE_SECONDS = 30.0
# The load of a machine changes: what the last minute and a half took says what the next will.
_WINDOW_SECONDS = 90.0
# Before that much has been seen, a speed would be a guess.
_LEAST_SECONDS = 2.0


class Speed:
    """Work done per second of late. Work is counted in seconds of a machine at its measured speed,
    so 0.5 says that everything takes twice as long as forecast."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._total = 0.0
        # From the first report on: what comes before, loading and warming up, is no training.
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, work: float) -> None:
        """Count work that was just done."""
        now = self._clock()
        self._total += work
        self._seen.append((now, self._total))
        # One that is as old as the window stays, or seldom reports would leave nothing to compare.
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_SECONDS:
            self._seen.popleft()

    def now(self) -> float | None:
        """Work per second; None until it can be told."""
        done, seconds = self.seen()
        return done / seconds if seconds >= _LEAST_SECONDS and done > 0 else None

    def seen(self) -> tuple[float, float]:
        """Work of late, and the seconds that it took."""
        if not self._seen:
            return 0.0, 0.0
        start, before = self._seen[0]
        return self._total - before, self._clock() - start


class Progress:
    """Progress of one job, so that networks of different size count by what they cost.

    total: what the job costs. later: what the jobs cost that the target needs beside this one, when
    they share the cores; 0 for none. Both in seconds at `rate`; how much slower or faster this
    machine is just now is seen on the way. share: what the job takes of the cores. pace: where the
    jobs that share the cores tell each other how far and how fast they are. pending: asks what is
    left of `later`, jobs that run counted in full.

    On a terminal it is one moving line, in a log file a line every half minute.
    """

    def __init__(
        self,
        label: str,
        total: float,
        later: float,
        stream: TextIO | None,
        rate: Rate | None = None,
        clock: Callable[[], float] = time.monotonic,
        share: float = 1.0,
        pace: Pace | None = None,
        pending: Callable[[], float] | None = None,
    ) -> None:
        self._share = share
        self._pace = pace
        self._pending = pending
        self._label = label
        self._total = total
        self._later = later
        self._stream = stream
        self._rate = rate or Rate.typical()
        self._clock = clock
        self._speed = Speed(clock)
        self._before = 0.0
        self._done = 0.0
        self._last_line = clock()
        self._others = NOTHING
        # Before its speed is seen, a job has nothing to tell.
        self._next_exchange = clock() + _LINE_SECONDS / 2
        self._bar: tqdm | None = None
        if stream is not None and stream.isatty():
            self._bar = tqdm(
                total=total,
                desc=label,
                file=stream,
                bar_format="{desc} {percentage:3.0f}%|{bar:24}| {elapsed}{postfix}",
            )

    @classmethod
    def silent(cls) -> Progress:
        """No output, for tests and library use."""
        return cls("", 0.0, 0.0, None)

    @classmethod
    def on_stderr(
        cls,
        label: str,
        total: float,
        later: float,
        rate: Rate,
        share: float = 1.0,
        pace: Pace | None = None,
        pending: Callable[[], float] | None = None,
    ) -> Progress:
        """A bar on standard error."""
        return cls(label, total, later, sys.stderr, rate, share=share, pace=pace, pending=pending)

    def part(self, runs: Sequence[Run]) -> tuple[Callable[[int], None], Callable[[int, int], None]]:
        """What the training loop of the job's next ensemble is to call (`Control`): `progress` and
        `worked`."""
        cost = EnsembleCost.of(runs, self._rate)
        self._before = self._done

        def progress(network_steps: int) -> None:
            self._set(self._before + cost.until(network_steps))

        def worked(steps: int, rows: int) -> None:
            self._speed.add(steps * cost.step + rows * cost.row)
            self._exchange()

        return progress, worked

    def _set(self, done: float) -> None:
        self._done = done
        if self._stream is None:
            return
        if self._bar is not None:
            self._bar.n = min(done, self._total)
            self._bar.set_postfix_str(", ".join(self._times()), refresh=False)
            self._bar.refresh()
        elif self._clock() - self._last_line > _LINE_SECONDS:
            self._last_line = self._clock()
            self._stream.write(self.line() + "\n")
            self._stream.flush()

    def seconds_left(self) -> tuple[float, float] | None:
        """Time that this job and all training of the target will take yet; None until it can be
        told."""
        speed = self._speed.now()
        if speed is None:
            return None
        own = max(0.0, self._total - self._done) / speed
        return own, max(own, self._share * own + self._later / self._common(speed))

    def _common(self, own: float) -> float:
        """Speed of all jobs that share the cores just now."""
        if self._pace is None or not self._later:
            return own
        work, seconds = (self._share * one for one in self._speed.seen())
        return (work + self._others.work) / (seconds + self._others.seconds)

    def _exchange(self) -> None:
        """Tell the other jobs, and hear from them, now and then."""
        if self._pace is None or self._clock() < self._next_exchange:
            return
        self._next_exchange = self._clock() + _LINE_SECONDS
        self._pace.tell(Told(*(self._share * one for one in (*self._speed.seen(), self._done))))
        self._others = self._pace.others()
        if self._pending is not None:
            self._later = max(0.0, self._pending() - self._others.done)

    def _times(self) -> list[str]:
        left = self.seconds_left()
        if left is None:
            return []
        times = [f"{duration(left[0])} left"]
        if self._later:
            times.append(f"all training of this target: {duration(left[1])} left")
        return times

    def line(self) -> str:
        """Share done and time left, as one line of a log."""
        share = min(100.0, 100 * self._done / self._total) if self._total else 100.0
        return ", ".join([f"{self._label}: {share:.0f} %", *self._times()])

    def close(self) -> None:
        """End the moving line."""
        if self._pace is not None:
            self._pace.end()
        if self._bar is not None:
            self._bar.close()


def duration(seconds: float) -> str:
    """Seconds as a short text: 45 s, 12 min, 3.4 h, 2.1 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"
