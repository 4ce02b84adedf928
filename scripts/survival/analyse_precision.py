"""How far float32 and float64 trainings of the same runs differ (claim S48)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.survival.precision import precision_differences
from fittest.errors import StoreError
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_provenance, read_table, write_table


def analyse_precision(runs: str, usual: Sequence[str], other: str, out_differences: str) -> None:
    """Write the differences, a row per run and step.

    Args:
        runs: the run-set's runs table. usual: the trajectories that hold those runs, in the
            project's precision. other: the trajectory in the other one.

    Raises:
        StoreError: if both were trained in the same arithmetic.
    """
    arithmetic = {read_provenance(path)["dtype"] for path in usual}
    if read_provenance(other)["dtype"] in arithmetic:
        raise StoreError(f"{other}: trained in the same arithmetic as {', '.join(usual)}")
    wanted = read_table(runs, "runs")["run_id"]
    first = pd.concat([read_table(path, "trajectory") for path in usual])
    first = first[first["run_id"].isin(wanted)]
    origin = joint_provenance(runs, len(wanted))
    second = read_table(other, "trajectory")
    write_table(precision_differences(first, second), out_differences, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_precision(
            runs=snakemake.input.runs,
            usual=snakemake.input.usual,
            other=snakemake.input.other,
            out_differences=snakemake.output.differences,
        )
