"""Figures 19 to 21: two fine-tuning neurons, their Fourier components, and how few make them up."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

_NAMED = 0.05
"""Of the largest magnitude, from which on a frequency is named."""
SEE = {
    "parts": "What do fine-tuning neurons read of their operands?",
    "spectra": "Do fine-tuning neurons mix several related frequencies?",
    "sums": "Do a few frequencies make up a fine-tuning neuron?",
}
PAPER = {
    "parts": "a cluster of four neurons, n = 91 (seed 133)",
    "spectra": "42, 35, 28, 21, 14 and 7 in descending order",
    "sums": "it is a linear combination of representations",
}
STATISTIC = {
    "spectra": (Single.MIXED, "frequencies of fine-tuning clusters' neurons, median", 1),
    "sums": (Single.FEW, "R² of the six largest, median over fine-tuning neurons", 3),
}


def plot_finetuning(inputs: Mapping[str, str], out_figure: str, spectra: bool, sums: bool) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `sums`, `spectra` of network A, and `stats` of all
            networks. out_figure: the PDF (a PNG goes beside). spectra, sums: figure 20, or 21, in
            place of 19.
    """
    which = "spectra" if spectra else "sums" if sums else "parts"
    clusters, parts, magnitudes = (
        read_table(inputs[name]) for name in ("clusters", "sums", "spectra")
    )
    # A fine-tuning cluster stands last.
    place = int(parts["place"].max()) if len(parts) else -1
    own = parts[parts["place"] == place]
    neurons = list(own["neuron"].drop_duplicates().astype(int))[: 1 if which == "sums" else 2]
    said = coset_panels.said_network(clusters)
    if neurons:
        row = clusters[clusters["place"] == place].iloc[0]
        said += f"; {coset_panels.said_cluster(row)}"
    statistics = Statistics(read_table(inputs["stats"]))
    more = []
    if which in STATISTIC:
        name, text, digits = STATISTIC[which]
        found = statistics.get(name)
        if found is not None:
            more = [(f"{text}: {printed(found, digits)} (n = {int(found['n'])} parts)", "0.4")]
    with style.paper_style():
        ranks = sorted(r for r in own["rank"].unique() if r > 0) if which == "sums" else [0, 0]
        rows = max(len(ranks), 1) if which == "sums" else 2
        figure = style.new_figure(style.PAGE_WIDTH, 1.1 + (0.95 if which == "sums" else 1.3) * rows)
        heading(
            figure, SEE[which], PAPER[which], said if neurons else f"{said}; none is there", more
        )
        grid = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey=True)
        if not neurons:
            for axes in grid.flat:
                panels.empty(axes, "no fine-tuning neuron")
        elif which == "sums":
            _sums(grid, own[own["neuron"] == neurons[0]], neurons[0])
        else:
            _two(grid, neurons, own, magnitudes if spectra else None)
        style.save(figure, out_figure, read_provenance(inputs["clusters"]))


def _two(grid: Any, neurons: list[int], own: pd.DataFrame, magnitudes: pd.DataFrame | None) -> None:
    """Two neurons, what they read or, where there are magnitudes, the spectra of that."""
    for row, neuron in enumerate(neurons):
        for column, part in enumerate("ab"):
            axes = grid[row, column]
            if magnitudes is None:
                _part(axes, own, neuron, part)
            else:
                _spectrum(axes, magnitudes, neuron, part)
            axes.set_title(f"neuron {neuron}: reads of {part}", fontsize=7, loc="left")
    for axes in grid[-1]:
        axes.set_xlabel("number" if magnitudes is None else "frequency (f and n − f are one)")
    for axes in grid[len(neurons) :].flat:
        panels.empty(axes, "no other one")


def _part(axes: Axes, own: pd.DataFrame, neuron: int, part: str) -> None:
    rows = own[(own["neuron"] == neuron) & (own["part"] == part) & (own["rank"] == 0)]
    coset_panels.part_curve(axes, rows, "k", part)
    if part == "a":
        axes.set_ylabel("pre-activation")


def _spectrum(axes: Axes, spectra: pd.DataFrame, neuron: int, part: str) -> None:
    rows = spectra[(spectra["neuron"] == neuron) & (spectra["part"] == part)]
    n = int(rows["p"].iloc[0])
    mirrored = rows.assign(frequency=n - rows["frequency"])
    both = pd.concat([rows, mirrored]).drop_duplicates("frequency")
    coset_panels.spectrum_bars(axes, both, coset_panels.PARTS[part])
    axes.set_xlim(-0.5, n - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.axvline(n / 2, color=style.DEAD, ls=":", lw=0.7)
    best = rows.sort_values("magnitude", ascending=False).head(6)
    top = float(best["magnitude"].max())
    named = best[best["magnitude"] >= _NAMED * top]
    for f, magnitude in zip(named["frequency"], named["magnitude"], strict=True):
        axes.annotate(
            str(int(f)), (f, magnitude), ha="center", va="bottom", fontsize=5.5, gid="point"
        )
    coset_panels.reach(axes, 1.15 * top)
    if part == "a":
        axes.set_ylabel("|DFT|")


def _sums(grid: Any, own: pd.DataFrame, neuron: int) -> None:
    for column, part in enumerate("ab"):
        mine = own[own["part"] == part]
        truth = mine[mine["rank"] == 0].sort_values("k")
        for rank in sorted(mine.loc[mine["rank"] > 0, "rank"].unique()):
            rows = mine[mine["rank"] == rank]
            axes = grid[int(rank) - 1, column]
            axes.plot(truth["k"], truth["value"], color=style.DEAD, lw=1.6, alpha=0.6)
            ordered = rows.sort_values("k")
            axes.plot(ordered["k"], ordered["value"], color=coset_panels.PARTS[part], lw=0.8)
            explained, f = float(ordered["explained"].iloc[0]), int(ordered["frequency"].iloc[0])
            axes.set_title(f"with f = {f}: R² = {explained:.3f}", fontsize=6.3, loc="left", pad=2)
            axes.set_xlim(0, float(truth["k"].max()))
            if part == "a":
                axes.set_ylabel("pre-activation", fontsize=6)
        axes = grid[0, column]
        panels.panel_title(axes, "ab"[column], f"neuron {neuron}, {part}: {axes.get_title('left')}")
        grid[-1, column].set_xlabel("number (grey: the part itself)")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_finetuning(
            inputs={
                name: snakemake.input[name] for name in ("clusters", "sums", "spectra", "stats")
            },
            out_figure=snakemake.output.figure,
            spectra=snakemake.params.spectra,
            sums=snakemake.params.sums,
        )
