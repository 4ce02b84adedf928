"""Figures 8 to 16: a pair of principal components of both tables, and their frequencies."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_pca(
    inputs: Mapping[str, str],
    out_figure: str,
    first: int,
    second: int,
    circular: float,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `scores`, `score_spectra`, `planes` of network A; `stats`.
        out_figure: the PDF (a PNG goes beside). first, second: components, from 1.
        circular: variation of the radius up to which it is a circle.
        paper: `first` and `second`, frequencies of the components in the paper's network.
    """
    scores, spectra, planes = (
        read_table(inputs[name]) for name in ("scores", "score_spectra", "planes")
    )
    parts = [scores[scores["component"] == each] for each in (first, second)]
    plane = planes[(planes["first"] == first) & (planes["second"] == second)]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.7)
        fs = int(paper["first"]), int(paper["second"])
        shape = "a circle" if fs[0] == fs[1] else "no circle"
        statistics = Statistics(read_table(inputs["stats"]))
        same, other = (statistics.get(name) for name in (Single.CIRCLES_SAME, Single.CIRCLES_OTHER))
        heading(
            figure,
            "Are two components of the tables a circle where they have one frequency?",
            f"PC{first} has f = {fs[0]} and PC{second} has f = {fs[1]}: {shape}",
            _found(scores, plane, circular),
            [
                (
                    "over many networks, of pairs of PCs 1 to 6: a circle where f is one"
                    f" {printed(same)} ({_counted(same)}), none elsewhere {printed(other)}"
                    f" ({_counted(other)})",
                    "0.4",
                )
            ],
        )
        grid = figure.add_gridspec(1, 2, width_ratios=[1, 1.25])
        left = figure.add_subplot(grid[0, 0])
        period = _period(plane)
        coset_panels.component_scatter(left, parts[0], parts[1], period)
        for name, axis, part in (
            (first, left.xaxis, parts[0]),
            (second, left.yaxis, parts[1]),
        ):
            if len(part):
                percent = 100 * float(part["explained"].iloc[0])
                axis.set_label_text(f"PC{name}, {percent:.0f} % of the variance")
        colour = f"colour and name: k mod {period}" if period else "colour: k, some are named"
        numbers = panels.counted(len(parts[0]), "number")
        panels.panel_title(left, "a", f"the points (k, k); {colour}", numbers)
        inner = grid[0, 1].subgridspec(2, 1)
        above = None
        for index, (name, part) in enumerate(zip((first, second), parts, strict=True)):
            axes = above = figure.add_subplot(inner[index, 0], sharey=above)
            own = spectra[spectra["component"] == name]
            coset_panels.spectrum_bars(axes, own, style.OURS)
            title = f"PC{name}"
            if len(part):
                percent = 100 * float(part["share"].iloc[0])
                title += f": f = {int(part['f'].iloc[0])}, {percent:.0f} % of its energy"
            panels.panel_title(axes, "bc"[index], title)
            axes.set_ylabel("|DFT|")
            if index:
                axes.set_xlabel("frequency f")
        style.save(figure, out_figure, read_provenance(inputs["scores"]))


def _counted(row: Any) -> str:
    return panels.counted(float(row["n"]) if row is not None else 0, "pair")


def _period(plane: pd.DataFrame) -> int | None:
    """Of the exact cosets of a pair of components; None without any."""
    if not len(plane) or plane["coset_share"].isna().all():
        return None
    n, f = int(plane["p"].iloc[0]), int(plane["f_first"].iloc[0])
    return n // math.gcd(f, n)


def _found(scores: pd.DataFrame, plane: pd.DataFrame, circular: float) -> str:
    said = coset_panels.said_network(scores)
    if not len(plane):
        return said
    row = plane.iloc[0]
    is_it = "a circle" if bool(row["circular"]) else "no circle"
    text = (
        f"{said}; f = {int(row['f_first'])} and f = {int(row['f_second'])}: {is_it}"
        f" (radius varies by {100 * float(row['variation']):.0f} %, limit {100 * circular:.0f} %)"
    )
    if row["coset_share"] == row["coset_share"]:
        return f"{text}; exact cosets explain {100 * float(row['coset_share']):.1f} % of it"
    return f"{text}; no exact cosets"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_pca(
            inputs={
                name: snakemake.input[name]
                for name in ("scores", "score_spectra", "planes", "stats")
            },
            out_figure=snakemake.output.figure,
            first=snakemake.params.first,
            second=snakemake.params.second,
            circular=snakemake.params.circular,
            paper=snakemake.params.paper,
        )
