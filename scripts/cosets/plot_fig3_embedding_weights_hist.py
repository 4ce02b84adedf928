"""Figure 3: entries of the tables of numbers, in small batches and in full batch."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.population_panels import networks_of, said
from fittest.store import read_provenance, read_table

PANELS = (("pop91", "batches of n, the bin at zero left out"), ("full91", "full batch"))


def plot_fig3(bins: str, weights: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure from fig3.csv and weights.parquet; out_figure is the PDF."""
    data, found = pd.read_csv(bins), read_table(weights)
    last = found[found["share"] == 1]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.9)
        tails = ", ".join(
            f"{said(last, 'over_one', 4, runset=name)} {what}"
            for name, what in (
                ("pop91", "in batches"),
                ("full91", "in full batch"),
                ("pop91_long", "in batches and four times as long"),
            )
        )
        heading(
            figure,
            "Do small batches leave heavy tails in the tables of numbers?",
            f"share of entries over 1 is about {paper['over_one_small']:g} in batches, below"
            f" {paper['over_one_full']:g} in full batch; {paper['near_zero']:g} of them near zero",
            f"{tails}; near zero {said(last, 'near_zero', 3, runset='pop91')} in batches",
        )
        for axes, letter, (name, title) in zip(figure.subplots(1, 2), "ab", PANELS, strict=True):
            _histogram(axes, data[data["runset"] == name], name == "pop91")
            panels.panel_title(axes, letter, title, networks_of(last, runset=name))
        style.save(figure, out_figure, read_provenance(weights))


def _histogram(axes: Axes, rows: pd.DataFrame, without_zero: bool) -> None:
    if int(rows["entries"].sum()) == 0:
        panels.empty(axes, "no networks")
        return
    shown = rows[rows["centre"] != 0] if without_zero else rows
    axes.bar(shown["centre"], shown["share"], width=0.05, color=style.OURS)
    used = rows.loc[rows["entries"] > 0, "centre"].abs().max()
    axes.set_xlim(-used - 0.1, used + 0.1)
    axes.set_yscale("log")
    axes.set_xlabel("entry (bins of 0.05)")
    axes.set_ylabel("share of entries")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig3(
            bins=snakemake.input.bins,
            weights=snakemake.input.weights,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
