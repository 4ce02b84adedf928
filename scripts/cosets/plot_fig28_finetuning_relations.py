"""Figure 28: which fine-tuning frequencies come together."""

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.population_panels import folded_names, ratio_points, relation_bars, said
from fittest.store import read_provenance, read_table

FRACTIONS = {
    "2": (2, 1),
    "½": (1, 2),
    "3": (3, 1),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "3/2": (3, 2),
}
GIVEN = {15: 5, 7: 7}
"""Frequency that is there -> of whose multiples the paper finds more."""


def plot_fig28(conditional: str, pairs: str, relations: str, out_figure: str) -> None:
    """Draw the figure from conditional.parquet, frequency_pairs.csv and relations.parquet."""
    given, found = read_table(conditional), read_table(relations)
    own = given[(given["runset"] == "pop91") & (given["of"] == "bands")]
    together = pd.read_csv(pairs)
    rows = together[(together["runset"] == "pop91") & (together["of"] == "bands")]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.9)
        heading(
            figure,
            "Do frequencies of fine-tuning stand in sums of each other?",
            "where 15 is there, multiples of 5 are more frequent; where 7 is, those of 7",
            f"small multiples over other units: {said(found, 'related', runset='pop91')} at n = 91,"
            f" {said(found, 'related', runset='all')} in all populations",
        )
        grid = figure.subplots(1, 3)
        for axes, letter, (there, multiple) in zip(grid[:2], "ab", GIVEN.items(), strict=True):
            here = own[own["given"] == there]
            networks = int(here["networks"].iloc[0]) if len(here) else 0
            panels.panel_title(
                axes, letter, f"where {there} is there", panels.counted(networks, "network")
            )
            marked = {f: str(f) for f in range(multiple, 46, multiple) if f != there}
            ratio_points(axes, here, "frequency", marked, f"no networks with {there}")
            axes.set_xlabel("frequency f (bars: 95 %)")
            axes.set_ylabel("count over mean of others")
        # The modulus of the run-set: its frequencies go up to half of it.
        n = 2 * int(rows["r"].max()) + 1 if len(rows) else 0
        panels.panel_title(
            grid[2], "c", "all pairs", panels.counted(int(rows["pairs"].sum()), "pair")
        )
        relation_bars(grid[2], rows, folded_names(n, FRACTIONS))
        grid[2].set_ylabel("pairs over mean of others")
        style.save(figure, out_figure, read_provenance(relations))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig28(
            conditional=snakemake.input.conditional,
            pairs=snakemake.input.pairs,
            relations=snakemake.input.relations,
            out_figure=snakemake.output.figure,
        )
