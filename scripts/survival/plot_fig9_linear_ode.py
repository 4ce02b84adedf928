"""Figure 9: how well linear equations fit the signals, two of them, and the sparse matrix."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.dynamics.names import Ode
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heatmaps import heatmap_bar, heatmap_scale, matrix_heatmap
from fittest.store import read_provenance, read_table

SERIES: dict[str, dict[str, Any]] = {
    "r2_ols": {"color": style.OURS, "marker": "o", "label": "least squares"},
    "odd_r2_ols": {"color": style.OURS, "marker": "", "ls": ":", "label": "same, held-out steps"},
    "r2_lasso": {"color": style.SURVIVORS[1], "marker": "s", "label": "Lasso"},
    "r2_diagonal": {"color": style.DEAD, "marker": "^", "label": "each by itself"},
    "r2_shared": {"color": style.DEAD, "marker": "v", "ls": "--", "label": "all alike"},
}
MODELS: dict[str, dict[str, Any]] = {
    "real": {"color": "black", "lw": 2.2, "alpha": 0.35, "label": "real"},
    "ols": {"color": style.OURS, "lw": 0.9, "label": "least squares"},
    "lasso": {"color": style.SURVIVORS[1], "lw": 1.1, "label": "Lasso"},
    "analytic": {"color": style.SURVIVORS[4], "lw": 1.0, "ls": ":", "label": "Lasso, analytic"},
}


def plot_fig9(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig9.csv and ode_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.0)
        (a, b), (c, d) = figure.subplots(2, 2, height_ratios=[1.2, 1])
        _fits(a, data[data["panel"] == "r2"], statistics)
        paths = data[data["panel"] == "path"]
        for axes, letter, fate in ((b, "b", "dead"), (c, "c", "survivor")):
            _path(axes, paths[paths["fate"] == fate], letter, fate)
        b.legend(loc="upper right")
        _matrix(d, data[data["panel"] == "matrix"], statistics)
        style.save(figure, out_figure, read_provenance(stats))


def _fits(axes: Axes, data: pd.DataFrame, statistics: Statistics) -> None:
    panels.panel_title(axes, "a", r"$R^2$ of the changes (mean $\pm$ sd over runs)")
    if len(data) == 0:
        panels.empty(axes, "no runs")
        return
    for name, line in SERIES.items():
        own = data[data["series"] == name].sort_values("d")
        axes.errorbar(own["d"], own["mean"], yerr=own["sd"], ms=2.5, lw=0.9, elinewidth=0.6, **line)
    # The text and the legend stand above the curves.
    axes.set_ylim(min(-0.05, float(data["mean"].min()) - 0.1), 1.95)
    axes.set_yticks(np.arange(0, 1.1, 0.25))
    axes.set_xlabel("embedding dimension d")
    axes.set_ylabel(r"$R^2$, mean over outputs")
    axes.legend(loc="upper right", fontsize=5.8, borderaxespad=0.1, labelspacing=0.3)
    lines = [
        ("paper: near 1, Lasso close", style.PAPER),
        ("ours at the default d:", style.OURS),
        (f"{printed(statistics.get(Ode.OLS_R2), 3)}", style.OURS),
        (f"Lasso {printed(statistics.get(Ode.LASSO_R2), 3)}", style.OURS),
    ]
    panels.note_box(axes, lines, "upper left")


def _path(axes: Axes, path: pd.DataFrame, letter: str, fate: str) -> None:
    title = {"dead": "dead, largest at the start", "survivor": "strongest survivor"}[fate]
    if len(path) == 0:
        panels.panel_title(axes, letter, title)
        panels.empty(axes, "none")
        return
    panels.panel_title(axes, letter, f"{title}: k = {int(path['k'].iloc[0])}")
    for name, line in MODELS.items():
        axes.plot(path["step"], path[name], **line)
    # A model that runs away must not hide the signal that it fails to follow.
    axes.set_ylim(min(0.0, float(path["real"].min())), 1.25 * float(path["real"].max()))
    axes.set_xlabel("training step")
    axes.set_ylabel("signal (embedding units)")


def _matrix(axes: Axes, entries: pd.DataFrame, statistics: Statistics) -> None:
    share = printed(statistics.get(Ode.LASSO_NONZERO))
    panels.panel_title(axes, "d", f"Lasso A; not zero: {share}")
    if len(entries) == 0:
        panels.empty(axes, "no run with dense steps")
        return
    limit, linear = heatmap_scale(entries["value"])
    image = matrix_heatmap(axes, entries, limit, linear)
    heatmap_bar(image, axes, 0.9)
    axes.set_xlabel("acting frequency j\n(paper: sparse)")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig9(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
