"""Figure 29: how many clusters there are by width, in batches of n and in full batch."""

import math

import pandas as pd
from matplotlib.ticker import MaxNLocator

from fittest.analysis.cosets.names import Scaling
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.population_panels import count_histogram
from fittest.store import read_provenance, read_table

BATCHES = (("width", "batches of n"), ("width_full", "full batch"))


def plot_fig29(counts: str, widths: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig29.csv, widths.parquet and scaling_stats.parquet."""
    data, means = pd.read_csv(counts), read_table(widths)
    statistics = Statistics(read_table(stats))
    hidden = sorted(int(width) for width in means["hidden"].unique())
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 0.9 + 1.25 * max(1, len(hidden)))
        heading(
            figure,
            "Does the number of clusters stay of the order of ln n at every width?",
            "yes, at 128 to 8192 neurons (it prints 8196) and in both kinds of batch",
            f"mean number over ln n (dashed) at most {printed(statistics.get(Scaling.WIDTH_MOST))}",
        )
        grid = figure.subplots(max(1, len(hidden)), 2, squeeze=False, sharex=True)
        letters = iter("abcdefghijklmnop")
        for line, width in zip(grid, hidden or [0], strict=True):
            for axes, (runset, title) in zip(line, BATCHES, strict=True):
                rows = data[(data["runset"] == runset) & (data["hidden"] == width)]
                networks = panels.counted(int(rows["networks"].sum()), "network")
                n = int(rows["n"].iloc[0]) if len(rows) else 3
                panels.panel_title(axes, next(letters), f"{width} neurons, {title}", networks)
                count_histogram(axes, rows, math.log(n))
            line[0].set_ylabel("share of networks")
        for axes in grid[-1]:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel("clusters of two neurons or more")
        style.save(figure, out_figure, read_provenance(widths))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig29(
            counts=snakemake.input.counts,
            widths=snakemake.input.widths,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
