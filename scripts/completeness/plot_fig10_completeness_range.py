"""Figure 10: least, mean and most complete structure of untrained embeddings, by dimension."""

import pandas as pd

from fittest.analysis.completeness.names import Derived
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import style
from fittest.plotting.completeness_panels import BAND, range_found, range_row
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig10(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig10.csv and range_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
        heading(
            figure,
            "Do the structures of an untrained embedding become alike in more dimensions?",
            "the maximum falls with d, the minimum rises, the mean stays",
            range_found(statistics, ["minimum", "maximum"]),
            [
                (
                    "Minimum and maximum over the mean of their own embedding, the mean over its"
                    f" expectation, so that its band may cross theirs; {BAND}",
                    "0.35",
                ),
                (_checked(statistics), "0.35"),
            ],
        )
        first = range_row(figure, data, ["minimum", "mean", "maximum"])
        first.set_ylabel("completeness (relative)")
        style.save(figure, out_figure, read_provenance(stats))


def _checked(statistics: Statistics) -> str:
    """How exact the forms are by which extremes, means and ranks are computed (claim K11)."""
    row = statistics[Derived.IDENTITIES]
    return (
        "Computed by derived forms, whose largest relative error against all orders and cubes"
        f" written out is {printed(row)} (n = {row['n']} other embeddings)"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig10(snakemake.input.table, snakemake.input.stats, snakemake.output.figure)
