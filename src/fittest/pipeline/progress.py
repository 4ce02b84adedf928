"""A progress bar with an ETA for a training job, and for all the training of a target."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from tqdm import tqdm

_LINE_SECONDS = 30.0
_TFLOP = 1e12


class Progress:
    """Progress of one job, in FLOPs, so that networks of different size count by their cost.

    total: FLOPs of the job. later: FLOPs of the jobs that the target needs after this one; the
    rate of this one tells how long they will take. On a terminal it is one moving line, in a
    log file a line every half minute.
    """

    def __init__(self, label: str, total: float, later: float, stream: TextIO | None) -> None:
        self._label = label
        self._total = total
        self._later = later
        self._stream = stream
        self._before = 0.0
        self._done = 0.0
        self._at_start: float | None = None
        self._start = time.monotonic()
        self._last_line = self._start
        self._bar: tqdm | None = None
        if stream is not None and stream.isatty():
            self._bar = tqdm(
                total=total / _TFLOP,
                desc=label,
                unit="TFLOP",
                file=stream,
                bar_format="{desc} {percentage:3.0f}%|{bar:24}| {elapsed}<{remaining}{postfix}",
            )

    @classmethod
    def silent(cls) -> Progress:
        """No output, for tests and library use."""
        return cls("", 0.0, 0.0, None)

    @classmethod
    def on_stderr(cls, label: str, total: float, later: float) -> Progress:
        """A bar on standard error."""
        return cls(label, total, later, sys.stderr)

    def part(self, flops_per_step: float) -> Callable[[int], None]:
        """The callback for the job's next ensemble: network-steps done of it so far."""
        self._before = self._done

        def report(network_steps: int) -> None:
            self._set(self._before + network_steps * flops_per_step)

        return report

    def _set(self, done: float) -> None:
        if self._at_start is None:
            # What a restart point brings was not done now and says nothing of the speed.
            self._at_start = self._done
            if done > 0.02 * self._total:
                self._at_start = done
        self._done = done
        if self._stream is None:
            return
        if self._bar is not None:
            self._bar.n = min(done, self._total) / _TFLOP
            self._bar.set_postfix_str(self._whole_target(), refresh=False)
            self._bar.refresh()
        elif time.monotonic() - self._last_line > _LINE_SECONDS:
            self._last_line = time.monotonic()
            self._stream.write(self.line() + "\n")
            self._stream.flush()

    def _seconds_for(self, flops: float) -> float | None:
        done_here = self._done - (self._at_start or 0.0)
        if done_here <= 0:
            return None
        return flops * (time.monotonic() - self._start) / done_here

    def _whole_target(self) -> str:
        seconds = self._seconds_for(max(0.0, self._total - self._done) + self._later)
        if seconds is None or self._later == 0:
            return ""
        return f"all training of this target: {duration(seconds)} left"

    def line(self) -> str:
        """Share done and time left, as one line of a log."""
        left = self._seconds_for(max(0.0, self._total - self._done))
        share = 100 * self._done / self._total if self._total else 100.0
        parts = [f"{self._label}: {share:.0f} %"]
        if left is not None:
            parts.append(f"{duration(left)} left")
        return ", ".join(parts + [t for t in (self._whole_target(),) if t])

    def close(self) -> None:
        """End the moving line."""
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
