"""Figure 14: how many circles survive, by modulus, primes and others."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circle_panels, style, sweep_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig14(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig14.csv. stats: fig14_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``smallest_p``, ``largest_p``, printed if given.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
        heading(
            figure,
            "Does the number of circles rise with any modulus, and scatter more at composite ones?",
            circle_panels.said_of_moduli(paper),
            circle_panels.found_of_moduli(statistics),
            [circle_panels.AUTHORS_RULE],
        )
        axes = figure.subplots()
        circle_panels.all_moduli(axes, data, "a")
        sweep_panels.legend_below(figure, axes)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig14(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
