"""Default runs by their ends alone, and such from the text's own initial values."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.default_runs import default_rows
from fittest.analysis.survival.ends import ends_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_default_runs(
    runs: Sequence[str],
    frequencies: Sequence[str],
    gauss1_runs: str,
    out_stats: str,
    out_ends: str,
    out_plotted: str,
    accurate: float,
    resampling: Resampling,
) -> None:
    """Write the statistics, and the shares of runs by how they end.

    Args:
        runs, frequencies: tables of run-sets with default runs, one after the other.
        gauss1_runs: `runs` table. out_stats, out_ends: Parquet; out_plotted: the ends as CSV.
        accurate: test accuracy of a run that generalises. resampling: of the bootstrap over runs.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    described = described.drop_duplicates("run_id")
    fates = pd.concat([read_table(path, "frequencies") for path in frequencies])
    fates = fates.drop_duplicates(["run_id", "k"]).reset_index(drop=True)
    gauss1 = read_table(gauss1_runs, "runs")
    rows = default_rows(described, fates, gauss1, accurate, resampling)
    origin = joint_provenance([*runs, gauss1_runs], len(described) + len(gauss1))
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    ends = ends_table(described, fates, gauss1, resampling.confidence)
    write_table(ends, out_ends, provenance=origin)
    write_csv(ends, out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_default_runs(
            runs=[snakemake.input.horizon_runs, snakemake.input.crowd_runs],
            frequencies=[snakemake.input.horizon_frequencies, snakemake.input.crowd_frequencies],
            gauss1_runs=snakemake.input.gauss1_runs,
            out_stats=snakemake.output.stats,
            out_ends=snakemake.output.ends,
            out_plotted=snakemake.output.plotted,
            accurate=snakemake.params.accurate,
            resampling=Resampling(**snakemake.params.resampling),
        )
