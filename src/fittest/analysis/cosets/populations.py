"""From what training stored of populations to tables of networks, clusters and bands (cosets
methods 2.9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

NETWORKS = [
    *("runset", "network", "run_id", "seed", "n", "hidden", "data", "init", "step", "share"),
    *("accuracy", "test_accuracy", "neurons", "live", "stored", "simple", "strict", "several"),
    *("agree", "banded", "banded_tuned", "m1", "m2", "m3", "tuned_clusters"),
    *("bands", "bands_several", "bands_weak"),
]
"""Columns: a network of a run-set at a step, which is a share of its training. m1 to m3: clusters
of so many neurons or more; tuned_clusters: fine-tuning ones of two or more; bands: frequencies in
the band of a live neuron; bands_several: of one that has several there; bands_weak: of any neuron,
live or not. Counts of neurons as in the reduction `cosets_networks`."""
CLUSTERS = ["runset", "network", "n", "frequency", "size", "tuned"]
"""Columns: a cluster at the end, of one neuron or more."""
BANDS = ["runset", "network", "n", "frequency", "several"]
"""Columns: a frequency in the band of fine-tuning at the end; several: whether one of the neurons
that have it there has others there too, as many as the rule asks for."""

_COUNTED = (
    *("neurons", "live", "stored", "simple", "strict", "several", "agree"),
    *("banded", "banded_tuned"),
)
MANY = 2**16
"""More than there are frequencies, which are stored in 16 bits."""


@dataclass(frozen=True)
class Population:
    """Tables of NETWORKS, CLUSTERS and BANDS; a network is known by its number."""

    networks: pd.DataFrame
    clusters: pd.DataFrame
    bands: pd.DataFrame


def lists(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Values of a column of lists one after the other, and the row of each."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else array.chunk(0)
    lengths = np.asarray(array.value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)
    return (
        array.flatten().to_numpy(zero_copy_only=False).astype(np.int64),
        np.repeat(np.arange(len(array)), lengths),
    )


def read_population(runs: pd.DataFrame, parts: Iterable[pa.Table]) -> Population:
    """The tables of a run-set.

    Args:
        runs: its table `runs`; networks are numbered in its order. parts: of the reduction
            `cosets_networks`, some rows at a time; steps 0 are left out.
    """
    order = pd.Index(runs["run_id"])
    networks, clusters, bands = [], [], []
    for part in parts:
        known = part.filter(pa.compute.greater(part["step"], 0))
        if len(known) == 0:
            continue
        number = order.get_indexer(known["run_id"].to_pandas())
        described = runs.iloc[number].reset_index(drop=True)
        steps = known["step"].to_numpy().astype(np.int64)
        share = steps / described["steps"].to_numpy(dtype=np.float64)
        frequency, row = lists(known["frequency"])
        size, _ = lists(known["size"])
        tuned, _ = lists(known["tuned"])
        band, band_row = lists(known["band"])
        several, several_row = lists(known["band_several"])
        rows = len(known)
        n = known["n"].to_numpy()
        table: dict[str, Any] = {
            "runset": described["runset"].to_numpy(),
            "network": number,
            "run_id": described["run_id"].to_numpy(),
            "seed": described["seed_embedding"].to_numpy(),
            "n": n,
            "hidden": [int(widths[0]) for widths in described["hidden"]],
            "data": described["data"].to_numpy(),
            "init": described["init"].to_numpy(),
            "step": steps,
            "share": np.round(share, 6),
            **{name: known[name].to_numpy() for name in ("accuracy", "test_accuracy", *_COUNTED)},
            "tuned_clusters": np.bincount(row[(size >= 2) & (2 * tuned > size)], minlength=rows),
            "bands": np.bincount(band_row, minlength=rows),
            "bands_several": np.bincount(several_row, minlength=rows),
            "bands_weak": known["band_weak"].to_numpy(),
        }
        for least in (1, 2, 3):
            table[f"m{least}"] = np.bincount(row[size >= least], minlength=rows)
        networks.append(pd.DataFrame(table)[NETWORKS])
        last = share >= 1 - 1e-9
        runset = str(runs["runset"].iloc[0])
        here = last[row]
        clusters.append(
            pd.DataFrame(
                {
                    "runset": runset,
                    "network": number[row[here]],
                    "n": n[row[here]],
                    "frequency": frequency[here],
                    "size": size[here],
                    "tuned": tuned[here],
                }
            )
        )
        there = last[band_row]
        at = band_row[there]
        # A network's frequencies are below MANY, so that one number stands for both.
        among = np.isin(band_row * MANY + band, several_row * MANY + several)
        bands.append(
            pd.DataFrame(
                {
                    "runset": runset,
                    "network": number[at],
                    "n": n[at],
                    "frequency": band[there],
                    "several": among[there],
                }
            )
        )
    return Population(
        _joined(networks, NETWORKS), _joined(clusters, CLUSTERS), _joined(bands, BANDS)
    )


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def together(populations: Iterable[Population]) -> Population:
    """Several run-sets in one."""
    several = list(populations)
    return Population(
        _joined([one.networks for one in several], NETWORKS),
        _joined([one.clusters for one in several], CLUSTERS),
        _joined([one.bands for one in several], BANDS),
    )


def final(networks: pd.DataFrame) -> pd.DataFrame:
    """The rows of NETWORKS at the end of the training."""
    return networks[networks["share"].to_numpy(dtype=np.float64) >= 1 - 1e-9]


def members(table: pd.DataFrame, networks: int, n: int) -> NDArray[np.bool_]:
    """(networks, n // 2): which frequency stands in which network, from rows of CLUSTERS or BANDS
    of one run-set."""
    found = np.zeros((networks, n // 2), dtype=np.bool_)
    found[table["network"].to_numpy(int), table["frequency"].to_numpy(int) - 1] = True
    return found
