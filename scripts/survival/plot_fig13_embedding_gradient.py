"""Figure 13: Fourier norms of the embedding's raw gradient over training."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fittest.analysis.dynamics.names import EmbeddingGradient
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.dynamics import fate_curves
from fittest.store import read_provenance, read_table

WINDOW = (100, 1000)  # the paper's right panel


def plot_fig13(
    table: str, stats: str, showcase: str, out_figure: str, paper: Mapping[str, float]
) -> None:
    """Draw the figure.

    Args:
        table: fig13.csv. stats: embedding_gradient_stats.parquet. showcase: showcase.json.
        out_figure: the PDF (a PNG goes beside it).
        paper: ``peak_step``, a dotted line; ``gone_step``.
    """
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.7)
        left, right = figure.subplots(1, 2)
        fate_curves(left, data, "value", legend=True)
        near = data[data["step"].between(*WINDOW)]
        fate_curves(right, near, "value", legend=False)
        panels.panel_title(left, "a", f"whole run, seed {choice['seed']}")
        panels.panel_title(right, "b", f"steps {WINDOW[0]} to {WINDOW[1]}")
        if len(data):
            panels.log_steps(left, int(data["step"].max()))
            left.set_ylim(bottom=0, top=1.3 * float(data["value"].max()))
            if "peak_step" in paper:
                peak = paper["peak_step"]
                label = f"paper's spike: {peak:g}"
                left.axvline(peak, color=style.PAPER, ls=":", lw=0.9, label=label)
            left.legend(loc="upper right", fontsize=5.8, handlelength=1.2)
        if len(near):
            right.set_xlim(*WINDOW)
            right.set_ylim(bottom=0)
            right.set_xlabel("training step")
        for axes in (left, right):
            axes.set_ylabel("gradient norm by frequency")
        lines = []
        if "peak_step" in paper and "gone_step" in paper:
            text = f"paper: spike near {paper['peak_step']:g}, gone after {paper['gone_step']:g}"
            lines.append((text, style.PAPER))
        peak_step = printed(statistics.get(EmbeddingGradient.PEAK_STEP), 0)
        ratio = printed(statistics.get(EmbeddingGradient.LATE_RATIO), 3)
        lines += [
            (f"ours, median over runs: peak at step {peak_step},", style.OURS),
            (f"steps 1000 to 1500 over the peak: {ratio}", style.OURS),
        ]
        if len(near):
            for index, (text, colour) in enumerate(lines):
                right.text(
                    0.97,
                    0.95 - 0.07 * index,
                    text,
                    transform=right.transAxes,
                    ha="right",
                    va="top",
                    fontsize=6.3,
                    color=colour,
                )
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig13(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
