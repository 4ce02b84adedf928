"""Figure 16: every signal of one run, and its linear model from the first step on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.dynamics.names import Ode
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

COLUMNS = 6
MODELS = {"ols": style.LEAST_SQUARES, "lasso": style.LASSO}


def plot_fig16(table: str, stats: str, showcase: str, out_figure: str) -> None:
    """Draw the figure (a PDF) from fig16.csv, ode_stats.parquet and showcase.json."""
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    ks = sorted(int(k) for k in data["k"].unique())
    rows = max(int(np.ceil(len(ks) / COLUMNS)), 1)
    top = 1.1 * float(data["real"].max()) if len(data) else 1.0
    errors = data[list(MODELS)].sub(data["real"], axis=0).abs().to_numpy(float)
    reach = 1.1 * max(float(np.nanmax(errors, initial=0.0)), 1e-3 * top)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, max(1.15 * rows + 1.3, 3.0))
        followed = [printed(statistics.get(Ode.of(f"{name}_rollout_error")), 3) for name in MODELS]
        ahead = [printed(statistics.get(Ode.of(f"ahead_{name}_over_still"))) for name in MODELS]
        heading(
            figure,
            "Do the linear models, run from the first step on by themselves, follow every signal?",
            "all are followed",
            f"mean error over the mean signal, median over runs: least squares {followed[0]}, Lasso"
            f" {followed[1]}; fitted to the first half and run through the second, error over"
            f" that of standing still: {ahead[0]}, Lasso {ahead[1]}",
            [
                (
                    f"n = 1 run, seed {choice['seed']}. Thick: recorded (dead grey, survivors in"
                    " colour); below each signal model minus recorded",
                    "0.35",
                )
            ],
        )
        grid = figure.subplots(
            2 * rows,
            COLUMNS,
            sharex=True,
            sharey=False,
            squeeze=False,
            height_ratios=[2.2, 1.0] * rows,
        )
        for place in range(rows * COLUMNS):
            row, column = divmod(place, COLUMNS)
            pair = (grid[2 * row][column], grid[2 * row + 1][column])
            if place < len(ks):
                _signal(*pair, data[data["k"] == ks[place]], top, reach, first=column == 0)
            elif not ks and place == 0:
                panels.empty(pair[0], "no run with dense steps")
                pair[1].set_axis_off()
            else:
                for axes in pair:
                    axes.set_axis_off()
        figure.supxlabel("training step", fontsize=7)
        figure.supylabel("signal (embedding units)", fontsize=7)
        if ks:
            _names(grid, len(ks))
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": int(bool(ks))})


def _signal(
    above: Axes, below: Axes, own: pd.DataFrame, top: float, reach: float, first: bool
) -> None:
    k, rank = int(own["k"].iloc[0]), int(own["rank"].iloc[0])
    colour = style.survivor_style(rank)["color"] if rank else style.DEAD
    above.plot(own["step"], own["real"], color=colour, lw=2.4, alpha=0.6)
    for name, shade in MODELS.items():
        dashes = {"color": shade, "lw": 0.7, "ls": "--" if name == "lasso" else "-"}
        above.plot(own["step"], own[name], **dashes)
        below.plot(own["step"], own[name] - own["real"], **dashes)
    above.set_title(f"k = {k}" + (", alive" if rank else ""), fontsize=6.5, pad=2)
    above.set_ylim(0, top)
    below.set_ylim(-reach, reach)
    below.axhline(0, color="0.8", lw=0.5, zorder=0)
    above.tick_params(labelbottom=False, labelleft=first)
    below.tick_params(labelleft=first)


def _names(grid: np.ndarray, number: int) -> None:
    """The models by name: in the first free place, else right of the last one."""
    lines = [("least squares", MODELS["ols"]), ("Lasso (dashed)", MODELS["lasso"])]
    row, column = divmod(number, COLUMNS)
    free = 2 * row < len(grid)
    axes = grid[2 * row][column] if free else grid[0][COLUMNS - 1]
    for index, (text, colour) in enumerate(lines):
        axes.annotate(
            text,
            (0.05, 0.8 - 0.25 * index) if free else (1.02, 0.8 - 0.25 * index),
            xycoords="axes fraction",
            fontsize=6.5,
            color=colour,
            annotation_clip=False,
        )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig16(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
        )
