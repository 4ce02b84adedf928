"""Test loss over frozen embeddings: the numbers of figure 4."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.frozen_statistics import ARMS, arm_rows, transition_rows
from fittest.analysis.survival.names import Frozen
from fittest.analysis.survival.sweep_statistics import frozen_rows
from fittest.analysis.sweeps.frozen import losses_at
from fittest.analysis.sweeps.transitions import times_to
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_table, write_csv, write_table


def analyse_frozen_embedding(
    runs: str,
    trajectories: Sequence[str],
    arms: Mapping[str, tuple[str, Sequence[str]]],
    out_stats: str,
    out_plotted: str,
    out_arms: str,
    shares: Sequence[float],
    small_d: int,
    reach: int,
    levels: Sequence[float],
    time_level: float,
    accurate: float,
    resampling: Resampling,
) -> None:
    """Write the test losses at given shares of the steps, and what they say.

    Args:
        runs, trajectories: of the run-set. arms: the same of further sets, by name.
        out_stats: a row per statistic (Parquet). out_plotted: a row per run and share (CSV);
        out_arms: the same of the further sets, with their name in ``arm``.
        shares: of the last step. small_d: dimensions up to it are small. reach, levels, accurate:
            as for ``transition_rows``. time_level: test loss the time to which is compared.
        resampling: of the bootstrap over runs.
    """
    complete, trajectory = _tables(runs, trajectories)
    table = losses_at(complete, trajectory, shares)
    # A frozen embedding's signals do not move: whether they have settled means nothing.
    rows = run_rows(Frozen, complete) + frozen_rows(table, small_d, resampling)
    times = times_to(complete, trajectory, time_level)
    rows += transition_rows(table, times, reach, levels, accurate, resampling)
    others = []
    for name, paths in arms.items():
        one = losses_at(*_tables(*paths), shares)
        rows += arm_rows(name, one, small_d, resampling)
        others.append(one.assign(arm=name))
    number = complete["run_id"].nunique() + sum(one["run_id"].nunique() for one in others)
    origin = joint_provenance([runs, *(path for path, _ in arms.values())], number)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    write_csv(table, out_plotted)
    write_csv(pd.concat(others, ignore_index=True), out_arms)


def _tables(runs: str, trajectories: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = ["run_id", "step", "test_loss", "test_accuracy"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    return read_table(runs, "runs"), pd.concat(parts)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frozen_embedding(
            runs=snakemake.input.runs,
            trajectories=listed(snakemake.input.trajectories),
            arms={
                arm: (
                    snakemake.input[f"{arm}_runs"],
                    listed(snakemake.input[f"{arm}_trajectories"]),
                )
                for arm in ARMS
            },
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            out_arms=snakemake.output.arms,
            shares=snakemake.params.shares,
            small_d=snakemake.params.small_d,
            reach=snakemake.params.reach,
            levels=snakemake.params.levels,
            time_level=snakemake.params.time_level,
            accurate=snakemake.params.accurate,
            resampling=Resampling(**snakemake.params.resampling),
        )
