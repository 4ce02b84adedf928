"""Circularity of embeddings before training: the numbers of figure 11."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.circles.circularity import (
    by_dimension,
    circularity_rows,
    random_circularity,
    start_circularity,
)
from fittest.analysis.dynamics.gradient_survival import binned
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table
from fittest.tasks import ModularAddition


def analyse_circularity(
    runs: str,
    frequencies: str,
    out_fig11: str,
    out_stats: str,
    p: int,
    dimensions: Sequence[int],
    seeds: int,
    strata: int,
    rate_bins: int,
    least_in_bin: int,
    resampling: Resampling,
) -> None:
    """Write the plotted numbers and the statistics.

    Args:
        runs, frequencies: of the default runs (Parquet).
        out_fig11: panel ``dimension`` (a row per d) panel ``rates`` (survival
            rates of the default runs' frequencies in equal bins of circularity) and panel ``all``
            (over all of them), CSV. out_stats: statistics.
        p, dimensions, seeds: of the embeddings that are drawn and never trained.
        strata: groups of initial signal within which circularities are compared.
        rate_bins, least_in_bin: bins, and how many frequencies one needs to be shown.
    """
    drawn = by_dimension(random_circularity(ModularAddition(p=p).build(), dimensions, seeds), p)
    started = start_circularity(read_table(runs), read_table(frequencies))
    bins, every = (
        binned(started["circularity"], started["alive"], number, 0, resampling.confidence)
        for number in (rate_bins, 1)
    )
    known = ["x", "bin_lo", "bin_hi", "n", "rate", "rate_lo", "rate_hi"]
    parts = [
        drawn.assign(panel="dimension", p=p),
        bins.loc[bins["n"] >= least_in_bin, known].assign(panel="rates"),
        every[known].assign(panel="all", runs=started["run_id"].nunique()),
    ]
    columns = ["panel", "p", *drawn.columns, *known, "runs"]
    plotted = pd.concat([part for part in parts if len(part)]).reindex(columns=columns)
    write_csv(plotted, out_fig11)
    origin = joint_provenance(runs, started["run_id"].nunique())
    statistics = circularity_rows(drawn, started, strata, resampling)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, provenance=origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_circularity(
            runs=snakemake.input.base_runs,
            frequencies=snakemake.input.base_frequencies,
            out_fig11=snakemake.output.fig11,
            out_stats=snakemake.output.stats,
            p=snakemake.params.p,
            dimensions=snakemake.params.dimensions,
            seeds=snakemake.params.seeds,
            strata=snakemake.params.strata,
            rate_bins=snakemake.params.rate_bins,
            least_in_bin=snakemake.params.least_in_bin,
            resampling=Resampling(**snakemake.params.resampling),
        )
