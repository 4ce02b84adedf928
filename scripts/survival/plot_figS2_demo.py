"""Figure S2: signals as they live and die, and who survives in a few small networks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading

GREYS = ListedColormap(np.repeat(np.linspace(0.97, 0.45, 256)[:, None], 3, axis=1), name="start")


def plot_figS2(table: str, demo: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: figS2.csv. demo: demo.json. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    facts = json.loads(Path(demo).read_text())
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
        heading(
            figure,
            "Which frequencies does training keep, and are they the same in each network?",
            "",
            "",
            [
                (
                    f"p = {facts['p']}, d = {facts['d']}, weight decay {facts['weight_decay']:g};"
                    " grey: dead at the end; dotted: every test pair is right from here on",
                    "0.35",
                )
            ],
        )
        left, right = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
        _signals(left, data[data["panel"] == "signals"], facts)
        _fates(right, data[data["panel"] == "fates"])
        style.save(figure, out_figure, facts["provenance"])


def _signals(axes: Axes, data: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    panels.signal_curves(axes, data, None)
    for line in axes.lines:
        if str(line.get_gid()).startswith("dead-"):
            # Fewer than in figure 2, and here each of them is meant to be followed.
            line.set_alpha(0.5)
    alive = data.loc[data["rank"] > 0, "k"].nunique()
    title = f"one network: {alive} of {data['k'].nunique()} frequencies survive"
    panels.panel_title(axes, "a", title, f"n = 1 run, seed {facts['seed']}")
    end_names(axes, panels.survivor_ends(data[data["rank"] > 0], "signal"))
    solved = facts["first_full_test_accuracy"]
    if solved is not None:
        axes.axvline(solved, color="0.2", lw=0.7, ls=":")


def _fates(axes: Axes, data: pd.DataFrame) -> None:
    seeds = sorted(data["seed"].unique())
    panels.panel_title(axes, "b", "all networks, one a row", panels.counted(len(seeds), "run"))
    start = data.pivot(index="seed", columns="k", values="signal0")
    # Within its own network: what counts is who starts stronger than whom.
    relative = start.div(start.mean(axis=1), axis=0)
    reach = max(float((relative - 1).abs().to_numpy().max()), 1e-9)
    # Cells drawn by us: viewers would blur an image of as few pixels as there are cells.
    image = axes.imshow(
        relative, cmap=GREYS, vmin=1 - reach, vmax=1 + reach, aspect="auto", interpolation="nearest"
    )
    alive = data[data["rank"] > 0]
    columns, rows = list(start.columns), list(start.index)
    axes.scatter(
        [columns.index(k) for k in alive["k"]],
        [rows.index(seed) for seed in alive["seed"]],
        s=34,
        color=style.ALIVE,
        edgecolors="black",
        linewidths=0.5,
    )
    counts = alive.groupby("seed")["k"].count()
    axes.set_yticks(range(len(rows)), [f"{seed}: {counts.get(seed, 0)} alive" for seed in rows])
    axes.set_xticks(range(len(columns)), [str(k) for k in columns])
    axes.tick_params(length=0)
    axes.set_xlabel("frequency k (dot: alive at the end)")
    axes.set_ylabel("seed")
    bar = axes.figure.colorbar(image, ax=axes, aspect=30, pad=0.02)
    bar.set_label("signal at the start / mean of its network")
    bar.outline.set_linewidth(0.4)  # type: ignore[operator]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS2(
            table=snakemake.input.table,
            demo=snakemake.input.demo,
            out_figure=snakemake.output.figure,
        )
