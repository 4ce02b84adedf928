"""How the entries of both tables of numbers are distributed (cosets methods 2.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fittest.analysis.reductions.cosets_networks import needs as _all_needs
from fittest.analysis.reductions.cosets_networks import table_of
from fittest.analysis.reductions.reduction import Network, Reduction

if TYPE_CHECKING:
    from fittest.runs.run import Run

WIDTH, SIDE = 0.05, 60
"""Width of a bin, and how many there are at each side of the one around zero, as in figure 3."""

COLUMNS = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("run_id", pa.string(), "which network"),
            ("step", pa.int32(), "a checkpoint or the last step"),
            ("entries", pa.int32(), "of both tables"),
            ("over_one", pa.int32(), "entries larger than 1 by their absolute value"),
            ("largest", pa.float32(), "largest absolute value"),
            (
                "counts",
                pa.list_(pa.int32()),
                "entries by bins of 0.05 about -3.0 to 3.0; what is beyond stands in the outermost",
            ),
        )
    ]
)


def _needs(run: Run) -> list[str]:
    return ["first.weight", "second.weight"] if _all_needs(run) else []


def _row(network: Network) -> tuple[Any, ...]:
    tables = [np.asarray(network.parameters[name]).ravel() for name in _needs(network.run)]
    entries = np.concatenate(tables)
    bins = np.clip(np.rint(entries / WIDTH), -SIDE, SIDE).astype(np.int64) + SIDE
    size = np.abs(entries)
    return (
        *(network.run.run_id, network.step, len(entries), (size > 1).sum(), size.max()),
        np.bincount(bins, minlength=2 * SIDE + 1).astype(np.int32),
    )


def _reduce(networks: Sequence[Network]) -> pa.Table:
    return table_of([_row(one) for one in networks if _needs(one.run)], COLUMNS)


def _row_bytes(run: Run) -> float:
    return 40.0 + 2.0 * (2 * SIDE + 1)


COSETS_EMBEDDINGS = Reduction(
    "cosets_embeddings", COLUMNS, _needs, _reduce, every_step=True, row_bytes=_row_bytes
)
