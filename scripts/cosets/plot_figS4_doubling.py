"""Figure S4: which frequencies come together, over all pairs of a network."""

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.population_panels import (
    cell,
    folded_names,
    names_above,
    pairs_once,
    relation_bars,
    said,
)
from fittest.store import read_provenance, read_table

POPULATIONS = ("pop91", "pop89", "pop35", "pop37")
FRACTIONS = {"2": (2, 1), "½": (1, 2)}


def plot_figs4(pairs: str, relations: str, out_figure: str) -> None:
    """Draw the figure from frequency_pairs.csv and relations.parquet."""
    data, found = pd.read_csv(pairs), read_table(relations)
    own = data[data["of"] == "clusters"]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        heading(
            figure,
            "Is a frequency less likely beside its double or its half?",
            "yes",
            f"doubles over the mean of others, in all: {said(found, 'doubling', runset='all')};"
            f" a distance of {cell(found, 'doubling_seen', runset='all'):.2f} from 1 would be seen"
            " four times in five",
        )
        grid = figure.subplots(2, 2, sharey=True)
        names = {}
        for axes, letter, name in zip(grid.flat, "abcd", POPULATIONS, strict=True):
            rows = own[own["runset"] == name]
            n = 2 * int(rows["r"].max()) + 1 if len(rows) else 0
            names[axes] = relation_bars(axes, rows, n, folded_names(n, FRACTIONS), errors=True)
            number = panels.counted(pairs_once(rows), "pair")
            title = f"n = {n}: {said(found, 'doubling', runset=name)}"
            panels.panel_title(axes, letter, title, f"{number}, each counted once; bars: 2 se")
        names_above(names)
        for axes in grid[:, 0]:
            axes.set_ylabel("pairs over mean of others")
        style.save(figure, out_figure, read_provenance(relations))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figs4(
            pairs=snakemake.input.pairs,
            relations=snakemake.input.relations,
            out_figure=snakemake.output.figure,
        )
