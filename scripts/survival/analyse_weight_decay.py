"""How many circles survive, by weight decay: the numbers of figure 10."""

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.names import WeightDecay
from fittest.analysis.survival.sweep_statistics import no_decay_rows, trend_rows
from fittest.analysis.sweeps.counts import count_means
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_weight_decay(
    wd_runs: str,
    wd0_runs: str,
    out_stats: str,
    out_plotted: str,
    trend_from: float,
    two_mean_factor: float,
    resampling: Resampling,
) -> None:
    """Write the mean counts, their trend, and what happens without any decay.

    Args:
        wd_runs, wd0_runs: `runs` tables.
        out_stats: a row per statistic (Parquet). out_plotted: a row per value and count (CSV):
            panel ``all``, and ``none`` for the runs without decay.
        trend_from: smaller decays are left out of the trend.
        two_mean_factor: of the alive rule, for its limit. resampling: of the bootstraps.
    """
    wd, wd0 = read_table(wd_runs, "runs"), read_table(wd0_runs, "runs")
    counted = wd[wd["weight_decay"] >= trend_from]
    note = f"decay >= {trend_from:g}"
    rows = [
        *run_rows(WeightDecay, wd),
        *trend_rows(WeightDecay, counted, "weight_decay", resampling, note),
        *no_decay_rows(wd0, resampling),
    ]
    panels = {"all": wd[wd["weight_decay"] > 0], "none": wd0}
    plotted = [
        count_means(runs, "weight_decay", name, two_mean_factor, resampling)
        for name, runs in panels.items()
    ]
    # Those without decay are in the statistics that the figure prints.
    origin = joint_provenance([wd_runs, wd0_runs], len(set(wd["run_id"]) | set(wd0["run_id"])))
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)
    write_csv(pd.concat(plotted), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_weight_decay(
            wd_runs=snakemake.input.wd_runs,
            wd0_runs=snakemake.input.wd0_runs,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            trend_from=snakemake.params.trend_from,
            two_mean_factor=snakemake.params.two_mean_factor,
            resampling=Resampling(**snakemake.params.resampling),
        )
