"""Which runs and steps the row groups of a table are of, so that those of one run are read alone.

Parquet's own statistics, which other readers use, say it too, but have no checksum: a damaged one
would hide rows, or end the process that decodes it. A file that is written group by group therefore
has the bounds of all groups under a key of its own, with a digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from fittest.errors import StoreError
from fittest.store.checks import GROUPS, REMEDY, PathLike, reading

Bounds = tuple[str, str, int, int]
"""First and last run_id, first and last step of a row group; empty and 0 without such columns."""

_TEXT, _NUMBER = "run_id", "step"
_DIGITS = 16


def bounds_of(table: pa.Table) -> Bounds:
    """Those of a table with at least one row."""
    # Costs as much as all else of this package's store, and only who writes needs it.
    import pyarrow.compute as pc

    text, number = (
        pc.min_max(table[name]).as_py() if name in table.column_names else None
        for name in (_TEXT, _NUMBER)
    )
    return (
        *(("", "") if text is None else (text["min"], text["max"])),
        *((0, 0) if number is None else (number["min"], number["max"])),
    )


def written_bounds(bounds: Sequence[Bounds]) -> bytes:
    """As a file keeps them."""
    said = json.dumps([list(one) for one in bounds]).encode()
    return _digest(said) + said


def _digest(said: bytes) -> bytes:
    return hashlib.sha256(said).hexdigest()[:_DIGITS].encode()


def told_bounds(path: PathLike, file: pq.ParquetFile) -> list[Bounds] | None:
    """Those of a file's row groups; None where it says nothing of them.

    Raises StoreError where they are not what was written.
    """
    with reading(path):
        found = (file.metadata.metadata or {}).get(GROUPS)
        if found is None:
            return None
        said = found[_DIGITS:]
        bounds = json.loads(said) if found[:_DIGITS] == _digest(said) else []
    if len(bounds) != file.num_row_groups:
        raise StoreError(f"{path}: damaged, it mistakes its row groups; {REMEDY}")
    return [(first, last, start, end) for first, last, start, end in bounds]
