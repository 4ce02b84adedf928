"""How far float32 and float64 trainings of the same runs differ (claim S48)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.survival.precision import precision_differences
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_table, write_table


def analyse_precision(runs: str, trajectories: Sequence[str], out_differences: str) -> None:
    """Write the differences, a row per pair of runs and step.

    Args:
        runs: the run-set's runs table. trajectories: those that hold its runs.

    Raises:
        StoreError: as `read_table`.
    """
    table = read_table(runs, "runs")
    rows = pd.concat([read_table(path, "trajectory") for path in trajectories])
    differences = precision_differences(rows, table)
    write_table(differences, out_differences, joint_provenance(runs, len(table)))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_precision(
            runs=snakemake.input.runs,
            trajectories=listed(snakemake.input.trajectories),
            out_differences=snakemake.output.differences,
        )
