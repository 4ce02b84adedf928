"""Whether networks learn to tell primes: outcomes, what guessing gives, and the curves of figure
S5 (P01, P02)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.primality import (
    TRAJECTORY,
    primality_curves,
    primality_rows,
    primality_runs,
)
from fittest.analysis.exponents.settings import OutcomeSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_primality(
    runs: Sequence[str],
    trajectories: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    rules: OutcomeSettings,
    pieces: int,
    resampling: Resampling,
) -> None:
    """Write a row per run and statistics (Parquet), and curves (CSV).

    Args:
        runs: `runs` tables. trajectories: shards that hold these runs. pieces: see ``thinned``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    parts = [read_table(path, "trajectory", TRAJECTORY) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    table = primality_runs(described, recorded, rules)
    origin = joint_provenance(list(runs), len(table))
    write_table(table, out_table, origin)
    write_table(statistics_table(primality_rows(table, resampling)), out_stats, origin)
    write_csv(primality_curves(table, recorded, pieces), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_primality(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            rules=OutcomeSettings(**snakemake.params.rules),
            pieces=snakemake.params.pieces,
            resampling=Resampling(**snakemake.params.resampling),
        )
