"""How many circles survive, by prime modulus and by dimension: the numbers of figure 5."""

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.names import Dimensions, Primes
from fittest.analysis.survival.sweep_statistics import trend_rows
from fittest.analysis.sweeps.counts import count_means
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_number_of_circles(
    primes_runs: str,
    dims_runs: str,
    out_stats: str,
    out_plotted: str,
    trend_from_p: int,
    two_mean_factor: float,
    resampling: Resampling,
) -> None:
    """Write the mean counts and their trends.

    Args:
        primes_runs, dims_runs: `runs` tables.
        out_stats: a row per statistic (Parquet). out_plotted: a row per value and count (CSV).
        trend_from_p: smaller primes are drawn, but left out of the trend (methods 7.15).
        two_mean_factor: of the alive rule, for its limit. resampling: of the bootstraps.
    """
    primes, dims = read_table(primes_runs, "runs"), read_table(dims_runs, "runs")
    counted = primes[primes["p"] >= trend_from_p]
    rows = [
        *run_rows(Primes, primes),
        *trend_rows(Primes, counted, "p", resampling, f"p >= {trend_from_p}"),
        *run_rows(Dimensions, dims),
        *trend_rows(Dimensions, dims, "d", resampling, "all d"),
    ]
    plotted = [
        count_means(runs, axis, axis, two_mean_factor, resampling)
        for runs, axis in ((primes, "p"), (dims, "d"))
    ]
    # The default runs are points of both panels.
    origin = joint_provenance(
        [primes_runs, dims_runs], len(set(primes["run_id"]) | set(dims["run_id"]))
    )
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    write_csv(pd.concat(plotted), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_number_of_circles(
            primes_runs=snakemake.input.primes_runs,
            dims_runs=snakemake.input.dims_runs,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            trend_from_p=snakemake.params.trend_from_p,
            two_mean_factor=snakemake.params.two_mean_factor,
            resampling=Resampling(**snakemake.params.resampling),
        )
