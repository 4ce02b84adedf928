"""Figure 8: the least complete structure of untrained embeddings, by dimension."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import style
from fittest.plotting.completeness_panels import range_row
from fittest.store import read_provenance, read_table


def plot_fig8(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig8.csv and range_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.5)
        first = range_row(figure, data, statistics, {"minimum": "rises"})
        first.set_ylabel("least completeness\n(over the expected mean)")
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig8(snakemake.input.table, snakemake.input.stats, snakemake.output.figure)
