"""Figure 3: the final embedding in planes of principal components and of Fourier components."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading

LABELLED = 5  # tokens with their number in each plane


def plot_fig3(table: str, showcase: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig3.csv. showcase: showcase.json. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    choice = json.loads(Path(showcase).read_text())
    columns = max(int(data["plane"].max()) if len(data) else 0, 1)
    limit = 1.12 * data[["x", "y"]].abs().to_numpy().max(initial=1e-6)
    with style.paper_style():
        # The heading needs room for its words, however few the planes.
        width = style.PAGE_WIDTH if columns > 2 else style.COLUMN_WIDTH * 1.4
        height = min(2 * (width / columns) + 1.5, 5.4) if len(data) else 3.0
        figure = style.new_figure(width, height)
        heading(
            figure,
            "Do principal components show the circles as well as Fourier planes do?",
            "they only approximate them",
            _found(data),
            [
                (
                    f"n = 1 run, seed {choice['seed']}, {choice['p']} tokens; numbered: {LABELLED}"
                    " tokens evenly spread along the circle, from 0 on",
                    "0.35",
                )
            ],
        )
        grid = figure.subplots(2, columns, squeeze=False, sharex=True, sharey=True)
        for row, panel in enumerate(("pca", "fft")):
            for column, axes in enumerate(grid[row]):
                plane = data[(data["panel"] == panel) & (data["plane"] == column + 1)]
                panels.token_scatter(axes, plane, choice["p"], limit, numbered=False)
                if len(plane):
                    axes.set_title(_title(plane.iloc[0]), fontsize=6.5)
                    _numbers(axes, plane, choice["p"])
        if len(data) == 0:
            for axes in grid.flat:
                axes.clear()
                panels.empty(axes, "no survivors, no planes")
        else:
            panels.token_colour_bar(figure, grid, choice["p"])
        grid[0][0].set_ylabel("PCA planes\n(embedding units)")
        grid[1][0].set_ylabel("Fourier planes\n(embedding units)")
        style.save(figure, out_figure, choice["provenance"])


def _found(data: pd.DataFrame) -> str:
    if len(data) == 0:
        return ""
    planes = data.drop_duplicates(["panel", "plane"])
    told = [
        f"{name} {', '.join(f'{x:.2f}' for x in planes.loc[planes['panel'] == panel, 'purity'])}"
        for panel, name in (("pca", "PCA planes"), ("fft", "Fourier planes"))
    ]
    return f"share of a plane's power at its frequency: {'; '.join(told)}"


def _numbers(axes: Axes, plane: pd.DataFrame, tokens: int) -> None:
    """Numbers beside five tokens, on the side of the middle of the plane."""
    delta = plane["delta"].iloc[0]
    step = 1 if pd.isna(delta) else int(delta)
    # So many steps of the circle lie between one and the next.
    chosen = {step * round(index * tokens / LABELLED) % tokens for index in range(LABELLED)}
    distances = np.hypot(plane["x"], plane["y"])
    nearest = max(float(distances.min()), 0.4 * float(distances.median()))
    for row in plane[plane["token"].isin(chosen)].itertuples():
        # Inwards, clear of a plane's ragged edge: outside the circle is the edge of the panel.
        size = max(float(np.hypot(row.x, row.y)), 1e-9)
        axes.annotate(
            str(int(row.token)),
            (nearest * row.x / size, nearest * row.y / size),
            xytext=(-7 * row.x / size, -7 * row.y / size),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=6,
            gid="point",
        )


def _title(plane: pd.Series) -> str:
    delta = "none" if pd.isna(plane["delta"]) else f"{plane['delta']:.0f}"
    if plane["panel"] == "pca":
        last = 2 * int(plane["plane"])
        head = f"components {last - 1}, {last}"
        return f"{head}\nmostly k = {plane['k']}, $\\Delta$ = {delta}\npurity {plane['purity']:.2f}"
    head = f"k = {plane['k']}, $\\Delta$ = {delta}"
    return f"{head}\nsignal {plane['signal']:.1f}\npurity {plane['purity']:.2f}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig3(
            table=snakemake.input.table,
            showcase=snakemake.input.showcase,
            out_figure=snakemake.output.figure,
        )
