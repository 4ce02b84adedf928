"""Some rows of large tables, without holding the rest in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fittest.store.checks import (
    PathLike,
    open_table,
    reading,
    refuse_contradiction,
    refuse_doubles,
    refuse_unknown,
)
from fittest.store.groups import Bounds, told_bounds
from fittest.store.schema import IDENTITY, completed

if TYPE_CHECKING:
    # Half a second to import: `plan` and `check` open tables without it.
    import pandas as pd

Wanted = Callable[["pd.DataFrame"], NDArray[np.bool_]]


def read_rows(
    paths: PathLike | Sequence[PathLike], kind: str | None, keys: list[str], wanted: Wanted
) -> pd.DataFrame:
    """The rows of one or more tables that `wanted` picks by their key columns.

    Args:
        paths: tables of one kind, read one after the other. kind: as for `read_table`.
        keys: the columns that decide, which are read of every row.
        wanted: from those columns of a part of the table to a mask, one entry per row. A part is
            a row group, such as some recorded steps of a run in a weights table.

    Returns:
        All columns that this version knows of the kind; null where a file lacks an optional one.

    Raises:
        StoreError: as `read_table`.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    parts = [_picked(path, kind, keys, wanted) for path in several]
    with reading(", ".join(str(path) for path in several)):
        return pa.concat_tables(parts).to_pandas()


def by_step(weights: pd.DataFrame) -> dict[int, dict[str, NDArray[Any]]]:
    """Rows of `read_run` as step -> parameter -> values in its shape."""
    found: dict[int, dict[str, NDArray[Any]]] = {}
    columns = (weights[name] for name in ("step", "parameter", "shape", "values"))
    for step, parameter, shape, values in zip(*columns, strict=True):
        own = np.asarray(values).reshape(tuple(int(length) for length in shape))
        found.setdefault(int(step), {})[str(parameter)] = own
    return found


def read_run(
    paths: PathLike | Sequence[PathLike],
    run_id: str,
    steps: Collection[int] | None = None,
    parameters: Collection[str] | None = None,
) -> pd.DataFrame:
    """Recorded weights of one run, by ascending step, without reading those of the others.

    Args:
        paths: tables of the kind `weights`; two of them may hold the run, where both trained it.
        steps, parameters: which are wanted; None for all.

    Returns:
        All columns of the kind, no rows where there are none of that run.

    Raises:
        StoreError: as `read_table`, for what is read.
    """

    def wanted(rows: pd.DataFrame) -> NDArray[np.bool_]:
        mask = rows["run_id"] == run_id
        if steps is not None:
            mask &= rows["step"].isin(list(steps))
        if parameters is not None:
            mask &= rows["parameter"].isin(list(parameters))
        return mask.to_numpy(dtype=bool)

    def may_hold(bounds: Bounds) -> bool:
        first, last, start, end = bounds
        return first <= run_id <= last and (
            steps is None or any(start <= step <= end for step in steps)
        )

    several = [paths] if isinstance(paths, str | Path) else paths
    keys = list(IDENTITY["weights"])
    parts = [_picked(path, "weights", keys, wanted, may_hold) for path in several]
    with reading(", ".join(str(path) for path in several)):
        frame = pa.concat_tables(parts).to_pandas()
    return frame.sort_values("step", kind="stable", ignore_index=True)


def _picked(
    path: PathLike,
    kind: str | None,
    keys: list[str],
    wanted: Wanted,
    may_hold: Callable[[Bounds], bool] | None = None,
) -> pa.Table:
    file, provenance = open_table(path, kind)
    with file:
        found = provenance["kind"]
        refuse_unknown(path, found, file, keys)
        identity = IDENTITY.get(found, ())
        asked = list(dict.fromkeys([*keys, *identity]))
        groups: Iterable[int] = range(file.num_row_groups)
        if may_hold is not None and (bounds := told_bounds(path, file)) is not None:
            groups = [group for group in groups if may_hold(bounds[group])]
        parts, seen = [], []
        for group in groups:
            mine = _group(path, file, group, asked)
            seen.append(mine.select(list(identity)))
            with reading(path):
                decisive = mine.select(keys).to_pandas()
            mask = np.asarray(wanted(decisive), dtype=bool)
            if mask.any():
                parts.append(_group(path, file, group, None).filter(pa.array(mask)))
        if seen:
            refuse_doubles(path, found, pa.concat_tables(seen))
        empty = file.schema_arrow.empty_table()
    with reading(path):
        return completed(pa.concat_tables([empty, *parts]), found)


def read_groups(path: PathLike, kind: str | None) -> Iterator[pa.Table]:
    """A table part by part, as it was written; only one part is in memory.

    Raises StoreError as `read_table`; of doubled rows, those within a part.
    """
    file, provenance = open_table(path, kind)
    found = provenance["kind"]
    with file:
        for group in range(file.num_row_groups):
            table = _group(path, file, group, None)
            refuse_doubles(path, found, table)
            with reading(path):
                table = completed(table, found)
            yield table


def _group(path: PathLike, file: pq.ParquetFile, group: int, columns: list[str] | None) -> pa.Table:
    with reading(path):
        table = file.read_row_group(group, columns)
    refuse_contradiction(path, file, table, file.metadata.row_group(group).num_rows, columns)
    return table
