"""Figure 3: the final embedding in planes of principal components and of Fourier components."""

import json
from pathlib import Path

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style


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
        width = style.PAGE_WIDTH if columns > 2 else style.COLUMN_WIDTH * 1.2
        height = min(2 * (width / columns) + 0.95, 5.2) if len(data) else 2.6
        figure = style.new_figure(width, height)
        grid = figure.subplots(2, columns, squeeze=False, sharex=True, sharey=True)
        for row, panel in enumerate(("pca", "fft")):
            for column, axes in enumerate(grid[row]):
                plane = data[(data["panel"] == panel) & (data["plane"] == column + 1)]
                panels.token_scatter(axes, plane, choice["p"], limit, numbered=True)
                if len(plane):
                    axes.set_title(_title(plane.iloc[0]), fontsize=6.5)
        if len(data) == 0:
            for axes in grid.flat:
                axes.clear()
                panels.empty(axes, "no survivors, no planes")
        grid[0][0].set_ylabel("PCA planes\n(embedding units)")
        grid[1][0].set_ylabel("Fourier planes\n(embedding units)")
        style.save(figure, out_figure, choice["provenance"])


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
