"""What the networks of each run-set are like (C01, C06 to C08, C12, C13, C29, C41)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.cosets.estimates import mean_of, named, ratio_of_sums
from fittest.analysis.cosets.populations import final
from fittest.analysis.statistics.intervals import share

SUBSETS = ("all", "accurate")
"""Every network; or those alone that answer nearly all test pairs."""


def summarise(
    networks: pd.DataFrame,
    shares: Sequence[float],
    solved: float,
    accurate: float,
    confidence: float,
) -> pd.DataFrame:
    """A row per run-set, share of the training and subset, of the networks' last rows at or after
    that share; every value with its interval (`_lo`, `_hi`).

    Args:
        networks: NETWORKS. solved: test accuracy of a network that solves the task. accurate: of
            those of the subset.
    """
    rows = []
    for runset, every in networks.groupby("runset", sort=False):
        for part in shares:
            here = every[np.isclose(every["share"].to_numpy(float), part, atol=1e-6)]
            for subset in SUBSETS:
                chosen = here if subset == "all" else here[here["test_accuracy"] >= accurate]
                rows.append(
                    {
                        "runset": runset,
                        "share": part,
                        "subset": subset,
                        "networks": len(chosen),
                        **_summary(chosen, solved, confidence),
                    }
                )
    return pd.DataFrame(rows)


def _summary(table: pd.DataFrame, solved: float, confidence: float) -> dict[str, float]:
    live, simple = (table[name].to_numpy(float) for name in ("live", "simple"))
    bands, clusters = table["bands"].to_numpy(float), table["m2"].to_numpy(float)
    several, tuned = (table[name].to_numpy(float) for name in ("bands_several", "tuned_clusters"))
    banded, inside = (table[name].to_numpy(float) for name in ("banded", "banded_tuned"))
    count = table["n"].to_numpy(float) // 2
    found: dict[str, float] = {}
    for name, estimate in (
        ("solved", share(table["test_accuracy"].to_numpy(float) >= solved, confidence)),
        ("m1", mean_of(table["m1"], confidence)),
        ("m2", mean_of(clusters, confidence)),
        ("m3", mean_of(table["m3"], confidence)),
        ("per_frequency", ratio_of_sums(clusters, count, confidence)),
        ("live", mean_of(live, confidence)),
        ("stored", mean_of(table["stored"], confidence)),
        ("simple", ratio_of_sums(simple, live, confidence)),
        ("strict", ratio_of_sums(table["strict"], simple, confidence)),
        ("agree", ratio_of_sums(table["agree"], live, confidence)),
        ("tuned", share(tuned > 0, confidence)),
        ("tuned_ratio", ratio_of_sums(tuned, clusters - tuned, confidence)),
        ("band", ratio_of_sums(bands, count, confidence)),
        ("band_ratio", ratio_of_sums(bands, clusters - bands, confidence)),
        ("band_several", ratio_of_sums(several, count, confidence)),
        ("band_several_ratio", ratio_of_sums(several, clusters - several, confidence)),
        ("band_weak", ratio_of_sums(table["bands_weak"], count, confidence)),
        # Fine-tuning neurons that are in the band, and neurons in the band that are fine-tuning.
        ("recall", ratio_of_sums(inside, live - simple, confidence)),
        ("precision", ratio_of_sums(inside, banded, confidence)),
    ):
        found |= named(name, estimate)
    return found


def cluster_counts(networks: pd.DataFrame) -> pd.DataFrame:
    """How many networks of a run-set, modulus and width end with m clusters: a row each."""
    keys = ["runset", "n", "hidden", "m"]
    table = final(networks).rename(columns={"m2": "m"}).groupby(keys).size()
    return table.reset_index(name="networks").sort_values(keys, ignore_index=True)
