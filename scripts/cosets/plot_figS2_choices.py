"""Figure S2: what other choices would give where the paper states none."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance

CLAIMS = ("C01", "C02", "C05", "C06", "C08", "C12", "C13")


def plot_figs2(table: str, summary: str, out_figure: str) -> None:
    """Draw the figure from table1_choices.csv; `summary` gives the provenance."""
    data = pd.read_csv(table)
    known = [name for name in CLAIMS if data[name].notna().any()]
    verdicts = data[known].to_numpy(float)
    first = verdicts[:1]
    moved = [
        name
        for index, name in enumerate(known)
        if np.any(np.isfinite(verdicts[:, index]) & (verdicts[:, index] != first[0, index]))
    ]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        heading(
            figure,
            "Do the verdicts depend on what the paper leaves open?",
            "initial weights, length of training and least size of a cluster are not given",
            f"criteria whose outcome changes with a choice: {', '.join(moved) or 'none'}",
        )
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.2))
        places = np.arange(len(data))[::-1]
        _means(left, data, places)
        _outcomes(right, data, places)
        style.save(figure, out_figure, read_provenance(summary))


def _means(axes: Axes, data: pd.DataFrame, places: np.ndarray) -> None:
    panels.panel_title(axes, "a", "mean number of clusters", "bars: 95 %")
    if data["m"].notna().any():
        axes.hlines(places, data["m_lo"], data["m_hi"], color=style.OURS, lw=1.0)
        axes.plot(data["m"], places, "o", ms=4, color=style.OURS)
    axes.set_yticks(places, data["what"])
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel("clusters")


def _outcomes(axes: Axes, data: pd.DataFrame, places: np.ndarray) -> None:
    panels.panel_title(axes, "b", "criterion of the claim", "filled: it holds; hollow: not")
    for x, name in enumerate(CLAIMS):
        values = data[name].to_numpy(float)
        for y, value in zip(places, values, strict=True):
            if np.isfinite(value):
                colour = style.OURS if value else style.PAPER
                face = colour if value else "none"
                axes.plot(x, y, "o", ms=6, mec=colour, mfc=face)
    axes.set_xticks(range(len(CLAIMS)), CLAIMS)
    axes.set_xlim(-0.6, len(CLAIMS) - 0.4)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figs2(
            table=snakemake.input.table,
            summary=snakemake.input.summary,
            out_figure=snakemake.output.figure,
        )
