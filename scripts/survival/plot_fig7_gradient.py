"""Figure 7: survival by initial gradient, and by initial signal and gradient together."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import style
from fittest.plotting.gradient_panels import (
    found_of_gradients,
    gradient_panels,
    said_of_gradients,
)
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig7(
    table: str, stats: str, classifier: str, out_figure: str, paper: Mapping[str, float]
) -> None:
    """Draw the figure.

    Args:
        table: fig7.csv. stats: gradient_stats.parquet. classifier: classifier.parquet.
        out_figure: the PDF (a PNG goes beside it).
        paper: ``svm_accuracy``, printed if given; ``line_*``, two points of the paper's
            hand-drawn line, drawn if the run has the paper's ``p`` and ``d``.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        heading(
            figure,
            "Do frequencies survive that grow in the first steps, and those that start strong?",
            said_of_gradients(paper),
            found_of_gradients(statistics),
        )
        left, middle, right = figure.subfigures(1, 3, width_ratios=[1.0, 1.25, 1.15])
        gradient_panels((left, middle, right), data, statistics, read_table(classifier), paper)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig7(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            classifier=snakemake.input.classifier,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
