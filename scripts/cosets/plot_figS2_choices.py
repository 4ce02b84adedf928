"""Figure S2: what other choices would give where the paper states none."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance


def plot_figs2(table: str, summary: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure from table1_choices.csv; `summary` gives the provenance."""
    data = pd.read_csv(table)
    claims = [name for name in data.columns if re.fullmatch(r"C\d\d", name)]
    known = [name for name in claims if data[name].notna().any()]
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
        _means(left, data, places, paper["m"])
        _outcomes(right, data, places, claims)
        style.save(figure, out_figure, read_provenance(summary))


def _means(axes: Axes, data: pd.DataFrame, places: np.ndarray, paper: float) -> None:
    panels.panel_title(
        axes, "a", "mean number of clusters", f"bars: 95 %; dashed: the paper's ln n = {paper:g}"
    )
    axes.axvline(paper, color=style.PAPER, lw=0.9, ls="--")
    if data["m"].notna().any():
        axes.hlines(places, data["m_lo"], data["m_hi"], color=style.OURS, lw=1.0)
        axes.plot(data["m"], places, "o", ms=4, color=style.OURS)
    networks = data["networks"].fillna(0).astype(int)
    names = [f"{what} ({n:,})" for what, n in zip(data["what"], networks, strict=True)]
    axes.set_yticks(places, names)
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel("clusters (in brackets: networks)")


def _outcomes(axes: Axes, data: pd.DataFrame, places: np.ndarray, claims: Sequence[str]) -> None:
    panels.panel_title(
        axes, "b", "criterion of the claim", "filled: it holds; hollow: not; none: not measured so"
    )
    for x, name in enumerate(claims):
        values = data[name].to_numpy(float)
        for y, value in zip(places, values, strict=True):
            if np.isfinite(value):
                face = style.OURS if value else "none"
                axes.plot(x, y, "o", ms=6, mec=style.OURS, mfc=face)
    axes.set_xticks(range(len(claims)), claims)
    axes.set_xlim(-0.6, len(claims) - 0.4)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figs2(
            table=snakemake.input.table,
            summary=snakemake.input.summary,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
