"""Figure 21: steps until train and test loss are low, by the share of the data."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fittest.analysis.progress.names import Fractions
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

CURVES = (("train", "learned_small", "o"), ("test", "generalised_small", "s"))


def plot_fig21(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig21.csv. stats: fractions_stats.parquet. out_figure: the PDF (a PNG goes beside).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.HALF_PAGE_WIDTH, 3.5)
        rank, larger = statistics[Fractions.SPEARMAN_SMALL], statistics[Fractions.SPEARMAN]
        heading(
            figure,
            "Does less data delay a low test loss, and not a low train loss?",
            "the train loss is low at once, the test loss the later the less data",
            f"rank correlation of share and step {printed(rank)} (below 0.01 nats"
            f" {printed(larger)}), n = {int(rank['n'])} shares, one run each",
        )
        axes = figure.subplots()
        axes.set_yscale("log")
        if len(data) == 0:
            panels.empty(axes, "no runs")
        else:
            _draw(axes, data)
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(stats))


def _draw(axes: Axes, data: pd.DataFrame) -> None:
    top = float(data["steps"].max())
    for name, column, marker in CURVES:
        rows = data.assign(y=data[column].astype(float)).sort_values("train_fraction")
        x, known = 100 * rows["train_fraction"], np.isfinite(rows["y"])
        colour = loss_panels.COLOURS[name]
        axes.plot(x[known], rows["y"][known], marker=marker, ms=3.5, color=colour, label=name)
        if known.all():
            # Without points, what is not clipped would stretch to the corner of the page.
            continue
        axes.plot(
            x[~known],
            np.full((~known).sum(), top),
            ls="",
            marker=marker,
            ms=4 if name == "train" else 6,
            mfc="none",
            color=colour,
            clip_on=False,
        )
    axes.plot(
        [],
        [],
        ls="",
        marker="s",
        mfc="none",
        color=loss_panels.COLOURS["test"],
        label="not by its last step",
    )
    axes.set_ylim(top=1.5 * top)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: loss_panels.thousands(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(0, 100)
    axes.set_xlabel("pairs trained on (%)")
    axes.set_ylabel("first step below $10^{-6}$ nats")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig21(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
