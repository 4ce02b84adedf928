"""Figures 26 and 27: the network with one cluster disturbed, by noise or by removal."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

LABEL = {True: "standard deviation of the noise", False: "neurons taken away"}
NAMES = {"loss": "test loss (nats)", "accuracy": "test accuracy"}


def plot_disturbed(
    inputs: Mapping[str, str], out_figure: str, noise: bool, paper: Mapping[str, float]
) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `table` of network A and `stats` of all networks. out_figure: the
            PDF (a PNG goes beside). noise: figure 26 in place of 27.
        paper: `sigma`, at which the paper judges noise.
    """
    table = read_table(inputs["table"])
    statistics = Statistics(read_table(inputs["stats"]))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.6)
        name = Single.NOISE_LOSS if noise else Single.REMOVAL_RATIO
        found = statistics.get(name)
        n = panels.counted(float(found["n"]) if found is not None else 0, "network")
        what = (
            f"at {paper['sigma']:g} the worst cluster's noise adds {printed(found, 3)} nats,"
            f" {printed(statistics.get(Single.NOISE_RELATIVE))} times the loss without noise"
            if noise
            else "loss without the most important cluster is"
            f" {printed(found, 1)} times that without the least"
        )
        heading(
            figure,
            "Do weights take multiplicative noise without harm?"
            if noise
            else "Does a network need all of its clusters?",
            f"the loss hardly moves at {paper['sigma']:g}"
            if noise
            else "its cluster 0, of f = 35, does the most",
            coset_panels.said_network(table) + ("" if noise else _numbered(table)),
            [(f"over many networks: {what} ({n})", "0.4")],
        )
        order = ("accuracy", "loss") if noise else ("loss", "accuracy")
        grid = figure.subplots(1, 2)
        for letter, column, axes in zip("ab", order, grid, strict=True):
            coset_panels.disturbed_curves(axes, table, column, LABEL[noise])
            axes.set_ylabel(NAMES[column])
            title = NAMES[column].partition(" (")[0]
            panels.panel_title(axes, letter, title, "n = 1 network; bands: least and most of draws")
            if noise and len(table):
                axes.axvline(paper["sigma"], color=style.PAPER, ls=":", lw=0.9)
            if column == "accuracy":
                axes.set_ylim(top=1.02)
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(inputs["table"]))


def _numbered(table: pd.DataFrame) -> str:
    """What the numbers of clusters mean: here their order is not one that is found."""
    return "; clusters are numbered by the loss without them" if len(table) else ""


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_disturbed(
            inputs={name: snakemake.input[name] for name in ("table", "stats")},
            out_figure=snakemake.output.figure,
            noise=snakemake.params.noise,
            paper=snakemake.params.paper,
        )
