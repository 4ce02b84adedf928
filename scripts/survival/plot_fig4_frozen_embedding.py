"""Figure 4: test loss over a frozen embedding, by its dimension and at four steps."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Frozen
from fittest.pipeline.script import rule_job
from fittest.plotting import style, sweep_panels
from fittest.store import read_provenance, read_table

TOPS = (15.0, 1.0)  # nats, as in the paper


def plot_fig4(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig4.csv. stats: fig4_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    shares = sorted(data["share"].unique())
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.6)
        grid = figure.subplots(2, max(len(shares), 1), squeeze=False, sharex=True, sharey="row")
        scale = None
        for row, top in enumerate(TOPS):
            for column, axes in enumerate(grid[row]):
                shown = data[data["share"] == shares[column]] if shares else data
                # The lower row magnifies: what lies above it stands in the upper one.
                part = shown[shown["test_loss"] < top] if row else shown
                p = int(data["p"].iloc[0]) if len(data) else None
                scale = sweep_panels.loss_by_dimension(axes, part, top, p) or scale
                if row == 0 and len(shown):
                    axes.set_title(f"step {shown['step'].max():,}")
        for axes in grid[-1]:
            axes.set_xlabel("embedding dimension d")
        for axes, what in zip(grid[:, 0], ("test loss (nats)", "test loss below 1"), strict=True):
            axes.set_ylabel(what)
        if scale is not None:
            bar = figure.colorbar(scale, ax=grid, shrink=0.8, aspect=35, pad=0.02)
            bar.set_label("test accuracy")
        figure.suptitle(_finding(statistics), fontsize=6.5, color="0.2")
        style.save(figure, out_figure, read_provenance(stats))


def _finding(statistics: Statistics) -> str:
    drop = statistics[Frozen.TRANSITION_D]
    above, below = (statistics[Frozen.of(f"loss_ratio_{name}")] for name in ("large", "small"))
    return (
        f"paper: a drop at d = {drop['paper']:g} (line: d = p); ours: at d ="
        f" {printed(drop, 0)}\n"
        "median loss at the last step over that of medium d: large d"
        f" {printed(above)}, small d {printed(below)}"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig4(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
