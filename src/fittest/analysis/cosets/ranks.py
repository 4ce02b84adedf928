"""How far one cluster alone comes (cosets methods 2.6; C17)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest.analysis.cosets.estimates import ratio_of_sums
from fittest.analysis.cosets.names import Ranks
from fittest.analysis.statistics.table import Row, statistic_row


def read_ranks(parts: Iterable[pa.Table]) -> NDArray[np.int64]:
    """(clusters, n): for how many pairs the right answer has rank 0..n-1 by a cluster alone; and
    their network in the first column, (clusters, 1 + n).

    parts: of the reduction `cosets_ranks`, of networks of one modulus.
    """
    found, before = [], 0
    for part in parts:
        n = int(part["n"][0].as_py()) if len(part) else 0
        if n == 0:
            continue
        column = part["ranks"].combine_chunks()
        lengths = column.value_lengths().to_numpy(zero_copy_only=False) // n
        counts = column.flatten().to_numpy().reshape(-1, n)
        network = np.repeat(before + np.arange(len(part)), lengths)
        found.append(np.column_stack([network, counts]))
        before += len(part)
    return np.concatenate(found) if found else np.zeros((0, 1), dtype=np.int64)


def rank_table(ranks: NDArray[np.int64]) -> pd.DataFrame:
    """A row per rank: its share of all clusters and pairs."""
    counts = ranks[:, 1:].sum(axis=0)
    return pd.DataFrame({"rank": np.arange(len(counts)), "share": counts / max(1, counts.sum())})


def rank_rows(ranks: NDArray[np.int64], confidence: float) -> list[Row]:
    """Rows of `Ranks`; intervals over networks."""
    counts, clusters = ranks[:, 1:], len(ranks)
    total = counts.sum(axis=0)
    if clusters == 0 or total.sum() == 0:
        nan = float("nan")
        return [statistic_row(name, nan, 0, "no clusters") for name in Ranks]
    names, place = np.unique(ranks[:, 0], return_inverse=True)
    first = np.bincount(place, weights=counts[:, 0], minlength=len(names))
    every = np.bincount(place, weights=counts.sum(axis=1), minlength=len(names))
    own = counts[:, 0] / counts.sum(axis=1)
    cumulated = np.cumsum(total) / total.sum()
    tenth, ninth = (float(np.searchsorted(cumulated, share)) for share in (0.1, 0.9))
    low, high = np.quantile(own, [0.1, 0.9])
    return [
        statistic_row(Ranks.MODE, float(np.argmax(total)), clusters, "most frequent rank"),
        statistic_row(
            Ranks.FIRST, ratio_of_sums(first, every, confidence), clusters, "share of rank 0"
        ),
        statistic_row(
            Ranks.MEDIAN, float(np.searchsorted(cumulated, 0.5)), clusters, "median rank"
        ),
        statistic_row(Ranks.NINTH, ninth, clusters, "rank that 90 % reach"),
        statistic_row(
            Ranks.SPREAD, ninth - tenth, clusters, "rank that 90 % reach less that which 10 % reach"
        ),
        statistic_row(Ranks.LOW, low, clusters, "share of rank 0 of a cluster, lowest tenth"),
        statistic_row(Ranks.HIGH, high, clusters, "likewise, highest tenth"),
    ]
