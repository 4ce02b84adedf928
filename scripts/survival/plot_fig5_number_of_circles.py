"""Figure 5: how many circles survive, by prime modulus and by embedding dimension."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circle_panels, style, sweep_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig5(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig5.csv. stats: fig5_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``runs`` per modulus, ``smallest_d`` and ``largest_d``, printed if given.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        heading(
            figure,
            "Do more circles survive with a larger modulus p, and with a larger dimension d?",
            circle_panels.said_of_counts(paper),
            circle_panels.found_of_counts(statistics),
            [circle_panels.AUTHORS_RULE],
        )
        left, right = figure.subplots(1, 2)
        primes, dims = (data[data["panel"] == name] for name in ("p", "d"))
        circle_panels.by_prime(left, primes, "a")
        circle_panels.by_dimension(right, dims, "b")
        sweep_panels.legend_below(figure, left)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
