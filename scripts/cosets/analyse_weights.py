"""Entries of the tables of numbers, by run-set and length of training."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.cosets.weights import bin_rows, read_entries, weight_rows
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, read_table, write_csv, write_table


def analyse_weights(
    runs: Sequence[str],
    embeddings: Sequence[str],
    out_weights: str,
    out_bins: str,
    shares: Sequence[float],
    confidence: float,
) -> None:
    """Write tails and shares near zero (Parquet), and the histograms (CSV).

    runs, embeddings: tables `runs` and `cosets_embeddings` of the run-sets, in the same order.
    """
    rows, bins = [], []
    for described, reduced in zip(runs, embeddings, strict=True):
        table = read_table(described, "runs")
        runset = str(table["runset"].iloc[0])
        entries, counts = read_entries(table, read_groups(reduced, "cosets_embeddings"))
        rows += weight_rows(runset, entries, counts, shares, confidence)
        bins.append(bin_rows(runset, counts))
    write_table(pd.DataFrame(rows), out_weights, joint_provenance(list(runs)))
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
