"""What became of the runs on sums of powers: table 1, curves of figure S1, statistics."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.outcomes import LOSS_COLUMNS, run_outcomes
from fittest.analysis.exponents.settings import OutcomeSettings
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.exponents.sum_statistics import statistics
from fittest.analysis.exponents.sums import sum_table, table1
from fittest.analysis.fates.curves import curve_table
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_sums(
    runs: Sequence[str],
    trajectories: Sequence[str],
    out_outcomes: str,
    out_stats: str,
    out_table1: str,
    out_curves: str,
    outcomes: OutcomeSettings,
    sums: SumSettings,
    train_fraction: float,
    pieces: int,
    resampling: Resampling,
) -> None:
    """Write a row per run (Parquet), statistics (Parquet), table 1 and its curves (CSV).

    Args:
        runs: `runs` tables, that of table 1 first. trajectories: shards that hold these runs.
        train_fraction: share of the pairs that networks see. pieces: see ``thinned``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    columns = [*LOSS_COLUMNS, "train_losses"]
    parts = [read_table(path, "trajectory", columns) for path in dict.fromkeys(trajectories)]
    trajectory = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    table = sum_table(run_outcomes(described, trajectory, outcomes), train_fraction)
    printed = table[table["runset"] == next(iter(described["runset"]), "")]
    every = table.drop_duplicates("run_id")
    origin = joint_provenance(list(runs), len(every))
    write_table(table, out_outcomes, origin)
    found = statistics(printed, every, sums, resampling)
    write_table(statistics_table(found), out_stats, origin)
    write_csv(table1(printed, sums, resampling), out_table1)
    labelled = printed.assign(
        label=[f"({a}, {b}), p = {p}" for p, a, b in printed[["p", "a", "b"]].to_numpy()]
    )
    write_csv(curve_table(labelled, trajectory, pieces), out_curves)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = snakemake.params
        analyse_sums(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_outcomes=snakemake.output.outcomes,
            out_stats=snakemake.output.stats,
            out_table1=snakemake.output.table1,
            out_curves=snakemake.output.curves,
            outcomes=OutcomeSettings(**told.outcomes),
            sums=SumSettings(**told.sums),
            train_fraction=told.train_fraction,
            pieces=told.pieces,
            resampling=Resampling(**told.resampling),
        )
