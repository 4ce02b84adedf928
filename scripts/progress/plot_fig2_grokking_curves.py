"""Figure 2: accuracies and losses of the main runs, which grok."""

from collections.abc import Mapping

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, loss_words, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table


def plot_fig2(
    curves: str, groups: str, out_figure: str, paper: Mapping[str, float], low: float
) -> None:
    """Draw the figure.

    Args:
        curves: main_curves.csv. groups: a row per setting (Parquet).
        out_figure: the PDF (a PNG goes beside it). paper: its values, by `all.<column of groups>`.
        low: the test loss, in nats, whose first step is told.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    found = read_table(groups)
    whole = found[found["label"] == "all"].to_dict("records") if len(found) else []
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        ours, more = "no runs", ""
        for row in whole:
            group = {str(name): value for name, value in row.items()}
            ours = loss_words.our_words(group, paper, "")
            runs = int(row["runs"])
            more = f"step: of the first test loss below {low:g}"
            more += f", median of runs {loss_words.bracketed([runs])}" if runs > 1 else ""
            more += "; thin: runs, bold: their median" if runs >= loss_panels.FEWEST else ""
        heading(
            figure,
            "Do networks generalise long after they know all train pairs?",
            loss_words.paper_words(paper, ""),
            ours,
            [(more, "0.35")] if more else [],
        )
        left, right = figure.subplots(1, 2)
        loss_panels.loss_lines(left, data, ("train accuracy", "test accuracy"), log=False)
        loss_panels.loss_lines(right, data, ("train", "test"), log=True, room=0.06)
        panels.panel_title(left, "a", "accuracy")
        panels.panel_title(right, "b", "loss")
        if len(data):
            left.set_ylabel("share of right answers")
            left.set_ylim(-0.02, 1.05)
            # The same colours as those of the losses, which the legend names.
            for line in left.lines:
                line.set_label("_" + str(line.get_label()))
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(groups))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(
            curves=snakemake.input.curves,
            groups=snakemake.input.groups,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
            low=snakemake.params.low,
        )
