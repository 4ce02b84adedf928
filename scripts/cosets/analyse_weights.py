"""Entries of the tables of numbers, by run-set and length of training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.cosets.weights import bin_rows, read_entries, weight_rows
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, read_table, write_csv, write_table

FULL = "full91"
"""The run-set with whose tails others are compared."""
LIKE = {"pop91": "full91", "pop91_long": "full91_long"}
"""Run-set -> that in full batch which is trained for a like time."""


def analyse_weights(
    runs: Sequence[str],
    embeddings: Sequence[str],
    out_weights: str,
    out_bins: str,
    shares: Sequence[float],
    confidence: float,
) -> None:
    """Write tails and shares near zero (Parquet), and the histograms (CSV).

    `tails_over_full` compares with the end of full batch, `tails_over_like` with full batch after
    the same share of a training of like length; NaN where that has no entry over 1, or there is
    none.

    runs, embeddings: tables `runs` and `cosets_embeddings` of the run-sets, in the same order.
    """
    rows, bins = [], []
    for described, reduced in zip(runs, embeddings, strict=True):
        table = read_table(described, "runs")
        runset = str(table["runset"].iloc[0])
        entries, counts = read_entries(table, read_groups(reduced, "cosets_embeddings"))
        rows += weight_rows(runset, entries, counts, shares, confidence)
        bins.append(bin_rows(runset, counts))
    found = pd.DataFrame(rows)
    full = found[(found["runset"] == FULL) & (found["share"] == 1)]["over_one"]
    light = float(full.iloc[0]) if len(full) else 0.0
    found["tails_over_full"] = found["over_one"] / light if light > 0 else np.nan
    tails = found.set_index(["runset", "share"])["over_one"].to_dict()
    places = zip(found["runset"].map(LIKE), found["share"], strict=True)
    like = pd.Series([tails.get(place, 0.0) for place in places])
    found["tails_over_like"] = found["over_one"] / like.where(like > 0)
    write_table(found, out_weights, joint_provenance(list(runs)))
    write_csv(pd.concat(bins, ignore_index=True), out_bins)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_weights(
            runs=list(snakemake.input.runs),
            embeddings=list(snakemake.input.embeddings),
            out_weights=snakemake.output.weights,
            out_bins=snakemake.output.bins,
            shares=snakemake.params.settings["shares"],
            confidence=snakemake.params.confidence,
        )
