"""What finished files were made from: a small record beside the outputs of every job.

Snakemake remembers in `.snakemake` what it made files from. That memory is lost when the folder is
deleted, and it does not travel with results that are copied. A record does: `.made/<file>.json`
beside a job's first output holds the key of all that decided its outputs, and their sizes. It also
tells what the job cost.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fittest.store import write_text


@dataclass(frozen=True)
class Cost:
    """What a job took: wall time in seconds, and peak resident memory in MB, that of libraries
    which it shares with the process that it is a copy of (prefork.py) included."""

    seconds: float
    peak_mb: float

    @classmethod
    def until_now(cls, seconds: float) -> Cost:
        """Of this process, of which a job has had so many seconds."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts bytes, all others KiB.
        return cls(seconds, peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def record_path(outputs: Sequence[str | Path]) -> Path:
    """Where the record of a job with these outputs lies."""
    first = Path(outputs[0])
    return first.parent / ".made" / f"{first.name}.json"


def record(outputs: Sequence[str | Path], key: str | None, cost: Cost | None = None) -> None:
    """Say that `outputs`, which exist, were made from what `key` stands for, and at what cost.

    Without a key nothing is said of what they were made from.
    """
    content = {
        "key": key,
        "sizes": {_place(path, outputs): Path(path).stat().st_size for path in outputs},
        "seconds": cost and round(cost.seconds, 3),
        "peak_mb": cost and round(cost.peak_mb, 1),
    }
    write_text(json.dumps(content, indent=1), record_path(outputs))


def _place(path: str | Path, outputs: Sequence[str | Path]) -> str:
    """Of an output by the folder of the first, with / between folders: two may have one name."""
    return Path(os.path.relpath(path, Path(outputs[0]).parent)).as_posix()


def cost_of(outputs: Sequence[str | Path]) -> Cost | None:
    """What the job with these outputs took; None where it has left no word of it."""
    try:
        found = json.loads(record_path(outputs).read_text(encoding="utf-8"))
        return Cost(float(found["seconds"]), float(found["peak_mb"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(outputs: Sequence[str | Path]) -> None:
    """Remove the record of a job that is about to make its outputs anew."""
    with suppress(FileNotFoundError):
        record_path(outputs).unlink()


def is_made_from(outputs: Sequence[str | Path], key: str) -> bool:
    """Whether those of `outputs` that exist are as a job left them that was given `key`.

    A file without a record, or of another size than recorded, is not. Raises OSError where a record
    is there and the disk does not give it.
    """
    try:
        found = json.loads(record_path(outputs).read_text(encoding="utf-8"))
        sizes = found["sizes"]
        return bool(found["key"] == key) and all(
            Path(path).stat().st_size
            == sizes.get(_place(path, outputs), sizes.get(Path(path).name))
            for path in outputs
            if Path(path).exists()
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError):
        return False
