"""How far and how fast the jobs train that share a machine's cores: how long one of them takes says
little of the others, since its kind of network may be slower than forecast."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fittest.errors import StoreError
from fittest.store import write_text

# Others report every half minute; one that has ended says no more of the load.
_AGE_SECONDS = 120.0


class Told(NamedTuple):
    """What jobs say of themselves, in seconds at the forecast's speed by their shares of the cores.

    work: done of late; seconds: the time that it took, by the same shares; done: of the whole job.
    """

    work: float
    seconds: float
    done: float


NOTHING = Told(0.0, 0.0, 0.0)


class Pace:
    """What each job did of late, in a small file of its own in `folder`, for the others to read.

    A courtesy: where the folder cannot be written or read, a job knows of itself alone.
    """

    def __init__(self, folder: Path, job: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._own = folder / f"{job}.json"
        self._clock = clock

    def tell(self, told: Told) -> None:
        """Say what this job has done."""
        with suppress(OSError, StoreError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_text(json.dumps({"at": self._clock(), "told": told}), self._own)

    def others(self) -> Told:
        """What all other jobs have said of late, added up."""
        return Told(*map(sum, zip(NOTHING, *self._read(), strict=True)))

    def end(self) -> None:
        """This job is over."""
        with suppress(OSError):
            self._own.unlink(missing_ok=True)

    def _read(self) -> Iterator[Told]:
        for path in self._folder.glob("*.json"):
            # Another job may just be ending, or have been killed and left anything.
            with suppress(OSError, ValueError, KeyError, TypeError):
                found = json.loads(path.read_text(encoding="utf-8"))
                work, seconds, done = map(float, found["told"])
                if path == self._own:
                    continue
                if self._clock() - float(found["at"]) <= _AGE_SECONDS:
                    yield Told(work, seconds, done)
                else:
                    path.unlink()
