"""Some rows of large tables, without holding the rest in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest.errors import StoreError
from fittest.store.files import PathLike, _open

Wanted = Callable[[pd.DataFrame], NDArray[np.bool_]]


def read_rows(
    paths: PathLike | Sequence[PathLike], kind: str, keys: list[str], wanted: Wanted
) -> pd.DataFrame:
    """The rows of one or more tables that `wanted` picks by their key columns.

    Args:
        paths: tables of one kind, read one after the other. kind: as for `read_table`.
        keys: the columns that decide, which are read of every row.
        wanted: from those columns of a part of the table to a mask, one entry per row. A part is
            a row group, such as one recorded step of a weights table.

    Raises:
        StoreError: as `read_table`.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    parts = [_picked(path, kind, keys, wanted) for path in several]
    return pa.concat_tables(parts).to_pandas()


def _picked(path: PathLike, kind: str, keys: list[str], wanted: Wanted) -> pa.Table:
    file, _ = _open(path, kind)
    with file:
        parts = []
        try:
            for group in range(file.num_row_groups):
                mask = np.asarray(wanted(file.read_row_group(group, keys).to_pandas()), dtype=bool)
                if mask.any():
                    parts.append(file.read_row_group(group).filter(pa.array(mask)))
        except (pa.ArrowException, OSError) as error:
            raise StoreError(
                f"{path}: damaged ({error}); delete it and run the same command again"
            ) from error
        empty = file.schema_arrow.empty_table()
    return pa.concat_tables([empty, *parts])
