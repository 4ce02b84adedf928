"""Figure 2: the signals over training, and a dead and a surviving circle at three steps."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading

DECAY_FROM = 1000
"""From this step on, the paper says, weight decay is what moves the signals."""
ROWS = {"dead": "dead", "survivor": "strongest survivor"}


def plot_fig2(
    table: str,
    showcase: str,
    out_figure: str,
    projection_limit: float,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        table: fig2.csv. showcase: showcase.json. out_figure: the PDF (a PNG goes beside it).
        projection_limit: least half width of the projections' window, in embedding units. It
            holds all tokens of the last step; those outside it before are drawn hollow on its
            edge.
        paper: ``start_signal``, drawn as a guide if given and if this run has the paper's ``p``
            and ``d``.
    """
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    projected = data[data["panel"] == "projections"]
    steps = sorted(projected["step"].unique())
    final = projected[projected["step"] == projected["step"].max()]
    limit = max(projection_limit, 1.1 * final[["x", "y"]].abs().to_numpy().max(initial=0.0))
    alike = all(paper.get(size, choice[size]) == choice[size] for size in ("p", "d"))
    guide = paper.get("start_signal") if alike else None
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        heading(
            figure,
            "Which signals live and which die, and when? What becomes of the planes?",
            _said(paper),
            f"{_circles(choice)} at step {choice['steps'][-1]:,}{_solved(choice)}",
        )
        left, right = cast(Any, figure.subfigures(1, 2, width_ratios=[1.0, 1.45]))
        curves = left.subplots()
        panels.signal_curves(curves, data[data["panel"] == "signals"], guide)
        seed = f"n = 1 run, seed {choice['seed']}; grey: dead at the end"
        panels.panel_title(curves, "a", "signals of all frequencies", seed)
        if _decay_alone(curves, data, choice.get("decay_per_step")):
            axis = curves.get_xlabel()
            curves.set_xlabel(f"{axis}\ndashed: from step {DECAY_FROM} by weight decay alone")
        alive = data[(data["panel"] == "signals") & (data["rank"] > 0)]
        end_names(curves, panels.survivor_ends(alive, "signal", guide))
        grid = right.subplots(2, max(len(steps), 1), squeeze=False, sharex=True, sharey=True)
        for row, (fate, name) in enumerate(ROWS.items()):
            _row(grid[row], projected[projected["fate"] == fate], steps, choice["p"], limit, name)
        for axes, step in zip(grid[0], steps, strict=False):
            axes.set_title(f"step {step:,}", loc="left", pad=4)
        first = f"step {steps[0]:,}" if steps else ""
        panels.panel_title(grid[0][0], "b", first)
        if len(projected):
            panels.token_colour_bar(right, grid, choice["p"])
            along = "of the final embedding (hollow: outside the window)"
            right.supxlabel(rf"$E_n$ along Re $F_k$ {along}", fontsize=6.5)
            right.supylabel(r"$E_n$ along Im $F_k$", fontsize=6.5)
        style.save(figure, out_figure, choice["provenance"])


def _decay_alone(axes: Axes, data: pd.DataFrame, rate: float | None) -> bool:
    """How the survivors' signals would go on from step 1000 if weight decay alone moved them."""
    alive = data[(data["panel"] == "signals") & (data["rank"] > 0)]
    mean = alive.groupby("step")["signal"].mean()
    later = mean[mean.index >= DECAY_FROM]
    if rate is None or len(later) < 2:
        return False
    steps = np.geomspace(later.index[0], later.index[-1], 100)
    gone = float(later.iloc[0]) * (1 - rate) ** (steps - steps[0])
    axes.plot(steps, gone, color=style.MIDDLE, ls="--", lw=1.0)
    return True


def _circles(choice: Mapping[str, list[int]]) -> str:
    alive, dead = len(choice["survivors"]), len(choice["dead"])
    return f"{alive} of {alive + dead} frequencies alive"


def _said(paper: Mapping[str, float]) -> str:
    known = f"{paper['survivors']:g} survive; " if "survivors" in paper else ""
    return (
        f"{known}dead frequencies quickly go to 0, survivors become circles; after step"
        f" {DECAY_FROM} weight decay dominates"
    )


def _solved(choice: Mapping[str, Any]) -> str:
    step = choice.get("first_full_test_accuracy")
    return f"; every test pair is right from step {step:,} on" if step is not None else ""


def _row(
    row: np.ndarray, data: pd.DataFrame, steps: list[int], tokens: int, limit: float, name: str
) -> None:
    if len(data) == 0:
        for axes in row:
            panels.empty(axes, "none")
            axes.set_box_aspect(1)
        row[0].set_ylabel(name)
        return
    for axes, step in zip(row, steps, strict=True):
        panels.token_scatter(axes, data[data["step"] == step], tokens, limit, numbered=False)
    row[0].set_ylabel(f"{name}\nk = {data['k'].iloc[0]}")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(
            table=snakemake.input.table,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
            projection_limit=snakemake.params.projection_limit,
            paper=snakemake.params.paper,
        )
