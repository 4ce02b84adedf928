"""Trainings that must be one, compared: E04, E05."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.couplings import coupled, statistics
from fittest.analysis.exponents.outcomes import LOSS_COLUMNS
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_couplings(
    runs: str, trajectories: Sequence[str], out_table: str, out_stats: str
) -> None:
    """Write a row per pair of runs, and statistics (Parquet).

    runs: a `runs` table. trajectories: shards that hold these runs.
    """
    columns = [*LOSS_COLUMNS, "train_losses"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    found = coupled(read_table(runs, "runs"), pd.concat(parts, ignore_index=True))
    origin = joint_provenance(runs, 2 * len(found))
    write_table(found, out_table, origin)
    write_table(statistics_table(statistics(found)), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_couplings(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
        )
