"""Figure 1: from a random embedding, by way of its spectrum, to a few circles."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.dynamics import fate_curves
from fittest.plotting.heading import heading

CIRCLES = 5


def plot_fig1(table: str, origin: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig1.csv. origin: fig1.json. out_figure: the PDF (a PNG goes beside it).
        paper: ``least_survivors`` and ``most_survivors``, printed if given.
    """
    data = pd.read_csv(table, dtype={"run_id": str})
    known = json.loads(Path(origin).read_text())
    curves = data[data["panel"] == "curves"]
    runs = list(dict.fromkeys(curves["run_id"]))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.0)
        heading(
            figure,
            "Which of the frequencies of a random embedding become the circles of the trained one?",
            _said(paper),
            _found(known["counts"]),
        )
        above, below = figure.subfigures(2, 1, height_ratios=[1.45, 1.0])
        first, second, third = above.subplots(1, 3, width_ratios=[0.8, 1.0, 1.3])
        _embedding(first, data[data["panel"] == "embedding"])
        _spectrum(second, data[data["panel"] == "spectrum"])
        _curves(third, curves[curves["run_id"] == runs[0]] if runs else curves)
        panels.panel_title(third, "c", r"$\rightarrow$ signals in training", _run(data))
        circles = data[data["panel"] == "circle"]
        alive = circles[circles["rank"] > 0].sort_values(["rank", "token"])
        shown = list(alive["k"].unique()[:CIRCLES]) + list(
            circles.loc[circles["rank"] == 0, "k"].unique()[:1]
        )
        others = runs[1:]
        row = below.subplots(1, max(len(shown) + len(others), 1), squeeze=False)[0]
        limit = 1.15 * circles[["x", "y"]].abs().to_numpy().max(initial=1e-6)
        for axes, k in zip(row, shown, strict=False):
            own = circles[circles["k"] == k]
            panels.token_scatter(axes, own, known["p"], limit, numbered=False)
            fate = "survivor" if own["rank"].iloc[0] > 0 else "dead"
            axes.set_title(f"k = {int(k)}, {fate}", fontsize=6.5)
            axes.set_xticks([])
            axes.set_yticks([])
        for axes, run_id in zip(row[len(shown) :], others, strict=True):
            own = curves[curves["run_id"] == run_id]
            _curves(axes, own)
            axes.set_box_aspect(1)
            count = own.loc[own["rank"] > 0, "k"].nunique()
            axes.set_title(f"seed {int(own['seed'].iloc[0])}: {count} alive", fontsize=6.5)
            axes.set_ylabel("")
            axes.set_xlabel("step")
            last = own["step"].max()
            axes.set_xticks([tick for tick in (0, 10, 1000, 100_000) if tick <= last])
        if not shown and not others:
            panels.empty(row[0], "nothing to project")
        text = r"$\mathbf{d}$  $\rightarrow$ a few circles, a dead plane, the signals of more runs"
        below.suptitle(text, fontsize=8, x=0.01, ha="left")
        style.save(figure, out_figure, known["provenance"])


def _run(data: pd.DataFrame) -> str:
    """Which run the stages are of."""
    own = data[data["panel"] == "spectrum"]
    return f"n = 1 run, seed {int(own['seed'].iloc[0])}" if len(own) else ""


def _embedding(axes: Axes, table: pd.DataFrame) -> None:
    if len(table) == 0:
        panels.panel_title(axes, "a", "random embedding")
        panels.empty(axes, "no embedding")
        return
    matrix = table.pivot(index="token", columns="dimension", values="value").to_numpy(float)
    panels.panel_title(axes, "a", "random embedding", f"{len(matrix)} tokens, from -3 to 3")
    colours = {"cmap": style.DIVERGING, "vmin": -3, "vmax": 3}
    axes.imshow(matrix, **colours, aspect="auto", interpolation="nearest")
    axes.set_xlabel("dimension (the first few)")
    axes.set_ylabel("token n")


def _spectrum(axes: Axes, table: pd.DataFrame) -> None:
    panels.panel_title(
        axes, "b", r"$\rightarrow$ its Fourier transform", f"n = {len(table)} frequencies"
    )
    if len(table) == 0:
        panels.empty(axes, "no spectrum")
        return
    for rank, k, value in table[["rank", "k", "value"]].to_numpy(float):
        colour = style.survivor_style(int(rank))["color"] if rank else style.DEAD
        axes.plot(k, value, "o", ms=4.0 if rank else 2.6, color=colour)
    axes.set_xlabel("frequency k (coloured: will survive)")
    axes.set_ylabel(r"signal $\Vert F_k\Vert$ at step 0")


def _curves(axes: Axes, table: pd.DataFrame) -> None:
    if len(table) == 0:
        panels.empty(axes, "no signals recorded")
        return
    fate_curves(axes, table, "value", legend=False)
    panels.log_steps(axes, int(table["step"].max()))
    axes.set_ylim(bottom=0)
    axes.set_ylabel("signal (embedding units)")


def _said(paper: Mapping[str, float]) -> str:
    if "least_survivors" in paper and "most_survivors" in paper:
        return f"{paper['least_survivors']:g} to {paper['most_survivors']:g} survive"
    return ""


def _found(counts: list[int]) -> str:
    if not counts:
        return ""
    runs = ", ".join(f"{times} with {n}" for n, times in sorted(Counter(counts).items()))
    return f"mean {np.mean(counts):.1f} of {panels.counted(len(counts), 'run')} ({runs})"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1(
            table=snakemake.input.table,
            origin=snakemake.input.origin,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
