"""Progress measures of trained transformers at every checkpoint."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.circuits.runs import analysed_runs, measured_checkpoints
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_measures(
    runs: Sequence[str],
    weights: Sequence[str],
    circuits: str,
    out_measures: str,
    out_frequencies: str,
    out_squares: str,
    threads: int,
) -> None:
    """Write a row per run and checkpoint, one per key frequency of these, one per parameter.

    Args:
        runs, weights: of run-sets with checkpoints. circuits: the same runs at their end, whose key
            frequencies all checkpoints are measured by.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    networks = analysed_runs(described)
    made = measured_checkpoints(networks, weights, read_table(circuits), threads)
    origin = joint_provenance(list(runs), len(networks))
    for table, path in zip(made, (out_measures, out_frequencies, out_squares), strict=True):
        write_table(table, path, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_measures(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            circuits=snakemake.input.circuits,
            out_measures=snakemake.output.measures,
            out_frequencies=snakemake.output.frequencies,
            out_squares=snakemake.output.squares,
            threads=snakemake.threads,
        )
