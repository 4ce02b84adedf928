"""Figure 2: how many pairs of operands have each remainder as their answer."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.analysis.exponents.names import Arithmetic
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plot_fig2(plotted: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        plotted: fig2.csv. stats: arithmetic_stats.parquet. out_figure: the PDF (a PNG beside it).
    """
    data = pd.read_csv(plotted)
    rows = Statistics(read_table(stats))
    zeros, missing, even = (
        rows[name] for name in (Arithmetic.ZEROS, Arithmetic.MISSING, Arithmetic.EVEN_PAIRS)
    )
    sums = list(data.groupby(["group", "p", "a", "b"], sort=False))
    columns = max(1, -(-len(sums) // 2))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        heading(
            figure,
            "Are all remainders equally frequent answers?",
            "those of pairs that grok are, those of (7, 7) modulo 113 are not",
            f"of {int(zeros['n']):,} pairs {int(zeros['value'])} have the answer 0 in panel"
            f" {_LETTERS[columns]}, and {int(missing['value'])} remainders are never one; of"
            f" {int(even['n'])} pairs of one even exponent, which are said to grok,"
            f" {int(even['value'])} have equally frequent answers",
            [("dotted: p pairs for each remainder", "0.3")],
        )
        grid = figure.subplots(2, columns, squeeze=False, sharey=True)
        for axes in grid.flat[len(sums) :]:
            axes.set_axis_off()
        for place, (axes, (key, counts)) in enumerate(zip(grid.flat, sums, strict=False)):
            _bars(axes, counts)
            _, p, a, b = key
            panels.panel_title(
                axes,
                _LETTERS[place],
                f"{sum_panels.name_of((a, b))} mod {p}",
                f"n = {p * p:,} pairs",
            )
        for row in grid:
            row[0].set_ylabel("pairs of operands")
        for axes in grid[-1]:
            axes.set_xlabel("remainder z")
        if len(data):
            _multiples(grid[0, 0], float((data["count"] / data["p"]).max()))
        style.save(figure, out_figure, read_provenance(stats))


def _bars(axes: Axes, counts: pd.DataFrame) -> None:
    p = int(counts["p"].iloc[0])
    even = bool((counts["count"] == p).all())
    colour = style.OURS if even else style.ALIVE
    axes.bar(counts["z"], counts["count"] / p, width=1.0, color=colour)
    axes.axhline(1, color="black", lw=0.7, ls=":")
    axes.set_xlim(-1, p)


def _multiples(axes: Axes, largest: float) -> None:
    """A linear axis in multiples of p for all panels, so that heights are what they seem."""
    axes.set_ylim(0, 1.08 * largest)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}p" if value else "0")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(snakemake.input.plotted, snakemake.input.stats, snakemake.output.figure)
