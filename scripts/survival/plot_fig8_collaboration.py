"""Figure 8: the loss with one, two and three circles left in the embedding."""

import json
from pathlib import Path

import pandas as pd
from matplotlib.ticker import MaxNLocator

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Collaboration
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.dynamics import fate_curves
from fittest.store import read_provenance, read_table

PANELS = {
    "one": ("a", "only circle i", 1),
    "two": ("b", "strongest and i", 1),
    "three": ("c", "1st, 3rd and i", 3),
}


def plot_fig8(table: str, stats: str, showcase: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig8.csv. stats: collaboration_stats.parquet. showcase: showcase.json.
        out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    top = max(4.5, 1.02 * float(data["loss_all"].quantile(0.98))) if len(data) else 4.5
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.6)
        row = figure.subplots(1, 3, sharey=True)
        for size, (axes, (name, (letter, title, needed))) in enumerate(
            zip(row, PANELS.items(), strict=True), start=1
        ):
            own = data[data["panel"] == name]
            panels.panel_title(axes, letter, title)
            axes.set_xlabel("training step")
            axes.xaxis.set_major_locator(MaxNLocator(3))
            if len(own) == 0:
                few = len(choice["survivors"])
                panels.empty(axes, f"needs {needed} survivors; this run has {few}")
                continue
            fate_curves(axes, own, "loss_all", legend=size == 1)
            axes.set_ylim(0, min(top * 1.25, 8.0))
            ours = printed(
                statistics.get(Collaboration.of(f"best{size}_loss")), 2 if size < 3 else 4
            )
            lines = [
                ("paper: " + ("fails", "still high", "near 0")[size - 1], style.PAPER),
                (f"ours, best {size} at the end: {ours}", style.OURS),
            ]
            panels.note_box(axes, lines, "upper left")
        row[0].set_ylabel("loss on all pairs (nats)")
        if len(data):
            row[0].legend(loc="lower left", ncols=2, fontsize=5.8, handlelength=1.2)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig8(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
        )
