"""What finished files were made from: a small record beside the outputs of every job.

Snakemake remembers in `.snakemake` what it made files from. That memory is lost when the folder is
deleted, and it does not travel with results that are copied. A record does: `.made/<file>.json`
beside a job's first output holds the key of all that decided its outputs, and their sizes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fittest.store import write_text


def record_path(outputs: Sequence[str | Path]) -> Path:
    """Where the record of a job with these outputs lies."""
    first = Path(outputs[0])
    return first.parent / ".made" / f"{first.name}.json"


def record(outputs: Sequence[str | Path], key: str) -> None:
    """Say that `outputs`, which exist, were made from what `key` stands for."""
    sizes = {Path(path).name: Path(path).stat().st_size for path in outputs}
    write_text(json.dumps({"key": key, "sizes": sizes}, indent=1), record_path(outputs))


def forget(outputs: Sequence[str | Path]) -> None:
    """Remove the record of a job that is about to make its outputs anew."""
    with suppress(FileNotFoundError):
        record_path(outputs).unlink()


def is_made_from(outputs: Sequence[str | Path], key: str) -> bool:
    """Whether those of `outputs` that exist are as a job left them that was given `key`.

    A file without a record, or of another size than recorded, is not.
    """
    try:
        found = json.loads(record_path(outputs).read_text(encoding="utf-8"))
        sizes = found["sizes"]
        return bool(found["key"] == key) and all(
            Path(path).stat().st_size == sizes[Path(path).name]
            for path in outputs
            if Path(path).exists()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
