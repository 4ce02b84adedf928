"""Entries of the tables of numbers: tails and the share near zero (cosets methods 2.8; C02 to
C05)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest.analysis.cosets.estimates import named, ratio_of_sums

WIDTH, SIDE = 0.05, 60
"""Width of a bin, and bins at each side of the one around zero, as the reduction
`cosets_embeddings` has them (a test holds both equal)."""
CENTRES = WIDTH * np.arange(-SIDE, SIDE + 1)
QUANTILE = 0.9999

ENTRIES = ["network", "share", "entries", "over_one", "near_zero", "neighbours", "largest"]
BINS = ["runset", "centre", "entries", "share"]


def read_entries(
    runs: pd.DataFrame, parts: Iterable[pa.Table]
) -> tuple[pd.DataFrame, dict[float, NDArray[np.int64]]]:
    """A row of ENTRIES per network and step but the first, and entries by bin (2 * SIDE + 1,) of
    all networks, for each share of the training.

    runs: the run-set's table `runs`. parts: of the reduction `cosets_embeddings`.
    """
    order = pd.Index(runs["run_id"])
    rows: list[pd.DataFrame] = []
    bins: dict[float, NDArray[np.int64]] = {}
    for part in parts:
        known = part.filter(pa.compute.greater(part["step"], 0))
        if len(known) == 0:
            continue
        number = order.get_indexer(known["run_id"].to_pandas())
        total = runs["steps"].to_numpy(dtype=np.float64)[number]
        share = np.round(known["step"].to_numpy() / total, 6)
        counts = known["counts"].combine_chunks().flatten().to_numpy().reshape(len(known), -1)
        rows.append(
            pd.DataFrame(
                {
                    "network": number,
                    "share": share,
                    "entries": known["entries"].to_numpy(),
                    "over_one": known["over_one"].to_numpy(),
                    "near_zero": counts[:, SIDE],
                    "neighbours": (counts[:, SIDE - 1] + counts[:, SIDE + 1]) / 2,
                    "largest": known["largest"].to_numpy(),
                }
            )
        )
        for one in np.unique(share):
            own = counts[share == one].sum(axis=0, dtype=np.int64)
            bins[float(one)] = bins.get(float(one), 0) + own
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=ENTRIES)
    return table, bins


def quantile(counts: NDArray[np.int64], at: float = QUANTILE) -> float:
    """The size that a share of the entries does not exceed, linear within bins; NaN without."""
    folded = counts[SIDE:].astype(np.float64)
    folded[1:] += counts[SIDE - 1 :: -1]
    if folded.sum() == 0:
        return float("nan")
    edges = np.concatenate([[0.0], WIDTH * (np.arange(len(folded)) + 0.5)])
    below = np.concatenate([[0.0], np.cumsum(folded)]) / folded.sum()
    return float(np.interp(at, below, edges))


def weight_rows(
    runset: str,
    table: pd.DataFrame,
    bins: dict[float, NDArray[np.int64]],
    shares: Iterable[float],
    confidence: float,
) -> list[dict[str, object]]:
    """What stands in `weights.parquet`: a row per share of the training."""
    rows: list[dict[str, object]] = []
    for share in shares:
        here = table[np.isclose(table["share"].to_numpy(float), share, atol=1e-6)]
        counts = bins.get(round(share, 6), np.zeros(2 * SIDE + 1, dtype=np.int64))
        rows.append(
            {
                **{"runset": runset, "share": share, "networks": len(here)},
                "entries": int(here["entries"].sum()),
                **named("over_one", ratio_of_sums(here["over_one"], here["entries"], confidence)),
                **named("near_zero", ratio_of_sums(here["near_zero"], here["entries"], confidence)),
                **named(
                    "zero_bin", ratio_of_sums(here["near_zero"], here["neighbours"], confidence)
                ),
                "largest": float(here["largest"].max()) if len(here) else np.nan,
                "quantile": quantile(counts),
            }
        )
    return rows


def bin_rows(runset: str, bins: dict[float, NDArray[np.int64]]) -> pd.DataFrame:
    """BINS of one run-set at the end."""
    counts = bins.get(1.0, np.zeros(2 * SIDE + 1, dtype=np.int64))
    table = pd.DataFrame({"runset": runset, "centre": np.round(CENTRES, 6), "entries": counts})
    return table.assign(share=table["entries"] / max(1, int(counts.sum())))[BINS]
