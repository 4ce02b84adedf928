"""Figure 11: circularity of random embeddings by dimension, and by later survival."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.circles.names import Circularity
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.store import read_provenance, read_table


def plot_fig11(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig11.csv and circularity_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.6)
        left, right = figure.subplots(1, 2)
        _dimension(left, data[data["panel"] == "dimension"], statistics)
        _histogram(right, data[data["panel"] == "histogram"], statistics)
        style.save(figure, out_figure, read_provenance(stats))


def _dimension(axes: Axes, rows: pd.DataFrame, statistics: Statistics) -> None:
    panels.panel_title(axes, "a", "before training, by dimension")
    if len(rows) == 0:
        panels.empty(axes, "no dimensions")
        return
    for name, colour in (("max", style.SURVIVORS[1]), ("mean", style.OURS)):
        axes.plot(rows["d"], rows[name], "o-", ms=3, color=colour, label=f"{name} over k")
        low, high = rows[name] - rows[f"{name}_sd"], rows[name] + rows[f"{name}_sd"]
        axes.fill_between(rows["d"], low, high, color=colour, alpha=0.2, lw=0)
    axes.plot(rows["d"], rows["expected"], "k--", lw=1.0, label=r"$d/(d+p-2)$, derived")
    axes.set_ylim(0, 1)
    axes.set_xlabel("embedding dimension d")
    axes.set_ylabel(r"circularity $c_k$")
    axes.legend(loc="lower right")
    off = printed(statistics.get(Circularity.FORMULA_DEVIATION))
    seeds = f"p = {int(rows['p'].iloc[0])}, {int(rows['seeds'].iloc[0])} embeddings each, band: sd"
    lines = [
        ("paper: rises", style.PAPER),
        (f"ours: rises; mean off the formula by {off} at most", style.OURS),
        (seeds, "0.35"),
    ]
    panels.note_box(axes, lines, "upper left")


def _histogram(axes: Axes, bins: pd.DataFrame, statistics: Statistics) -> None:
    panels.panel_title(axes, "b", "default runs, by survival")
    if len(bins) == 0:
        panels.empty(axes, "no runs")
        return
    panels.fate_bars(axes, bins)
    axes.set_ylim(top=float(bins["n"].max()) * 1.35)
    axes.set_xlabel(r"circularity $c_k$ before training")
    axes.legend(loc="upper right")
    value = printed(statistics.get(Circularity.AUC_MINUS_HALF))
    lines = [("paper: inconclusive", style.PAPER), (f"ours: AUC - 1/2 = {value}", style.OURS)]
    panels.note_box(axes, lines, "upper left")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig11(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
