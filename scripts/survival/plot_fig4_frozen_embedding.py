"""Figure 4: test loss over a frozen embedding, by its dimension, at four steps."""

from typing import Any

import pandas as pd

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Frozen
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.plotting.heading import End, end_names, heading
from fittest.store import read_provenance, read_table

NEAR = 6  # dimensions on either side of d = p that the lower row magnifies
NAMES = {"authors": "authors'\nnumbers", "gauss1": "text's\nstart"}
ARMS = {"authors": style.AUTHORS, "gauss1": style.TEXT_START}
LETTERS = "abcdefghijkl"


def plot_fig4(table: str, arms: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig4.csv. arms: fig4_arms.csv. stats: fig4_stats.parquet. out_figure: the PDF (a PNG
            goes beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    shares = sorted(data["share"].unique())
    p = int(data["p"].iloc[0]) if len(data) else None
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        drop = statistics[Frozen.TREND_TRANSITION_D]
        below = statistics[Frozen.LOSS_RATIO_SMALL]
        jump, authors, text = (
            printed(statistics.get(name))
            for name in (Frozen.JUMP_4, Frozen.AUTHORS_RATIO_SMALL, Frozen.GAUSS1_RATIO_SMALL)
        )
        heading(
            figure,
            "Does the test loss drop where the dimension d of the frozen embedding passes p?",
            f"a sharp drop at d = {drop['paper']:g}; late in training d of 20 and less does better"
            " than d between 20 and 59",
            f"a step in the log loss beside its trend fits best at d = {printed(drop, 0)}; at d = p"
            f" it is by the factor {jump} (last step). Median loss of small d over that of medium d"
            f" at the last step (paper: below 1): {printed(below)}, with the authors' random"
            f" numbers {authors}, started as the text says {text}",
            [
                (
                    "Dot: a run; line: median over the runs of a d (upper row: also of runs on the"
                    " authors' random numbers and of such that start as the text says); dotted:"
                    " d = p",
                    "0.35",
                )
            ],
        )
        grid = figure.subplots(2, max(len(shares), 1), squeeze=False, sharex="row", sharey=True)
        scale = None
        for row, near in enumerate((False, True)):
            shown = data[(data["d"] - (p or 0)).abs() <= NEAR] if near else data
            scale = _row(grid[row], shown, shares, p, near) or scale
            if not near:
                ends = _arms(grid[row], pd.read_csv(arms), shares)
        end_names(grid[0][-1], ends)
        grid[0][0].set_ylabel("test loss (nats)")
        grid[1][0].set_ylabel("test loss (nats)")
        if scale is not None:
            bar = figure.colorbar(scale, ax=grid, shrink=0.8, aspect=35, pad=0.02)
            bar.set_label("test accuracy")
        style.save(figure, out_figure, read_provenance(stats))


def _row(row: Any, data: pd.DataFrame, shares: list[float], p: int | None, near: bool) -> Any:
    scale = None
    for place, (axes, share) in enumerate(zip(row, shares or [None], strict=True)):
        part = data[data["share"] == share]
        scale = sweep_panels.loss_by_dimension(axes, part, p) or scale
        step = f"step {part['step'].max():,}" if len(part) else "no runs"
        runs = panels.counted(part["run_id"].nunique(), "run") + (", near d = p" if near else "")
        letter = LETTERS[place + (len(row) if near else 0)]
        panels.panel_title(axes, letter, step, runs)
        axes.set_xlabel("embedding dimension d")
        if near and p is not None:
            axes.set_xlim(p - NEAR - 0.5, p + NEAR + 0.5)
    return scale


def _arms(row: Any, data: pd.DataFrame, shares: list[float]) -> list[End]:
    """The medians of the sets of runs that start in another way; their names at the last ends."""
    ends: dict[str, End] = {}
    for axes, share in zip(row, shares, strict=False):
        for arm, colour in ARMS.items():
            own = data[(data["arm"] == arm) & (data["share"] == share)]
            middle = own.drop_duplicates("d").sort_values("d")
            loss = middle["median_loss"].clip(lower=sweep_panels.LOWEST)
            axes.plot(middle["d"], loss, color=colour, lw=0.8, marker=".", ms=2.5, zorder=1)
            if len(loss):
                ends[arm] = (NAMES[arm], float(loss.iloc[-1]), colour)
    return list(ends.values())


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig4(
            table=snakemake.input.table,
            arms=snakemake.input.arms,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
