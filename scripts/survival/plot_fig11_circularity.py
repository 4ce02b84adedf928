"""Figure 11: circularity of random embeddings by dimension, and by later survival."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.circles.names import Circularity
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading
from fittest.store import read_provenance, read_table


def plot_fig11(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig11.csv and circularity_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        off = printed(statistics.get(Circularity.FORMULA_DEVIATION))
        auc = printed(statistics.get(Circularity.AUC_MINUS_HALF))
        given = printed(statistics.get(Circularity.AUC_GIVEN_SIGNAL))
        heading(
            figure,
            "Are random planes rounder in more dimensions, and do the rounder ones survive?",
            "circularity rises with d; whether it decides survival is inconclusive; from d = p on"
            " some plane shows a perfect circle",
            f"rises, the mean off the formula by {off} of it at most; AUC of circularity for"
            f" survival less 1/2 = {auc}, among frequencies of like initial signal {given}",
        )
        left, right = figure.subplots(1, 2)
        _dimension(left, data[data["panel"] == "dimension"])
        _rates(right, data)
        style.save(figure, out_figure, read_provenance(stats))


def _dimension(axes: Axes, rows: pd.DataFrame) -> None:
    panels.panel_title(axes, "a", "before training, by dimension", _drawn(rows))
    if len(rows) == 0:
        panels.empty(axes, "no dimensions")
        return
    ends = []
    for name, colour in (("max", style.MOST), ("mean", style.MIDDLE)):
        axes.plot(rows["d"], rows[name], "o-", ms=3, color=colour)
        low, high = rows[name] - rows[f"{name}_sd"], rows[name] + rows[f"{name}_sd"]
        axes.fill_between(rows["d"], low, high, color=colour, alpha=0.2, lw=0)
        ends.append((f"{name} over k\n(band: sd)", float(rows[name].iloc[-1]), colour))
    axes.plot(rows["d"], rows["best"], "s-", ms=2.5, lw=1.0, color=style.WINNERS)
    axes.axvline(float(rows["p"].iloc[0]), color=style.PAPER, lw=0.9, ls=":", zorder=0)
    ends.append(("roundest plane,\nmean over k", float(rows["best"].iloc[-1]), style.WINNERS))
    axes.plot(rows["d"], rows["expected"], ls="--", lw=1.0, color=style.OURS)
    # Drawn, it lies on the mean: its name stands below that of the mean.
    low = float(rows["expected"].iloc[-1]) - 0.14
    ends.append(("d/(d+p-2),\nderived", low, style.OURS))
    axes.set_ylim(0, 1.04)
    axes.set_xlabel("embedding dimension d (dotted: d = p)")
    axes.set_ylabel(r"circularity $c_k$")
    end_names(axes, ends)


def _drawn(rows: pd.DataFrame) -> str:
    if len(rows) == 0:
        return ""
    return f"p = {int(rows['p'].iloc[0])}, n = {int(rows['seeds'].iloc[0])} embeddings a point"


def _rates(axes: Axes, data: pd.DataFrame) -> None:
    bins, every = (data[data["panel"] == name] for name in ("rates", "all"))
    number = int(every["n"].iloc[0]) if len(every) else 0
    runs = panels.counted(float(every["runs"].iloc[0]) if len(every) else 0, "run")
    panels.panel_title(
        axes, "b", "default runs, survival by circularity", f"{runs}, {number:,} frequencies"
    )
    if len(bins) == 0:
        panels.empty(axes, "no bin is full enough")
        return
    panels.rate_bars(axes, bins)
    overall = float(every["rate"].iloc[0])
    axes.axhline(overall, color=style.MIDDLE, lw=0.8, ls=":")
    axes.set_xlabel(r"circularity $c_k$ before training (bins; bars: 95 % Wilson)")
    axes.set_ylabel("survival rate")
    end_names(axes, [("all", overall, style.MIDDLE)])


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig11(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
