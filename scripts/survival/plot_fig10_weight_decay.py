"""Figure 10: how many circles survive, by weight decay."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import NoDecay, WeightDecay
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.store import read_provenance, read_table


def plot_fig10(
    table: str, stats: str, out_figure: str, small: float, paper: Mapping[str, float]
) -> None:
    """Draw the figure.

    Args:
        table: fig10.csv. stats: fig10_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        small: the weight decay at which the panels part. paper: ``runs`` per value, printed if
            given.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    titles = {"all": "all", "small": f"below {small:g}", "large": f"{small:g} and more"}
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        row = figure.subplots(1, 3)
        for axes, letter, (panel, title) in zip(row, "abc", titles.items(), strict=True):
            part = data[data["panel"] == panel]
            sweep_panels.count_lines(axes, part, "weight decay", show_limit=False)
            panels.panel_title(axes, letter, title)
            if len(part):
                axes.set_xlim(left=0)
        sweep_panels.legend_below(figure, row[0])
        figure.suptitle(_finding(statistics, paper), fontsize=6.5, color="0.2")
        style.save(figure, out_figure, read_provenance(stats))


def _finding(statistics: Statistics, paper: Mapping[str, float]) -> str:
    thin, bold = (statistics[WeightDecay.of(f"spearman_{name}")] for name in ("n_rel", "n_2mean"))
    step = statistics[WeightDecay.MEAN_LAST_STEP]["value"]
    runs = f", {paper['runs']:g} runs each" if "runs" in paper else ""
    alive, accuracy = (statistics[NoDecay.of(name)] for name in ("n_rel", "test_accuracy"))
    counted = f"counted at step {step:,.0f} on average" if np.isfinite(step) else "no runs"
    return (
        f"paper: falls{runs}\nours: Spearman(decay, circles) = {printed(bold)},"
        f" dashed count {printed(thin)}, n = {bold['n']} runs, {counted}\n"
        f"without decay the paper keeps all frequencies and does not generalise; ours:"
        f" {printed(alive, 1)} above ¼ of the strongest, test accuracy"
        f" {printed(accuracy)}"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig10(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            small=snakemake.params.small,
            paper=snakemake.params.paper,
        )
