"""Figure S10: accuracies and losses of networks that sort."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, sort_panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

SETS = {"sort_fixed": "lists of one length", "sort_variable": "lists of differing lengths"}
"""Run-set -> title of its row."""


def plot_sort_curves(curves: str, runs: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        curves: figS10.csv. runs: sorting_runs.parquet. stats: sorting_stats.parquet. out_figure:
            the PDF (a PNG goes beside it).
    """
    data, table = pd.read_csv(curves), read_table(runs)
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        told = [
            f"{title} {rows[f'sorting.{name}_token']['value']:.3f} of numbers and"
            f" {rows[f'sorting.{name}_exact']['value']:.3f} of lists"
            for (runset, title), name in zip(SETS.items(), ("fixed", "variable"), strict=True)
            if (table["runset"] == runset).any()
        ]
        heading(
            figure,
            "Do networks of one head learn to sort, and as well on lists they never saw?",
            "nearly perfect validation within 50,000 steps; no overfitting",
            f"at best right: {'; '.join(told)}" if told else "no runs",
        )
        grid = figure.subplots(2, 2, squeeze=False)
        for row, (runset, title) in enumerate(SETS.items()):
            part, own = data[data["runset"] == runset], table[table["runset"] == runset]
            left, right = grid[row]
            to = "up to " if len(own) and own["variable"].any() else ""
            longest = f"; {to}{own['length'].max():.0f} numbers" if len(own) else ""
            panels.panel_title(
                left, "ac"[row], title, f"{panels.counted(len(own), 'run')}{longest}"
            )
            number = panels.counted(len(own), "run")
            panels.panel_title(right, "bd"[row], "losses", f"{number}; test: validation")
            sort_panels.accuracy_lines(left, part)
            loss_panels.loss_lines(right, part, ("train", "test"), log=True, room=0.05)
            # Both losses may be one curve: that of training is the wider one below.
            for curve in right.lines:
                if curve.get_color() == loss_panels.TRAIN:
                    curve.set(linewidth=2.4, zorder=1.5)
        shared_legend(figure, 4)
        shown = table[table["runset"].isin(SETS)]
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(shown)})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_sort_curves(
            curves=snakemake.input.curves,
            runs=snakemake.input.runs,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
