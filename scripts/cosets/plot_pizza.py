"""Figures 17 and 18: neurons of the pizza model, and the same with their numbers remapped."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.cosets.single_names import Pizza
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table


def plot_pizza(inputs: Mapping[str, str], out_figure: str, clusters: int, remapped: bool) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `members`, `curves`, `spectra`, `logits` of network D,
            and `stats` of all networks. out_figure: the PDF (a PNG goes beside).
        clusters: how many of the largest. remapped: figure 18 in place of 17.
    """
    tables = {name: read_table(path) for name, path in inputs.items()}
    shown = tables["clusters"].sort_values("place").head(clusters)
    statistics = Statistics(tables["stats"])
    rows = max(len(shown), 1)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.45 + 1.35 * rows)
        name = Pizza.ONE_WAVE if remapped else Pizza.NEIGHBOURS
        found = statistics.get(name)
        n = panels.counted(float(found["n"]) if found is not None else 0, "neuron")
        what = "R² of one wave" if remapped else "neurons strong at a and a ± d"
        heading(
            figure,
            "Do neurons of the pizza model become one slow wave?"
            if remapped
            else "Do neurons of the pizza model fire on approximate cosets too?",
            "they look the same as simple neurons"
            if remapped
            else "a cluster of f = 15 at n = 59: strong at a and a ± 4, as 59 / 15 = 3.93",
            coset_panels.said_network(tables["clusters"]),
            [(f"over all networks: {what}, {printed(found)} ({n}){_each(statistics)}", "0.4")],
        )
        columns = 2 if remapped else 3
        # Rows can be compared: what neurons read has one scale, and so have other columns.
        grid = figure.subplots(rows, columns, squeeze=False, sharey="all" if remapped else "col")
        for row in range(rows):
            cluster = shown.iloc[row] if row < len(shown) else None
            _row(grid[row], row, cluster, tables, remapped, row == rows - 1)
        for part, colour in coset_panels.PARTS.items():
            look = {"lw": 2.8, "alpha": 0.45} if part == "a" and not remapped else {"lw": 0.9}
            grid[0, 0].plot([], [], color=colour, label=f"what it reads of {part}", **look)
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(inputs["clusters"]))


def _each(statistics: Statistics) -> str:
    """How far networks differ, and what they are like."""
    least, most, accuracy, steps = (
        statistics.get(name)
        for name in (Pizza.NEIGHBOURS_LEAST, Pizza.NEIGHBOURS_MOST, Pizza.ACCURACY, Pizza.STEPS)
    )
    long = "unknown" if steps is None else f"{float(steps['value']):,.0f}"
    return (
        f"; of one network (neighbours) {printed(least)} to {printed(most)}; {long} steps, test"
        f" accuracy {printed(accuracy, 3)} or more"
    )


def _row(
    axes: Any,
    row: int,
    cluster: pd.Series | None,
    tables: Mapping[str, pd.DataFrame],
    remapped: bool,
    last: bool,
) -> None:
    first, *others = axes
    if cluster is None:
        for each in (first, *others):
            panels.empty(each, coset_panels.NONE)
        return
    place, f = int(cluster["place"]), int(cluster["f"])
    members = tables["members"]
    strongest = int(members[members["place"] == place]["neuron"].iloc[0])
    curves, spectra = (
        table[(table["place"] == place) & (table["neuron"] == strongest)]
        for table in (tables["curves"], tables["spectra"])
    )
    n, step = int(cluster["p"]), int(cluster["step"])
    title = f"f = {f}, {int(cluster['neurons'])} neurons; n / f = {n / f:.2f}, step d = {step}"
    if remapped:
        for part, each in zip("ab", (first, *others), strict=True):
            coset_panels.part_curve(each, curves[curves["part"] == part], "y", part)
            if last:
                each.set_xlabel(f"number of {part}, remapped")
    else:
        for part in "ab":
            own = curves[curves["part"] == part]
            coset_panels.part_curve(first, own, "k", part, below=part == "a")
        coset_panels.spectrum_bars(
            others[0], spectra[spectra["part"] == "a"], coset_panels.PARTS["a"]
        )
        others[0].set_ylabel("|DFT| of a's")
        logits = tables["logits"]
        own = logits[(logits["of"] == "shown") & (logits["place"] == place)]
        pair = own[(own["a"] == own["a"].iloc[0]) & (own["b"] == own["b"].iloc[0])]
        coset_panels.logit_bars(others[1], pair, place)
        if row == 0:
            said = f"cluster's logits, a = {int(pair['a'].iloc[0])}, b = {int(pair['b'].iloc[0])}"
            others[1].set_title(said, fontsize=7, loc="left")
        if last:
            first.set_xlabel("number")
            others[0].set_xlabel("frequency f")
            others[1].set_xlabel("answer k")
    first.set_ylabel("one neuron reads")
    panels.panel_title(first, "abcdefgh"[row], title)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        names = ("clusters", "members", "curves", "spectra", "logits", "stats")
        plot_pizza(
            inputs={name: snakemake.input[name] for name in names},
            out_figure=snakemake.output.figure,
            clusters=snakemake.params.clusters,
            remapped=snakemake.params.remapped,
        )
