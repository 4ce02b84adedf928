"""Which runs and steps the row groups of a table are of, so that those of one run are read alone.

A Parquet file has statistics of every row group, but no checksum of them: a damaged one would hide
rows. A file that was written group by group therefore says, under a key of its own, the digest of
what they should be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fittest.errors import StoreError
from fittest.store.checks import GROUPS, REMEDY, PathLike, reading

Bounds = tuple[str, str, int, int]
"""First and last run_id, first and last step of a row group; empty and 0 without such columns."""

_TEXT, _NUMBER = "run_id", "step"


def bounds_of(table: pa.Table) -> Bounds:
    """Those of a table with at least one row."""
    text, number = (
        pc.min_max(table[name]).as_py() if name in table.column_names else None
        for name in (_TEXT, _NUMBER)
    )
    return (
        *(("", "") if text is None else (text["min"], text["max"])),
        *((0, 0) if number is None else (number["min"], number["max"])),
    )


def bounds_digest(bounds: Sequence[Bounds]) -> str:
    """16 hex digits."""
    return hashlib.sha256(json.dumps([list(one) for one in bounds]).encode()).hexdigest()[:16]


def told_bounds(path: PathLike, file: pq.ParquetFile) -> list[Bounds] | None:
    """Those of a file's row groups, from its statistics; None where it does not vouch for them.

    Raises StoreError where they are not what was written.
    """
    with reading(path):
        digest = (file.metadata.metadata or {}).get(GROUPS)
        if digest is None:
            return None
        bounds = [_stated(file, group) for group in range(file.num_row_groups)]
    if bounds_digest(bounds).encode() != digest:
        raise StoreError(f"{path}: damaged, its statistics contradict each other; {REMEDY}")
    return bounds


def _stated(file: pq.ParquetFile, group: int) -> Bounds:
    here = file.metadata.row_group(group)
    columns = [here.column(index) for index in range(here.num_columns)]
    found = {
        c.path_in_schema: c.statistics for c in columns if c.path_in_schema in (_TEXT, _NUMBER)
    }
    text, number = found.get(_TEXT), found.get(_NUMBER)
    return (
        *(("", "") if text is None else (text.min, text.max)),
        *((0, 0) if number is None else (number.min, number.max)),
    )
