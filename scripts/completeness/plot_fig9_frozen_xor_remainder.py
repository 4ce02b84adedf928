"""Figure 9: test loss over a frozen embedding for XOR and remainder equivalence."""

from typing import Any

import pandas as pd

from fittest.analysis.completeness.names import FROZEN
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.plotting.heading import heading
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
    loss, time, within = (
        ", ".join(f"{title} {_value(statistics, task, name)}" for task, title in TASKS.items())
        for name in ("spearman_d_loss", "spearman_d_time", "completeness_within_d")
    )
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        heading(
            figure,
            "Does the test loss over a frozen embedding fall with d in the other tasks too?",
            "the loss falls with d, and faster",
            f"Spearman of d and test loss at the last step: {loss}; of d and the time to a loss:"
            f" {time}; of the least completeness and the loss among runs of one d: {within}",
            [
                (
                    "Line: median over the runs of a d; dotted: d = number of tokens. Colour:"
                    " balanced accuracy, 0 for always giving one answer, 1 for all right",
                    "0.35",
                )
            ],
        )
        grid = figure.subplots(2, max(len(shares), 1), squeeze=False, sharex="row", sharey="row")
        scale = None
        for number, (task, title) in enumerate(TASKS.items()):
            part = data[data["task"] == task]
            letters = "abcdefghijkl"[number * grid.shape[1] :]
            scale = _row(grid[number], part, shares, letters) or scale
            grid[number][0].set_ylabel(f"{title}\ntest loss (nats)")
        for axes in grid[-1]:
            axes.set_xlabel("embedding dimension d")
        if scale is not None:
            bar = figure.colorbar(scale, ax=grid, shrink=0.8, aspect=35, pad=0.02)
            bar.set_label("balanced test accuracy above guessing")
        style.save(figure, out_figure, read_provenance(stats))


def _value(statistics: Statistics, task: str, name: str) -> str:
    return printed(statistics.get(FROZEN[task].of(name)))


def _row(row: Any, data: pd.DataFrame, shares: list[float], letters: str) -> Any:
    p = int(data["p"].iloc[0]) if len(data) else None
    scale = None
    for axes, share, letter in zip(row, shares or [None], letters, strict=False):
        part = data[data["share"] == share]
        scale = sweep_panels.loss_by_dimension(axes, part, p, "test_skill") or scale
        title = f"step {part['step'].max():,}" if len(part) else "no runs"
        runs = panels.counted(part["run_id"].nunique(), "run")
        panels.panel_title(axes, letter, title, runs)
    return scale


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig9(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
