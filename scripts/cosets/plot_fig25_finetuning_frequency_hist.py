"""Figure 25: which frequencies are fine-tuning."""

from collections.abc import Mapping

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.population_panels import frequency_bars, said
from fittest.store import read_provenance, read_table


def plot_fig25(counts: str, summary: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure from frequency_counts.csv and summary.parquet."""
    data, found = pd.read_csv(counts), read_table(summary)
    last = found[(found["share"] == 1) & (found["subset"] == "all")]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
        heading(
            figure,
            "How often is a frequency one of fine-tuning?",
            f"about {paper['rate']:g} of the networks for each frequency; at most"
            f" {paper['ratio']:g} of simple ones; rarest are f = 22 and 44, and 13, 26, 39",
            f"in the band: {said(last, 'band', 4, runset='pop91')} at n = 91 and"
            f" {said(last, 'band', 4, runset='pop89')} at 89; over simple ones"
            f" {said(last, 'band_ratio', runset='pop91')}",
            [
                (
                    "at n = 91, neurons with three or more in the band alone (points):"
                    f" {said(last, 'band_several', 4, runset='pop91')}; networks with a fine-tuning"
                    f" cluster: {said(last, 'tuned', 3, runset='pop91')}",
                    "0.4",
                )
            ],
        )
        grid = figure.subplots(1, 2, sharey=True)
        for axes, letter, name in zip(grid, "ab", ("pop91", "pop89"), strict=True):
            rows = data[data["runset"] == name]
            networks = int(rows["networks"].iloc[0]) if len(rows) else 0
            title = f"n = {int(rows['n'].iloc[0])}" if len(rows) else "no networks"
            panels.panel_title(axes, letter, title, panels.counted(networks, "network"))
            frequency_bars(axes, rows, "band", (paper["rate"], paper["rate"]))
            if networks:
                several = rows["band_several"] / networks
                look = {"ls": "", "marker": "o", "ms": 2.4, "color": "black", "zorder": 4}
                axes.plot(rows["frequency"], several, label="neurons with three there", **look)
        grid[0].set_ylabel("share of networks")
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(summary))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig25(
            counts=snakemake.input.counts,
            summary=snakemake.input.summary,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
