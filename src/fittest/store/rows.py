"""Some rows of a large table, without holding the rest in memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest.errors import StoreError
from fittest.store.files import PathLike, _open


def read_rows(
    path: PathLike,
    kind: str,
    keys: list[str],
    wanted: Callable[[pd.DataFrame], NDArray[np.bool_]],
) -> pd.DataFrame:
    """The rows of a table that `wanted` picks by its key columns.

    Args:
        path, kind: as for `read_table`.
        keys: the columns that decide, which are read of every row.
        wanted: from those columns of a part of the table to a mask, one entry per row. A part is
            a row group, such as one recorded step of a weights table.

    Raises:
        StoreError: as `read_table`.
    """
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
    return pa.concat_tables([empty, *parts]).to_pandas()
