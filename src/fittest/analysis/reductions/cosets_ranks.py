"""How far each cluster alone comes: the rank that it gives to right answers (cosets methods
2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fittest.analysis.cosets.clusters import clusters_of, rank_counts
from fittest.analysis.cosets.neurons import describe, split_two_tables
from fittest.analysis.reductions.cosets_networks import RULES, needs, table_of
from fittest.analysis.reductions.reduction import Network, Reduction

if TYPE_CHECKING:
    from fittest.runs.run import Run

COLUMNS = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("run_id", pa.string(), "which network"),
            ("step", pa.int32(), "its last step"),
            ("n", pa.int32(), "modulus"),
            ("frequency", pa.list_(pa.int16()), "of each cluster of two neurons or more"),
            ("size", pa.list_(pa.int16()), "its live neurons"),
            ("ranks", pa.list_(pa.int32()), "pairs of rank 0..n-1, cluster by cluster"),
        )
    ]
)


def _row(network: Network) -> tuple[Any, ...]:
    n = network.run.task.p  # type: ignore[union-attr]
    split = split_two_tables(network.parameters, n)
    clusters = clusters_of(describe(split, RULES), 2)
    return (
        *(network.run.run_id, network.step, n),
        np.array([one.frequency for one in clusters], dtype=np.int16),
        np.array([one.size for one in clusters], dtype=np.int16),
        rank_counts(split, clusters).ravel().astype(np.int32),
    )


def _reduce(networks: Sequence[Network]) -> pa.Table:
    return table_of([_row(one) for one in networks if needs(one.run)], COLUMNS)


def _row_bytes(run: Run) -> float:
    # Counts of five clusters, small ones for most ranks.
    return 60.0 + 5 * 2.0 * float(getattr(run.task, "p", 0))


COSETS_RANKS = Reduction("cosets_ranks", COLUMNS, needs, _reduce, row_bytes=_row_bytes)
