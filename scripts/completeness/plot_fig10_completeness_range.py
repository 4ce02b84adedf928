"""Figure 10: least, mean and most complete structure of untrained embeddings, by dimension."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import style, sweep_panels
from fittest.plotting.completeness_panels import range_row
from fittest.store import read_provenance, read_table

SAID = {"minimum": "rises", "mean": "stays", "maximum": "falls"}  # the paper


def plot_fig10(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig10.csv and range_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        first = range_row(figure, data, statistics, SAID)
        first.set_ylabel("completeness\n(over the expected mean)")
        sweep_panels.legend_below(figure, first)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig10(snakemake.input.table, snakemake.input.stats, snakemake.output.figure)
