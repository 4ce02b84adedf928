"""Figure 3: entries of the tables of numbers, in small batches and in full batch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.population_panels import cell, said
from fittest.store import read_provenance, read_table

PANELS = {
    "batches of n, the bin at zero left out": {
        "pop91": ("as chosen", style.OURS),
        "pop91_long": ("trained longer", style.SURVIVORS[1]),
        "pop91_torch": ("torch's initial weights", style.SURVIVORS[2]),
    },
    "full batch": {
        "full91": ("as chosen", style.OURS),
        "full91_long": ("trained longer", style.SURVIVORS[1]),
    },
}
"""Panel -> run-sets, their names and their colours; the first one is filled."""
_BIN = 0.05


def plot_fig3(bins: str, weights: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure from fig3.csv and weights.parquet; out_figure is the PDF."""
    data, found = pd.read_csv(bins), read_table(weights)
    last = found[found["share"] == 1]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        tails = ", ".join(
            f"{said(last, 'over_one', 4, runset=name)} {what}"
            for name, what in (
                ("pop91", "in batches"),
                ("full91", "in full batch"),
                ("pop91_long", "in batches, trained longer"),
            )
        )
        heading(
            figure,
            "Do small batches leave heavy tails in the tables of numbers?",
            f"share of entries over 1 is about {paper['over_one_small']:g} in batches, below"
            f" {paper['over_one_full']:g} in full batch; {paper['near_zero']:g} of them near zero",
            f"{tails}; near zero {said(last, 'near_zero', 3, runset='pop91')} in batches",
            [("n: as chosen / trained longer / with torch's initial weights", "0.4")],
        )
        # Tails can be compared: both panels have the same axes.
        grid = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, letter, (title, runsets) in zip(grid, "ab", PANELS.items(), strict=True):
            counts = np.nan_to_num([cell(last, "networks", runset=name) for name in runsets])
            numbers = [f"{number:,.0f}" for number in counts]
            panels.panel_title(axes, letter, title, f"n = {' / '.join(numbers)} networks")
            drawn = [
                _histogram(axes, data[data["runset"] == name], "batches" in title, *look, not index)
                for index, (name, look) in enumerate(runsets.items())
            ]
            if not any(drawn):
                panels.empty(axes, "no networks")
                continue
            for edge in (-1, 1):
                axes.axvline(edge, color=style.PAPER, lw=0.8, ls=":", label="±1, the tails begin")
            axes.set_xlabel("entry (bins of 0.05; those at ±3 hold all beyond)")
        grid[0].set_ylabel("share of entries")
        shared_legend(figure, 4)
        style.save(figure, out_figure, read_provenance(weights))


def _histogram(
    axes: Axes, rows: pd.DataFrame, without_zero: bool, name: str, colour: str, filled: bool
) -> bool:
    """One run-set, filled or its outline; whether it has any entries."""
    if int(rows["entries"].sum()) == 0:
        return False
    used = rows.loc[rows["entries"] > 0, "centre"].abs().max()
    rows = rows[rows["centre"].abs() <= used].sort_values("centre")
    seen = rows[(rows["centre"] != 0) | (not without_zero)]
    if filled:
        axes.bar(seen["centre"], seen["share"], width=_BIN, color=colour, alpha=0.75, label=name)
    else:
        # Without a line where a bin has no entry, or is left out.
        shown = rows["share"].where(rows.index.isin(seen.index) & (rows["entries"] > 0))
        axes.step(rows["centre"], shown, where="mid", color=colour, lw=0.9, label=name)
    axes.set_yscale("log")
    return True


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig3(
            bins=snakemake.input.bins,
            weights=snakemake.input.weights,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
