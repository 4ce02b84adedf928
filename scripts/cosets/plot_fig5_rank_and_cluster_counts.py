"""Figure 5: what one cluster alone can do, and how many clusters there are."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.analysis.cosets.names import Ranks
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.population_panels import networks_of, said
from fittest.store import read_provenance, read_table

MODULI = (("pop91", style.OURS), ("pop89", style.ALIVE))


def plot_fig5(
    ranks: str, stats: str, counts: str, summary: str, out_figure: str, paper: Mapping[str, float]
) -> None:
    """Draw the figure from fig5.csv, ranks_stats.parquet, cluster_counts.csv and
    summary.parquet."""
    data, statistics = pd.read_csv(ranks), Statistics(read_table(stats))
    found = read_table(summary)
    last = found[(found["share"] == 1) & (found["subset"] == "all")]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        heading(
            figure,
            "How far does one cluster alone come, and how many clusters are there?",
            f"its right answer is anywhere from first to far behind; about ln n = {paper['m']:g}"
            " clusters",
            f"right alone in {printed(statistics.get(Ranks.FIRST))} of pairs; mean number of"
            f" clusters {said(last, 'm2', runset='pop91')} at n = 91 and"
            f" {said(last, 'm2', runset='pop89')} at 89",
            [
                (
                    "networks that solve the task, share:"
                    f" {said(last, 'solved', 3, runset='pop91')} and"
                    f" {said(last, 'solved', 3, runset='pop89')}",
                    "0.4",
                )
            ],
        )
        left, right = figure.subplots(1, 2)
        row = statistics.get(Ranks.FIRST)
        clusters = int(row["n"]) if row is not None else 0
        panels.panel_title(
            left,
            "a",
            "rank of the right answer",
            panels.counted(clusters, "cluster") + ", all pairs",
        )
        _ranks(left, data)
        _counts(right, pd.read_csv(counts), last)
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(summary))


def _ranks(axes: Axes, data: pd.DataFrame) -> None:
    if len(data) == 0 or data["share"].sum() == 0:
        panels.empty(axes, "no clusters")
        return
    axes.bar(data["rank"], data["share"], width=0.9, color=style.OURS)
    axes.set_yscale("log")
    axes.set_xlabel("answers that a cluster puts before the right one")
    axes.set_ylabel("share of pairs and clusters")


def _counts(axes: Axes, data: pd.DataFrame, last: pd.DataFrame) -> None:
    numbers = [networks_of(last, runset=name) for name, _ in MODULI]
    panels.panel_title(axes, "b", "number of clusters", " and ".join(numbers))
    drawn = False
    for shift, (name, colour) in zip((-0.2, 0.2), MODULI, strict=True):
        rows = data[data["runset"] == name]
        if len(rows) == 0:
            continue
        n, total = int(rows["n"].iloc[0]), rows["networks"].sum()
        axes.bar(
            rows["m"] + shift, rows["networks"] / total, width=0.4, color=colour, label=f"n = {n}"
        )
        axes.axvline(math.log(n), color=style.PAPER, lw=1.0, ls="--")
        drawn = True
    if not drawn:
        panels.empty(axes, "no networks")
        return
    axes.plot([], [], color=style.PAPER, ls="--", lw=1.0, label="ln n")
    axes.set_xlabel("clusters of two neurons or more")
    axes.set_ylabel("share of networks")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            ranks=snakemake.input.ranks,
            stats=snakemake.input.stats,
            counts=snakemake.input.counts,
            summary=snakemake.input.summary,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
