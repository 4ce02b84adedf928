"""Figure 2: accuracies and losses of the main runs, which grok."""

from collections.abc import Mapping

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.store import read_provenance, read_table


def plot_fig2(curves: str, groups: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        curves: main_curves.csv. groups: a row per setting (Parquet).
        out_figure: the PDF (a PNG goes beside it). paper: its values, by `all.<column of groups>`.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    found = read_table(groups)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.5)
        left, right = figure.subplots(1, 2)
        loss_panels.loss_lines(left, data, ("train accuracy", "test accuracy"), log=False)
        loss_panels.loss_lines(right, data, ("train", "test"), log=True)
        panels.panel_title(left, "a", "accuracy")
        panels.panel_title(right, "b", "loss")
        if len(data):
            left.set_ylabel("share of right answers")
            left.set_ylim(-0.02, 1.05)
            for row in found[found["label"] == "all"].to_dict("records"):
                group = {str(name): value for name, value in row.items()}
                panels.note_box(right, loss_panels.in_words(group, paper, ""), "upper left")
            for axes in (left, right):
                axes.legend(loc="best", frameon=True, framealpha=0.8, edgecolor="none")
        style.save(figure, out_figure, read_provenance(groups))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(
            curves=snakemake.input.curves,
            groups=snakemake.input.groups,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
