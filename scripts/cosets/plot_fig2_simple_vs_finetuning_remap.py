"""Figure 2: a simple and a fine-tuning neuron, before and after their numbers are remapped."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig2(inputs: Mapping[str, str], out_figure: str) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `members`, `curves`, `spectra` of network C. out_figure: the PDF (a
            PNG goes beside).
    """
    members, curves, spectra = (
        read_table(inputs[name]) for name in ("members", "curves", "spectra")
    )
    simple = members["simple"].astype(bool)
    moved = set(curves.loc[curves["k"] != curves["y"], "neuron"])
    chosen = {
        "simple": _first(members[simple], ["strength"], moved),
        "fine-tuning": _first(members[~simple], ["strong", "strength"], moved),
    }
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.9)
        heading(
            figure,
            "Does an isomorphism turn a neuron into one slow wave?",
            "a simple one becomes a sine with a phase, a fine-tuning one (27, 35 and 19 strongest,"
            " n = 89) half a period of one",
            coset_panels.said_network(members),
            [("no claim judges what a fine-tuning neuron becomes", "0.4")],
        )
        grid = figure.add_gridspec(4, 3, width_ratios=[1, 1, 0.8])
        for number, (kind, one) in enumerate(chosen.items()):
            _neuron(figure, grid, number, kind, one, curves, spectra, moved)
        style.save(figure, out_figure, read_provenance(inputs["members"]))


def _first(members: pd.DataFrame, by: list[str], moved: set[int]) -> pd.DataFrame:
    """The first one by some columns, of those whose numbers remapping moves, if there are any: with
    f = 1 both pictures would be one."""
    ordered = members.assign(moved=members["neuron"].isin(moved))
    return ordered.sort_values(["moved", *by], ascending=False).head(1)


def _neuron(
    figure: Any,
    grid: Any,
    number: int,
    kind: str,
    one: pd.DataFrame,
    curves: pd.DataFrame,
    spectra: pd.DataFrame,
    moved: set[int],
) -> None:
    neuron = int(one["neuron"].iloc[0]) if len(one) else -1
    own, magnitudes = (table[table["neuron"] == neuron] for table in (curves, spectra))
    for line, part in enumerate("ab"):
        row = 2 * number + line
        mine = own[own["part"] == part]
        for column, x in enumerate("ky"):
            axes = figure.add_subplot(grid[row, column])
            coset_panels.part_curve(axes, mine, x, part)
            if column == 0:
                axes.set_ylabel(f"reads of {part}")
            if row == 3:
                axes.set_xlabel("number k" if x == "k" else "number, remapped")
            if line == 0:
                where = f"f = {int(one['f'].iloc[0])}, numbers k" if len(one) else "numbers k"
                if x == "y":
                    stay = " (they stay)" if len(one) and neuron not in moved else ""
                    where = f"numbers remapped{stay}"
                panels.panel_title(axes, "abcd"[2 * number + column], f"{kind}: {where}")
        axes = figure.add_subplot(grid[row, 2])
        spectrum = magnitudes[magnitudes["part"] == part]
        coset_panels.spectrum_bars(axes, spectrum, coset_panels.PARTS[part])
        axes.set_ylabel("|DFT|")
        if line == 0:
            best = spectrum.sort_values("magnitude", ascending=False)["frequency"].head(3)
            said = ", ".join(str(int(f)) for f in best)
            axes.set_title(f"largest: f = {said}" if said else "", fontsize=7, loc="left")
        if row == 3:
            axes.set_xlabel("frequency f")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(
            {name: snakemake.input[name] for name in ("members", "curves", "spectra")},
            snakemake.output.figure,
        )
