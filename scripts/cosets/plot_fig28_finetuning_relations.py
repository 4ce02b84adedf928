"""Figure 28: which fine-tuning frequencies come together."""

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.population_panels import (
    folded_names,
    names_above,
    pairs_once,
    ratio_points,
    relation_bars,
    said,
)
from fittest.store import read_provenance, read_table

FRACTIONS = {
    "2": (2, 1),
    "½": (1, 2),
    "3": (3, 1),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "3/2": (3, 2),
}
"""Small multiples: those of two of three frequencies of which one is the sum of the others."""
GIVEN = {15: 5, 7: 7}
"""Frequency that is there -> of whose multiples the paper finds more."""


def plot_fig28(conditional: str, pairs: str, relations: str, out_figure: str) -> None:
    """Draw the figure from conditional.parquet, frequency_pairs.csv and relations.parquet."""
    given, found = read_table(conditional), read_table(relations)
    own = given[(given["runset"] == "pop91") & (given["of"] == "bands")]
    together = pd.read_csv(pairs)
    rows = together[(together["runset"] == "pop91") & (together["of"] == "bands")]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        heading(
            figure,
            "Do frequencies of fine-tuning stand in sums of each other?",
            "where 15 is there, multiples of 5 are more frequent; where 7 is, those of 7",
            f"over others, at n = 91: multiples of 5 beside 15, as of every unit,"
            f" {said(found, 'thirds', runset='pop91')}; of 7 beside 7"
            f" {said(found, 'sevens', runset='pop91')}",
            [
                (
                    f"c: small multiples over other units {said(found, 'related', runset='pop91')},"
                    f" in all populations {said(found, 'related', runset='all')}",
                    "0.4",
                )
            ],
        )
        places = figure.add_gridspec(1, 3)
        left = figure.add_subplot(places[0, 0])
        grid = (left, figure.add_subplot(places[0, 1], sharey=left))
        last = figure.add_subplot(places[0, 2])
        names = {}
        for axes, letter, there in zip(grid, "ab", GIVEN, strict=True):
            here = own[own["given"] == there]
            networks = int(here["networks"].iloc[0]) if len(here) else 0
            panels.panel_title(
                axes, letter, f"where {there} is there", panels.counted(networks, "network")
            )
            names[axes] = ratio_points(
                axes, here, "frequency", _marked(there), f"no networks with {there}"
            )
            axes.set_xlabel("frequency f (bars: 95 %)")
        left.set_ylabel("count over mean of others")
        # The modulus of the run-set: its frequencies go up to half of it.
        n = 2 * int(rows["r"].max()) + 1 if len(rows) else 0
        # A network's frequencies come in families: its pairs are not independent of each other.
        names[last] = relation_bars(last, rows, n, folded_names(n, FRACTIONS), errors=False)
        number = panels.counted(pairs_once(rows), "pair")
        panels.panel_title(last, "c", "all pairs of a network", f"{number}, each counted once")
        last.set_ylabel("pairs over mean of others")
        names_above(names)
        style.save(figure, out_figure, read_provenance(relations))


def _marked(there: int) -> dict[int, str]:
    """Names of the frequencies that the paper finds more often beside another one."""
    multiple = GIVEN[there]
    return {f: str(f) for f in range(multiple, 46, multiple) if f != there}


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig28(
            conditional=snakemake.input.conditional,
            pairs=snakemake.input.pairs,
            relations=snakemake.input.relations,
            out_figure=snakemake.output.figure,
        )
