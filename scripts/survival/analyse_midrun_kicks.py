"""What a kick of one signal in mid-training does to the others, beside the fitted matrices."""

from collections.abc import Sequence

from fittest.analysis.dynamics.kicked_runs import read_kicked_runs
from fittest.analysis.dynamics.midrun_kicks import answers, midrun_kick_rows
from fittest.analysis.dynamics.names import MidrunKick
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.runs.interventions import Kick
from fittest.store import joint_provenance, listed, write_table


def analyse_midrun_kicks(
    kick_runs: str,
    kick_trajectories: Sequence[str],
    base_runs: str,
    base_trajectories: Sequence[str],
    out_table: str,
    out_stats: str,
    follow: int,
    lasso_alpha: float,
    lasso_iterations: tuple[int, int],
    resampling: Resampling,
) -> None:
    """Write a row per seed, step, kicked frequency and other one, and the statistics.

    Args:
        kick_runs, kick_trajectories: of the kicked runs. base_runs, base_trajectories: of the
            default runs, among them the same without a kick.
        out_table, out_stats: Parquet. follow: steps after a kick whose mean change is its answer.
        lasso_alpha, lasso_iterations: of the sparse matrix. resampling: of the bootstrap over
            seeds.
    """
    runs = read_kicked_runs(kick_runs, kick_trajectories, base_runs, base_trajectories)
    kicked = {
        (seed, recipe.step, recipe.frequency, recipe.factor): x
        for seed, recipe, x in runs.kicked
        if isinstance(recipe, Kick)
    }
    table = answers(runs.plain, kicked, follow, lasso_alpha, lasso_iterations)
    origin = joint_provenance([kick_runs, base_runs], len(kicked))
    write_table(table, out_table, provenance=origin)
    rows = run_rows(MidrunKick, runs.described) + midrun_kick_rows(table, resampling)
    write_table(statistics_table(rows), out_stats, provenance=origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_midrun_kicks(
            kick_runs=snakemake.input.kick_runs,
            kick_trajectories=listed(snakemake.input.kick_trajectories),
            base_runs=snakemake.input.base_runs,
            base_trajectories=listed(snakemake.input.base_trajectories),
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            follow=snakemake.params.follow,
            lasso_alpha=snakemake.params.lasso_alpha,
            lasso_iterations=tuple(snakemake.params.lasso_iterations),
            resampling=Resampling(**snakemake.params.resampling),
        )
