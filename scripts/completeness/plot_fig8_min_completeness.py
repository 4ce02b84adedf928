"""Figure 8: the least complete structure of untrained embeddings, by dimension."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import style
from fittest.plotting.completeness_panels import BAND, range_found, range_row
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig8(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig8.csv and range_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        heading(
            figure,
            "Is the least complete structure of an untrained embedding more complete in more"
            " dimensions?",
            "the minimum rises with d in all three tasks",
            range_found(statistics, ["minimum"]),
            [(f"The minimum over the mean of its own embedding; {BAND}", "0.35")],
        )
        first = range_row(figure, data, ["minimum"])
        first.set_ylabel("least completeness\n(over the embedding's mean)")
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig8(snakemake.input.table, snakemake.input.stats, snakemake.output.figure)
