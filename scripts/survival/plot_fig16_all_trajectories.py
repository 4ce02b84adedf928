"""Figure 16: every signal of one run, and its linear model from the first step on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from fittest.analysis.dynamics.names import Ode
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.store import read_provenance, read_table

COLUMNS = 6


def plot_fig16(table: str, stats: str, showcase: str, out_figure: str) -> None:
    """Draw the figure (a PDF) from fig16.csv, ode_stats.parquet and showcase.json."""
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    ks = sorted(int(k) for k in data["k"].unique())
    rows = max(int(np.ceil(len(ks) / COLUMNS)), 1)
    top = 1.1 * float(data["real"].max()) if len(data) else 1.0
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, max(0.95 * rows + 0.9, 2.6))
        grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for axes, k in zip(grid.flat, ks, strict=False):
            own = data[data["k"] == k]
            rank = int(own["rank"].iloc[0])
            colour = style.survivor_style(rank)["color"] if rank else style.DEAD
            axes.plot(own["step"], own["real"], color=colour, lw=2.4, alpha=0.6)
            axes.plot(own["step"], own["ols"], color="black", lw=0.7)
            axes.plot(own["step"], own["lasso"], color=style.OURS, lw=0.7, ls="--")
            axes.set_title(f"k = {k}" + (", alive" if rank else ""), fontsize=6.5, pad=2)
            axes.set_ylim(0, top)
        for axes in grid.flat[len(ks) :]:
            axes.set_axis_off()
        if not ks:
            panels.empty(grid[0][0], "no run with dense steps")
        figure.supxlabel("training step", fontsize=7)
        figure.supylabel("signal (embedding units)", fontsize=7)
        errors = [
            printed(statistics.get(Ode.of(f"{n}_rollout_error")), 3) for n in ("ols", "lasso")
        ]
        figure.suptitle(
            f"seed {choice['seed']}: real (thick), least squares (black), Lasso (dashed);"
            f" paper: all followed\nours, error / mean signal, median over runs: {errors[0]},"
            f" Lasso {errors[1]}",
            fontsize=7,
        )
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": int(bool(ks))})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig16(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
        )
