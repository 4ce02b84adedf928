"""Runs from an initial embedding with one or two circles left: the numbers of figure 12."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.ablation import (
    Measures,
    arm_table,
    arms,
    authors_arms,
    curves,
)
from fittest.analysis.survival.ablation_statistics import (
    Criteria,
    ablation_rows,
    authors_rows,
)
from fittest.analysis.survival.names import Ablation, AuthorsAblation
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_ablation(
    ablation_runs: str,
    base_runs: str,
    authors_runs: str,
    trajectories: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    measures: Measures,
    criteria: Criteria,
    resampling: Resampling,
    paper: Mapping[str, float],
) -> None:
    """Write what came of every arm, and the curves of the lowest seed.

    Args:
        ablation_runs, base_runs, authors_runs: `runs` tables. trajectories: shards that hold the
            runs of all three.
        out_table: a row per run (Parquet). out_stats: a row per statistic (Parquet).
        out_plotted: test loss over steps (CSV).
        measures, criteria: see there. resampling: of the bootstrap over seeds.
        paper: ``n_2mean_A``, ``n_2mean_B``, ``min_test_loss_B``.
    """
    ablation = read_table(ablation_runs, "runs")
    released = read_table(authors_runs, "runs")
    chosen, named = arms(ablation, read_table(base_runs, "runs")), authors_arms(released)
    columns = ["run_id", "step", "test_loss"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    trajectory = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    # Base holds many more runs than those compared, some of them long.
    used = [*chosen["run_id"], *named["run_id"]]
    trajectory = trajectory[trajectory["run_id"].isin(used)]
    table = arm_table(chosen, trajectory, measures)
    rows = run_rows(Ablation, ablation) + ablation_rows(table, criteria, resampling, paper)
    rows += run_rows(AuthorsAblation, released)
    rows += authors_rows(arm_table(named, trajectory, measures))
    plotted = curves(table, trajectory)
    origin = joint_provenance([ablation_runs, base_runs, authors_runs], plotted["series"].nunique())
    write_table(table, out_table, provenance=origin)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    write_csv(plotted, out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_ablation(
            ablation_runs=snakemake.input.ablation_runs,
            base_runs=snakemake.input.base_runs,
            authors_runs=snakemake.input.authors_runs,
            trajectories=snakemake.input.trajectories,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            measures=Measures(**snakemake.params.measures),
            criteria=Criteria(**snakemake.params.criteria),
            resampling=Resampling(**snakemake.params.resampling),
            paper=snakemake.params.paper,
        )
