"""Test loss over frozen embeddings: the numbers of figure 4."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.names import Frozen
from fittest.analysis.survival.sweep_statistics import frozen_rows
from fittest.analysis.sweeps.frozen import losses_at
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_frozen_embedding(
    runs: str,
    trajectories: Sequence[str],
    out_stats: str,
    out_plotted: str,
    shares: Sequence[float],
    small_d: int,
    resampling: Resampling,
    paper: Mapping[str, float],
) -> None:
    """Write the test losses at given shares of the steps, and what they say.

    Args:
        runs, trajectories: of the run-set.
        out_stats: a row per statistic (Parquet). out_plotted: a row per run and share (CSV).
        shares: of the last step. small_d: dimensions up to it are small.
        resampling: of the bootstrap over runs. paper: ``transition_d``.
    """
    complete = read_table(runs, "runs")
    columns = ["run_id", "step", "test_loss", "test_accuracy"]
    trajectory = pd.concat([read_table(path, "trajectory", columns) for path in trajectories])
    table = losses_at(complete, trajectory, shares)
    # A frozen embedding's signals do not move: whether they have settled means nothing.
    rows = run_rows(Frozen, complete) + frozen_rows(table, small_d, resampling, paper)
    origin = joint_provenance(runs, complete["run_id"].nunique())
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    write_csv(table, out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frozen_embedding(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            shares=snakemake.params.shares,
            small_d=snakemake.params.small_d,
            resampling=Resampling(**snakemake.params.resampling),
            paper=snakemake.params.paper,
        )
