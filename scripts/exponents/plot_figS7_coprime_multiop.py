"""Figure S7: losses and accuracies of coprimality and of sums of several operands."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.outcome_panels import WORDS
from fittest.store import read_provenance, read_table


def plot_several(plotted: str, table: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        plotted: figS7.csv. table: a row per run. out_figure: the PDF (a PNG goes beside it).
    """
    data, runs = pd.read_csv(plotted), read_table(table)
    tasks = list(dict.fromkeys(runs["name"]))
    columns = max(1, len(tasks))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.7)
        heading(
            figure,
            "Do networks generalise on coprimality, and on sums of several operands?",
            "spikes at the onset of a phase transition (text only)",
            "; ".join(_found(name, runs[runs["name"] == name]) for name in tasks) or "no runs",
        )
        grid = figure.subplots(2, columns, squeeze=False)
        for place in range(columns):
            name = tasks[place] if tasks else ""
            part = data[data["label"] == name]
            number = int((runs["name"] == name).sum())
            top, bottom = grid[0][place], grid[1][place]
            runs_here = panels.counted(number, "run")
            panels.panel_title(top, "abcdefgh"[place], name, runs_here)
            panels.panel_title(bottom, "abcdefgh"[columns + place], "right answers", runs_here)
            ends = (loss_panels.least_positive(part["value"].to_numpy(float)), 1e2)
            loss_panels.loss_lines(top, part, ("train", "test"), log=True, room=0.05, ends=ends)
            _accuracies(bottom, part)
            if place:
                top.set_ylabel("")
                bottom.set_ylabel("")
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(table) | {"figure_runs": len(runs)})


def _found(name: str, runs: pd.DataFrame) -> str:
    """What became of the runs of a task, in words."""
    counts = runs["outcome"].value_counts()
    told = ", ".join(f"{number} {WORDS[str(outcome)]}" for outcome, number in counts.items())
    times = runs["t_gen"].to_numpy(float)
    if np.isfinite(times).all():
        return f"{name}: {told} (step {np.median(times):,.0f})"
    ends = runs["test_accuracy"]
    from_to = f"{ends.min():.3f}" + (f" to {ends.max():.3f}" if len(runs) > 1 else "")
    return f"{name}: {told} (test accuracy {from_to} at the end)"


def _accuracies(axes: Axes, part: pd.DataFrame) -> None:
    shown = part[part["series"].isin(("train accuracy", "test accuracy"))]
    if len(shown) == 0:
        panels.empty(axes, "no runs")
        return
    loss_panels.loss_lines(axes, shown, ("train accuracy", "test accuracy"), log=False)
    loss_panels.same_names(axes)
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("right answers (share)")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_several(
            plotted=snakemake.input.plotted,
            table=snakemake.input.table,
            out_figure=snakemake.output.figure,
        )
