"""How much of each frequency the tables of numbers hold at the end (survival methods 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fittest.analysis.reductions.reduction import Network, Reduction
from fittest.fourier import signals

if TYPE_CHECKING:
    from fittest.runs.run import Run

_TABLES = ("embedding.weight", "first.weight", "second.weight")
"""Parameters whose first rows are the numbers 0..p-1: of networks with one table, and with two."""

_COLUMNS = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("run_id", pa.string(), "which network"),
            ("step", pa.int32(), "its last step"),
            ("parameter", pa.string(), "table of numbers, such as embedding.weight"),
            (
                "power",
                pa.list_(pa.float32()),
                "squared norm of the table's Fourier coefficient, k = 1..K",
            ),
        )
    ]
)


def _needs(run: Run) -> list[str]:
    if not hasattr(run.task, "p"):
        return []
    return [name for name in _TABLES if name in run.model.parameter_names()]


def _reduce(networks: Sequence[Network]) -> pa.Table:
    rows = []
    for network in networks:
        p = getattr(network.run.task, "p", 0)
        for name in _needs(network.run):
            table = np.asarray(network.parameters[name], dtype=np.float64)[:p]
            power = np.square(signals(table)).astype(np.float32)
            rows.append((network.run.run_id, network.step, name, power))
    ids, steps, names, powers = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table([ids, steps, names, powers], schema=_COLUMNS)


EMBEDDING_SPECTRUM = Reduction("embedding_spectrum", _COLUMNS, _needs, _reduce)
