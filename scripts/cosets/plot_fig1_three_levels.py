"""Figure 1: one neuron, its cluster, and the network, on one sum."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig1(curves: str, logits: str, clusters: str, out_figure: str) -> None:
    """Draw the figure from the tables of network A; out_figure is the PDF (a PNG goes beside)."""
    found, neurons, sums = (read_table(path) for path in (clusters, curves, logits))
    rows = sums[sums["of"] == "shown"]
    first = (
        rows[(rows["a"] == rows["a"].iloc[0]) & (rows["b"] == rows["b"].iloc[0])]
        if len(rows)
        else rows
    )
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        said = ""
        if len(first):
            a, b = int(first["a"].iloc[0]), int(first["b"].iloc[0])
            said = f"{coset_panels.said_network(found)}; {a} + {b} on the right"
        heading(
            figure,
            "What do one neuron, its cluster and the whole network know of a sum?",
            "waves; cosets; where these meet, as in the Chinese remainder theorem (by hand)",
            said or coset_panels.NONE,
        )
        grid = figure.add_gridspec(1, 3, width_ratios=[1, 1, 1.25])
        _neuron(figure, grid[0, 0], neurons)
        axes = figure.add_subplot(grid[0, 1])
        coset_panels.logit_bars(axes, first[first["place"] == 0], 0)
        axes.set_xlabel("answer k")
        axes.set_ylabel("logits, less their mean")
        panels.panel_title(axes, "b", f"its cluster{_period(found)}")
        _network(figure, grid[0, 2], first)
        style.save(figure, out_figure, read_provenance(clusters))


def _neuron(figure: Figure, place: Any, neurons: pd.DataFrame) -> None:
    inner = place.subgridspec(2, 1)
    own = neurons[neurons["place"] == 0]
    strongest = own[own["neuron"] == own["neuron"].iloc[0]] if len(own) else own
    for row, part in enumerate("ab"):
        axes = figure.add_subplot(inner[row, 0])
        coset_panels.part_curve(axes, strongest[strongest["part"] == part], "k", part)
        axes.set_ylabel(f"reads of {part}")
        if row == 0:
            panels.panel_title(axes, "a", "one neuron, pre-activation")
        else:
            axes.set_xlabel("number")


def _period(clusters: pd.DataFrame) -> str:
    """Of the cluster whose removal costs most; exact cosets are of a period below n."""
    if not len(clusters):
        return ""
    row = clusters.sort_values("place").iloc[0]
    return f", f = {int(row['f'])}, period {int(row['p']) // int(row['g'])}"


def _network(figure: Figure, place: Any, first: pd.DataFrame) -> None:
    places = [*sorted(int(p) for p in first["place"].unique() if p >= 0), -1]
    inner = place.subgridspec(len(places), 1, hspace=0.02)
    top = None
    for row, which in enumerate(places):
        # One scale: a row is as high as it counts in the sum.
        axes = top = figure.add_subplot(inner[row, 0], sharey=top)
        rows = first[first["place"] == which]
        coset_panels.logit_bars(axes, rows, which)
        name = "all" if which < 0 else f"f = {int(rows['f'].iloc[0])}"
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.tick_params(labelleft=False)
        if row == 0:
            panels.panel_title(axes, "c", "clusters and logits, one scale")
        if row < len(places) - 1:
            axes.tick_params(labelbottom=False)
        else:
            axes.set_xlabel("answer k (the right one has a star)")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1(
            snakemake.input.curves,
            snakemake.input.logits,
            snakemake.input.clusters,
            snakemake.output.figure,
        )
