"""Figure S8: losses and accuracies of networks on greatest common divisors."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.divisor_panels import SETS, epoch_steps, own_runs, told
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

CURVES = {
    "train": ("trained on", loss_panels.TRAIN),
    "test": ("drawn alike", style.DEAD),
    "equally": ("all divisors equally", loss_panels.TEST),
}
"""Series -> name and colour; of the accuracies too."""


def plot_divisor_losses(curves: str, runs: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        curves: figS8.csv. runs: divisor_runs.parquet. stats: divisor_stats.parquet. out_figure:
            the PDF (a PNG goes beside it).
    """
    data, table = own_runs(pd.read_csv(curves)), own_runs(read_table(runs))
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        heading(
            figure,
            "Do networks on greatest common divisors overfit, or grok?",
            "overfitting throughout, no grokking, on both kinds of numbers",
            told(
                table,
                lambda name: (
                    f"last test loss {rows[f'{name}.overfit']['value']:.2f} times the least, train"
                    f" accuracy up to {rows[f'{name}.train']['value']:.2f}"
                ),
            ),
        )
        grid = figure.subplots(2, len(SETS), squeeze=False, sharey="row")
        for place, (runset, title) in enumerate(SETS.items()):
            part, own = data[data["runset"] == runset], table[table["runset"] == runset]
            top, bottom = grid[0][place], grid[1][place]
            epoch = epoch_steps(own)
            panels.panel_title(top, "ab"[place], title, panels.counted(len(own), "run"))
            number = panels.counted(len(own), "run")
            panels.panel_title(bottom, "cd"[place], f"right answers, {title}", number)
            _lines(top, part, "", epoch)
            _lines(bottom, part, " accuracy", epoch)
            if len(part):
                top.set_ylabel("loss (nats)")
                # One axis for both: as far as the larger.
                top.set_ylim(0, 1.05 * float(data.loc[_plain(data), "value"].max()))
                bottom.set_ylabel("right (share of pairs)")
                bottom.set_ylim(0, 1.05)
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(table)})


def _plain(part: pd.DataFrame) -> pd.Series:
    return part["series"].isin(list(CURVES))


def _lines(axes: Axes, part: pd.DataFrame, kind: str, epoch: float) -> None:
    if len(part) == 0:
        panels.empty(axes, "no runs")
        return
    for series, (name, colour) in CURVES.items():
        for index, (_, run) in enumerate(part[part["series"] == series + kind].groupby("seed")):
            axes.plot(
                run["step"] / epoch,
                run["value"],
                color=colour,
                lw=1.0,
                marker="." if series == "equally" else None,
                ms=3,
                label=name if index == 0 else None,
            )
    axes.set_xlim(0, max(float(part["step"].max()) / epoch, 1))
    axes.set_xlabel("epoch")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_divisor_losses(
            curves=snakemake.input.curves,
            runs=snakemake.input.runs,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
