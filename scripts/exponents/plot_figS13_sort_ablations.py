"""Figure S13: how soon networks of other kinds sort, how much they copy, and with how few
neurons."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, sort_panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_sort_arms(runs: str, kept: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        runs: sorting_runs.parquet. kept: sorting_kept.csv. stats: sorting_stats.parquet.
            out_figure: the PDF (a PNG goes beside it).
    """
    table, curves = read_table(runs), pd.read_csv(kept)
    rows = Statistics(read_table(stats))
    table = table[table["runset"] == "sort_arms"]
    arms = list(dict.fromkeys(table["arm"]))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.6)
        drop, later, share = (
            rows[f"sorting.{name}"]["value"] for name in ("copying_drop", "later", "kept")
        )
        heading(
            figure,
            "What do positions, heads, neurons and repeats change?",
            "positions speed it up; one head is enough; neurons lower the copying score, and most"
            " are redundant",
            "no runs"
            if len(table) == 0
            else f"{_sooner(later)}; with neurons the copying score changes by {-drop:+.2f}, and"
            f" {100 * share:.0f} % of them are enough",
        )
        left, middle, right = figure.subplots(1, 3)
        number = panels.counted(len(table), "run")
        panels.panel_title(left, "a", "steps to 95 % of numbers", number)
        sort_panels.arm_points(left, table, "learned", arms)
        left.set_xlim(left=0)
        left.set_xlabel("step")
        left.xaxis.set_major_locator(MaxNLocator(3))
        panels.panel_title(middle, "b", "copying score", number)
        sort_panels.arm_points(middle, table, "copying", arms)
        middle.set_xlabel("copying score (-1 to 1)")
        middle.tick_params(labelleft=False)
        _kept(right, curves[curves["runset"] == "sort_arms"])
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(table)})


def _sooner(ratio: float) -> str:
    """Steps with positions over steps without, in words."""
    if np.isnan(ratio):
        return "sorting was learnt neither with positions nor without"
    if np.isinf(ratio):
        return "sorting was learnt without positions alone"
    return f"{ratio:.2f} times the steps with positions"


def _kept(axes: Axes, curves: pd.DataFrame) -> None:
    panels.panel_title(
        axes, "c", "most important neurons alone", panels.counted(curves["run_id"].nunique(), "run")
    )
    if len(curves) == 0:
        panels.empty(axes, "no runs with neurons")
        return
    for index, (_, run) in enumerate(curves.groupby("run_id")):
        for column, colour, name in (
            ("token", sort_panels.TOKEN, "numbers"),
            ("exact", sort_panels.EXACT, "lists"),
        ):
            label = name if index == 0 else None
            axes.plot(run["kept"], run[column], marker=".", ms=3, color=colour, label=label)
    axes.set_xlim(0, 1)
    # Room for the legend above the lines.
    axes.set_ylim(0, 1.35)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel("share of neurons")
    axes.set_ylabel("right (share)")
    axes.legend(loc="upper left", ncols=2)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_sort_arms(
            runs=snakemake.input.runs,
            kept=snakemake.input.kept,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
