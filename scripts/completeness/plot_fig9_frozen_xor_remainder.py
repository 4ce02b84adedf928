"""Figure 9: test loss over a frozen embedding for XOR and remainder equivalence."""

from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.completeness.names import FROZEN
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.store import read_provenance, read_table

TASKS = {"xor": "XOR", "remainder": "remainder equivalence"}


def plot_fig9(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig9.csv. stats: frozen_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    shares = sorted(data["share"].unique())
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.7)
        grid = figure.subplots(2, max(len(shares), 1), squeeze=False, sharex="row", sharey="row")
        scale = None
        for number, (task, title) in enumerate(TASKS.items()):
            part = data[data["task"] == task]
            scale = _row(grid[number], part, shares) or scale
            grid[number][0].set_ylabel(f"{title}\ntest loss (nats)")
            letter = "ab"[number]
            step = f"step {part['step'][part['share'] == shares[0]].max():,}" if len(part) else ""
            panels.panel_title(grid[number][0], letter, step)
        for axes in grid[-1]:
            axes.set_xlabel("embedding dimension d")
        if scale is not None:
            bar = figure.colorbar(scale, ax=grid, shrink=0.8, aspect=35, pad=0.02)
            bar.set_label("test accuracy")
        figure.suptitle(_finding(statistics), fontsize=6.5, color="0.2")
        style.save(figure, out_figure, read_provenance(stats))


def _row(row: Any, data: pd.DataFrame, shares: list[float]) -> Any:
    highest = float(np.ceil(10 * data["test_loss"].max()) / 10) if len(data) else 1.0
    p = int(data["p"].iloc[0]) if len(data) else None
    scale = None
    for axes, share in zip(row, shares or [None], strict=True):
        part = data[data["share"] == share]
        scale = sweep_panels.loss_by_dimension(axes, part, highest, p) or scale
        if len(part):
            axes.set_title(f"step {part['step'].max():,}", loc="left")
    return scale


def _finding(statistics: Statistics) -> str:
    found = [
        f"{title}: {printed(statistics[FROZEN[task].of('spearman_d_loss')])}"
        for task, title in TASKS.items()
    ]
    return (
        "paper: the loss falls with d (line: d = p)\nours, Spearman(d, test loss) at the last"
        f" step: {', '.join(found)}"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig9(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
