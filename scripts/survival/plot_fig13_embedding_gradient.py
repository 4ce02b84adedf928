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
from fittest.plotting.heading import End, end_names, heading
from fittest.store import read_provenance, read_table

WINDOW = (100, 1000)  # the paper's right panel
LOWEST = 1e-9  # smaller norms lie on the edge


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
    peak = statistics.get(EmbeddingGradient.PEAK_STEP)
    sampled = statistics.get(EmbeddingGradient.SAMPLED_PEAK_STEP)
    late = printed(statistics.get(EmbeddingGradient.LATE_RATIO), 3)
    known = "peak_step" in paper and "gone_step" in paper
    said = f"a spike near step {paper['peak_step']:g}, gone after {paper['gone_step']:g}"
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        heading(
            figure,
            "When does the gradient of the embedding peak, and when is it gone?",
            said if known else "",
            f"median of {panels.counted(peak['n'] if peak else 0, 'run')}: peak at step"
            f" {printed(peak, 0)}, seen every 100 steps only at step {printed(sampled, 0)}; steps"
            f" 1000 to 1500 over the peak: {late}",
        )
        left, right = figure.subplots(1, 2)
        near = data[data["step"].between(*WINDOW)]
        seed = f"n = 1 run, seed {choice['seed']}"
        for axes, part in ((left, data), (right, near)):
            fate_curves(axes, part.assign(value=part["value"].clip(lower=LOWEST)), "value", False)
        panels.panel_title(left, "a", "whole run", seed)
        panels.panel_title(right, "b", f"steps {WINDOW[0]} to {WINDOW[1]}", seed)
        if len(data):
            panels.log_steps(left, int(data["step"].max()))
            left.set_yscale("log")
            if "peak_step" in paper:
                left.axvline(paper["peak_step"], color=style.PAPER, ls=":", lw=0.9)
                dotted = f"dotted: the paper's step {paper['peak_step']:g}"
                left.set_xlabel(f"{left.get_xlabel()}\n{dotted}")
            end_names(left, _ends(data))
        if len(near):
            last = max(float(near["step"].max()), WINDOW[0] + 1)
            right.set_xlim(WINDOW[0], last)
            right.set_yscale("log")
            right.set_xlabel("training step")
            end_names(right, _ends(near))
        for axes in (left, right):
            axes.set_ylabel("gradient norm by frequency")
        style.save(figure, out_figure, read_provenance(stats))


def _ends(part: pd.DataFrame) -> list[End]:
    """Survivors by name, the dead all together."""
    last = part[part["step"] == part["step"].max()]
    alive = last[last["rank"] > 0]
    ends = [
        (f"k = {int(row.k)}", max(float(row.value), LOWEST), _colour(int(row.rank)))
        for row in alive.itertuples()
    ]
    dead = last[last["rank"] == 0]
    if len(dead):
        ends.append(("dead", max(float(dead["value"].median()), LOWEST), style.DEAD))
    return ends


def _colour(rank: int) -> str:
    return str(style.survivor_style(rank)["color"])


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig13(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
