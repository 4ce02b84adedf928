"""Figure S6: losses, gradients and the unembedding by the precision of the loss."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.exponents.other_names import ARMS, DOUBLE, SINGLE, THROUGHOUT
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

COLOURS = {SINGLE: style.ALIVE, DOUBLE: style.OURS, THROUGHOUT: style.MOST}
ROWS = {
    "loss": "train loss (nats)",
    "gradient": "gradient norm",
    "unembedding": "norm of unembedding",
}
"""Series -> name of the axis. The gradient is that of the train loss by all parameters."""
WIDTHS = {SINGLE: 1.7, DOUBLE: 0.8, THROUGHOUT: 0.8}
"""Curves that are one can both be seen."""


def plot_precision(plotted: str, table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        plotted: figS6.csv. table: a row per run. stats: precision_stats.parquet. out_figure: the
            PDF (a PNG goes beside it).
    """
    data, runs = pd.read_csv(plotted), read_table(table)
    rows = Statistics(read_table(stats))
    tasks = list(dict.fromkeys(runs["name"]))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 6.0)
        single, double = (
            rows[f"precision.spikes_{name}"]["value"] for name in ("single", "double")
        )
        before = rows["precision.before"]["value"]
        heading(
            figure,
            "Does a loss in single precision have spikes that double precision cures?",
            "yes; cyclic spikes at losses of 1e-5 to 1e-7, and no phase transition",
            "no runs"
            if len(runs) == 0
            else f"{single:.0f} spikes in float32 and {double:.0f} in float64, over all tasks"
            + (f"; median loss before a float32 spike {before:.1e}" if before > 0 else ""),
        )
        grid = figure.subplots(len(ROWS), max(1, len(tasks)), squeeze=False, sharex="col")
        for column in range(max(1, len(tasks))):
            name = tasks[column] if tasks else ""
            part = data[data["name"] == name]
            number = int((runs["name"] == name).sum())
            panels.panel_title(
                grid[0][column], "abcdefgh"[column], name, panels.counted(number, "run")
            )
            for row, (series, label) in enumerate(ROWS.items()):
                axes = grid[row][column]
                _lines(axes, part[part["series"] == series], series)
                if column == 0:
                    axes.set_ylabel(label)
            grid[-1][column].set_xlabel("step")
        shared_legend(figure, len(ARMS))
        drawn = runs[runs["name"].isin(data["name"])]
        count = {"figure_runs": drawn["run_id"].nunique()}
        style.save(figure, out_figure, read_provenance(stats) | count)


def _lines(axes: Axes, part: pd.DataFrame, series: str) -> None:
    if len(part) == 0:
        panels.empty(axes, "no runs")
        return
    log = series != "unembedding"
    known = part["value"].to_numpy(float)
    # What single precision rounds to 0 is drawn at the lower edge, and nothing else is.
    ends = (loss_panels.least_positive(known), loss_panels.ENDS[1])
    for arm in ARMS:
        for index, (_, run) in enumerate(part[part["arm"] == arm].groupby("seed")):
            axes.plot(
                run["step"],
                run["value"].clip(lower=ends[0]) if log else run["value"],
                color=COLOURS[arm],
                lw=WIDTHS[arm],
                label=arm if index == 0 else None,
            )
    # Losses and gradients fall by decades, the norm of the unembedding by a part of one.
    if log:
        loss_panels.decades(axes, known, 0.05, ends)
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlim(0, max(float(part["step"].max()), 1))
    axes.xaxis.set_major_formatter(lambda x, _: loss_panels.thousands(x))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_precision(
            plotted=snakemake.input.plotted,
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
