"""How fast the jobs train that share a machine's cores: what one of them takes for itself alone
says little of the others, since its kind of network may be slower than forecast."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from fittest.store import write_text

# Others report every half minute; one that has ended says no more of the load.
_AGE_SECONDS = 120.0


class Pace:
    """What each job did of late, in a small file of its own in `folder`, for the others to read.

    A courtesy: where the folder cannot be written or read, a job knows of itself alone.
    """

    def __init__(self, folder: Path, job: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._own = folder / f"{job}.json"
        self._clock = clock

    def tell(self, work: float, seconds: float) -> None:
        """Say that `work` (seconds at the forecast's speed, by the share of the cores) was done in
        `seconds` (by the same share)."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_text(json.dumps({"at": self._clock(), "did": [work, seconds]}), self._own)

    def others(self) -> tuple[float, float]:
        """Work and seconds of all other jobs of late, added up."""
        known = list(self._read())
        return sum(work for work, _ in known), sum(seconds for _, seconds in known)

    def end(self) -> None:
        """This job is over."""
        with suppress(OSError):
            self._own.unlink(missing_ok=True)

    def _read(self) -> Iterator[tuple[float, float]]:
        for path in self._folder.glob("*.json"):
            # Another job may just be ending, or have been killed and left anything.
            with suppress(OSError, ValueError, KeyError, TypeError):
                told = json.loads(path.read_text(encoding="utf-8"))
                work, seconds = map(float, told["did"])
                if path == self._own:
                    continue
                if self._clock() - float(told["at"]) <= _AGE_SECONDS:
                    yield work, seconds
                else:
                    path.unlink()
