"""How many circles survive, by any modulus: the numbers of figure 14."""

import pandas as pd

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.sweep_statistics import moduli_rows
from fittest.analysis.sweeps.counts import COUNTS, all_moduli, count_means, trend_line
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_all_moduli(
    moduli_runs: str,
    primes_runs: str,
    out_stats: str,
    out_plotted: str,
    largest: int,
    two_mean_factor: float,
    resampling: Resampling,
) -> None:
    """Write the mean counts by modulus, their slope, and how they scatter.

    Args:
        moduli_runs, primes_runs: `runs` tables.
        out_stats: a row per statistic (Parquet). out_plotted: a row per modulus and count,
            and the ends of the line through all runs (CSV).
        largest: moduli above it are left out. two_mean_factor: of the alive rule, for its limit.
        resampling: of the bootstraps.
    """
    moduli, primes = read_table(moduli_runs, "runs"), read_table(primes_runs, "runs")
    runs = all_moduli(moduli, primes, largest)
    rows = moduli_rows(runs, two_mean_factor, resampling)
    origin = joint_provenance([moduli_runs, primes_runs], runs["run_id"].nunique())
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    means = count_means(runs, "p", "all", two_mean_factor, resampling)
    line = trend_line(runs, "p", COUNTS[0], "all")
    write_csv(pd.concat([means, line]) if len(line) else means, out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_all_moduli(
            moduli_runs=snakemake.input.moduli_runs,
            primes_runs=snakemake.input.primes_runs,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            largest=snakemake.params.largest,
            two_mean_factor=snakemake.params.two_mean_factor,
            resampling=Resampling(**snakemake.params.resampling),
        )
