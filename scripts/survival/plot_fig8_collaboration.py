"""Figure 8: the loss with one, two and three circles left in the embedding."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Collaboration
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.dynamics import fate_curves
from fittest.plotting.heading import End, end_names, heading
from fittest.plotting.loss_panels import thousands
from fittest.store import read_provenance, read_table

LOWEST = 1e-9  # nats
PANELS = {"one": ("a", 1), "two": ("b", 1), "three": ("c", 3)}
"""Panel -> its letter, and how many survivors it needs."""


def plot_fig8(table: str, stats: str, showcase: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig8.csv. stats: collaboration_stats.parquet. showcase: showcase.json.
        out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    best = [statistics.get(Collaboration.of(f"best{size}_loss")) for size in (1, 2, 3)]
    runs = panels.counted(best[0]["n"] if best[0] else 0, "run")
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        heading(
            figure,
            "How far do one, two and three circles of the embedding bring the loss down?",
            "one fails, with two the loss is still considerable, with three it is near 0",
            f"the best choice of a run's survivors at its last step, median of {runs}: one"
            f" {printed(best[0])}, two {printed(best[1])}, three {printed(best[2], 4)} nats",
        )
        row = figure.subplots(1, 3, sharey=True)
        ends: list[list[End]] = []
        for axes, (name, (letter, needed)) in zip(row, PANELS.items(), strict=True):
            own = data[data["panel"] == name]
            partners = _partners(name, choice["survivors"])
            varied = own[~own["k"].isin(partners)]
            ends.append(_panel(axes, varied, letter, partners, choice, needed))
        # Once all panels have drawn: they share their limits.
        for axes, names in zip(row, ends, strict=True):
            end_names(axes, names)
        row[0].set_ylabel("loss on all pairs (nats)")
        style.save(figure, out_figure, read_provenance(stats))


def _partners(name: str, survivors: Sequence[int]) -> list[int]:
    """The circles that a panel keeps in any case: with one of them as i there is one circle less,
    which the panel before shows."""
    return list({"one": (), "two": survivors[:1], "three": survivors[:3:2]}[name])


def _panel(
    axes: Axes,
    own: pd.DataFrame,
    letter: str,
    partners: Sequence[int],
    choice: dict,
    needed: int,
) -> list[End]:
    """Draw it; the names that belong at the ends of its curves."""
    kept = ", ".join(map(str, partners)) if len(own) else "1st, 3rd"
    title = f"circles {kept} and i" if partners else "circle i alone"
    seed = f"n = 1 run, seed {choice['seed']}, {own['k'].nunique()} circles i"
    panels.panel_title(axes, letter, title, seed)
    axes.set_xlabel("training step")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x)))
    if len(own) == 0:
        few = len(choice["survivors"])
        panels.empty(axes, f"needs {needed} survivors; this run has {few}")
        return []
    shown = own.assign(loss_all=own["loss_all"].clip(lower=LOWEST))
    fate_curves(axes, shown, "loss_all", legend=False)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    last = shown[shown["step"] == shown["step"].max()]
    ends = [
        (f"i = {row.k}", float(row.loss_all), str(style.survivor_style(int(row.rank))["color"]))
        for row in last[last["rank"] > 0].itertuples()
    ]
    dead = last[last["rank"] == 0]
    if len(dead):
        ends.append(("i dead", float(dead["loss_all"].median()), style.DEAD))
    return ends


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig8(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
        )
