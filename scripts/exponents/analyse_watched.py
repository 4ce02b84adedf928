"""Progress measures of networks on sums of powers at every checkpoint: numbers of figures 1a, 1b
and 3, and statistics."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.circuits.runs import analysed_runs
from fittest.analysis.exponents.measures import measured_checkpoints
from fittest.analysis.exponents.outcomes import LOSS_COLUMNS, run_outcomes
from fittest.analysis.exponents.settings import NetworkSettings, OutcomeSettings
from fittest.analysis.exponents.watch_statistics import statistics, watched
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table
from fittest.tasks import Powers


def analyse_watched(
    runs: Sequence[str],
    weights: Sequence[str],
    trajectories: Sequence[str],
    out_tables: dict[str, str],
    out_table: str,
    out_stats: str,
    settings: NetworkSettings,
    outcomes: OutcomeSettings,
    formed: float,
    resampling: Resampling,
    threads: int,
) -> None:
    """Write `measures`, `frequencies` and `squares`, by name, a row per run and statistics
    (Parquet).

    Args:
        runs: `runs` tables. weights: tables that hold their checkpoints. trajectories: their own.
        formed: see ``watched``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    networks = analysed_runs(described, (Powers,))
    made = measured_checkpoints(networks, list(dict.fromkeys(weights)), settings, threads)
    origin = joint_provenance(list(runs), len(networks))
    for name, table in made.items():
        write_table(table, out_tables[name], origin)
    parts = [read_table(path, "trajectory", LOSS_COLUMNS) for path in dict.fromkeys(trajectories)]
    became = run_outcomes(described, pd.concat(parts, ignore_index=True), outcomes)
    table = watched(made["measures"], became, formed)
    write_table(table, out_table, origin)
    write_table(statistics_table(statistics(table, resampling)), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_watched(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            trajectories=snakemake.input.trajectories,
            out_tables={
                name: snakemake.output[name] for name in ("measures", "frequencies", "squares")
            },
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            settings=NetworkSettings(**snakemake.params.settings),
            outcomes=OutcomeSettings(**snakemake.params.outcomes),
            formed=snakemake.params.formed,
            resampling=Resampling(**snakemake.params.resampling),
            threads=snakemake.threads,
        )
