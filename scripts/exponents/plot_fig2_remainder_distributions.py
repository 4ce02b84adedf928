"""Figure 2: how many pairs of operands have each remainder as their answer."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.exponents.names import Arithmetic
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
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
    zeros, missing = (rows[name] for name in (Arithmetic.ZEROS, Arithmetic.MISSING))
    sums = list(data.groupby(["group", "p", "a", "b"], sort=False))
    columns = max(1, -(-len(sums) // 2))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        heading(
            figure,
            "Are all remainders equally frequent answers?",
            "those of pairs that grok are, those of (7, 7) modulo 113 are not",
            f"of {int(zeros['n']):,} pairs {int(zeros['value'])} have the answer 0 in panel"
            f" {_LETTERS[columns]}, and {int(missing['value'])} remainders are never one;"
            " the even exponents, which are said to grok, are uneven as well",
        )
        grid = figure.subplots(2, columns, squeeze=False)
        for axes in grid.flat[len(sums) :]:
            axes.set_axis_off()
        for place, (axes, (key, counts)) in enumerate(zip(grid.flat, sums, strict=False)):
            _bars(axes, counts)
            _, p, a, b = key
            panels.panel_title(
                axes, _LETTERS[place], rf"$x^{{{a}}}+y^{{{b}}}$ mod {p}", f"n = {p * p:,} pairs"
            )
        for row in grid:
            row[0].set_ylabel("pairs of operands")
        for axes in grid[-1]:
            axes.set_xlabel("remainder z")
        style.save(figure, out_figure, read_provenance(stats))


def _bars(axes: Axes, counts: pd.DataFrame) -> None:
    p = int(counts["p"].iloc[0])
    even = bool((counts["count"] == p).all())
    colour = style.OURS if even else style.ALIVE
    axes.bar(counts["z"], counts["count"], width=1.0, color=colour)
    axes.axhline(p, color="black", lw=0.7, ls=":")
    axes.set_xlim(-1, p)
    # Counts of 0 are no less a result than high ones, so the axis is linear up to a decade of p.
    axes.set_yscale("symlog", linthresh=2 * p, linscale=2)
    axes.set_ylim(0, 12 * p)
    ticks = [0, p, 2 * p, 10 * p]
    axes.set_yticks(ticks, ["0", "p", "2p", "10p"])
    axes.minorticks_off()


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(snakemake.input.plotted, snakemake.input.stats, snakemake.output.figure)
