"""Figure 4: which frequencies networks find, and which beside another one."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.population_panels import (
    Name,
    cell,
    frequency_bars,
    names_above,
    ratio_points,
    said,
)
from fittest.store import read_provenance, read_table

MARKED = {7: (14, 42, 43), 2: (1, 4)}
"""Frequency that is there -> those that the paper finds less often then. It prints 43 beside 7,
which is no double or half of it; 42 is."""


def plot_fig4(
    counts: str, conditional: str, relations: str, out_figure: str, paper: Mapping[str, float]
) -> None:
    """Draw the figure from frequency_counts.csv, conditional.parquet and relations.parquet."""
    data, given, found = pd.read_csv(counts), read_table(conditional), read_table(relations)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.4)
        heading(
            figure,
            "Are all frequencies found equally often, and is the double or half of one avoided?",
            f"uniform, {paper['low']:g} to {paper['high']:g} of the networks each; fewer doubles"
            " and halves of a frequency that is there",
            "chi-square over degrees of freedom"
            f" {cell(found, 'dispersion', runset='pop91'):.2f} and"
            f" {cell(found, 'dispersion', runset='pop89'):.2f}; doubles and halves, over the mean"
            f" of others, {said(found, 'doubling', runset='all')} in all populations",
        )
        grid = figure.subplots(2, 2, sharey="row")
        for axes, letter, name in zip(grid[0], "ab", ("pop91", "pop89"), strict=True):
            rows = data[data["runset"] == name]
            panels.panel_title(axes, letter, f"n = {_modulus(rows)}", _networks(rows))
            frequency_bars(axes, rows, "found", (paper["low"], paper["high"]))
        grid[0, 0].set_ylabel("share of networks")
        own = given[(given["runset"] == "pop91") & (given["of"] == "clusters")]
        names_above(
            {
                axes: _given(axes, letter, own[own["given"] == there], there)
                for axes, letter, there in zip(grid[1], "cd", MARKED, strict=True)
            }
        )
        grid[1, 0].set_ylabel("count over mean of others")
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(relations))


def _given(axes: Axes, letter: str, rows: pd.DataFrame, there: int) -> list[Name]:
    networks = int(rows["networks"].iloc[0]) if len(rows) else 0
    panels.panel_title(axes, letter, f"where {there} is there", panels.counted(networks, "network"))
    axes.set_xlabel("frequency f (bars: 95 %)")
    return ratio_points(
        axes, rows, "frequency", {f: str(f) for f in MARKED[there]}, f"no networks with {there}"
    )


def _modulus(rows: pd.DataFrame) -> str:
    return str(int(rows["n"].iloc[0])) if len(rows) else "?"


def _networks(rows: pd.DataFrame) -> str:
    return panels.counted(int(rows["networks"].iloc[0]) if len(rows) else 0, "network")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig4(
            counts=snakemake.input.counts,
            conditional=snakemake.input.conditional,
            relations=snakemake.input.relations,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
