"""Figure 2: embeddings of XOR before and after training, and where the learned cube stood among
all arrangements at the start."""

from typing import Any

import pandas as pd

from fittest.plotting import panels, style
from fittest.plotting.completeness_panels import rank_histogram
from fittest.store import read_provenance, read_table

DIGITS = 3


def plot_fig2(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig2.csv. stats: xor_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table, dtype={"neighbours": str})
    statistics = {row["name"]: row for row in read_table(stats).to_dict("records")}
    tokens = data[data["panel"] == "tokens"]
    models = sorted(tokens["model"].unique()) if len(tokens) else []
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.9)
        left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1.0])
        if not models:
            panels.empty(left.subplots(), "no run ended well")
        else:
            grid = left.subplots(len(models), 2, squeeze=False, subplot_kw={"projection": "3d"})
            for row, model in enumerate(models):
                own = data[data["model"] == model]
                told = own[own["panel"] == "learned"].iloc[0]
                for axes, stage in zip(grid[row], ("initial", "final"), strict=True):
                    _cube(axes, own, stage)
                grid[row][0].set_title(
                    f"model {int(model)}, seed {int(told['seed'])}: before training", fontsize=6.8
                )
                beside = told["neighbours"].replace(" ", ", ")
                grid[row][1].set_title(f"after training\n000 beside {beside}", fontsize=6.8)
        axes = right.subplots()
        rank_histogram(axes, data, statistics, "xor", "g", "arrangements", "cube learned")
        if models:
            axes.set_ylabel(
                f"arrangements of {int(data['arrangements'].sum())}\n(28 cubes, each six times)"
            )
        panels.panel_title(axes, "b", "all arrangements before training")
        left.suptitle(r"$\mathbf{a}$  tokens on three principal components", fontsize=8)
        style.save(figure, out_figure, read_provenance(stats))


def _cube(axes: Any, own: pd.DataFrame, stage: str) -> None:
    """Tokens with the edges of the cube that the model learned, at both stages."""
    part = own[(own["panel"] == "tokens") & (own["stage"] == stage)].set_index("token")
    for edge in own[own["panel"] == "edges"].itertuples():
        ends = part.loc[[int(edge.first), int(edge.second)]]
        axes.plot(ends["x"], ends["y"], ends["z"], color="0.35", lw=0.8)
    colours = style.TOKENS(part.index.to_numpy(float) / (2**DIGITS - 1))
    axes.scatter(part["x"], part["y"], part["z"], c=colours, s=10, depthshade=False)
    for token, row in part.iterrows():
        axes.text(row["x"], row["y"], row["z"], f" {int(token):0{DIGITS}b}", fontsize=5.5)
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set(facecolor="white", edgecolor="0.9")
        axis.set_ticklabels([])
        axis.set_tick_params(length=0)
    axes.set_xlabel("PC 1", labelpad=-14, fontsize=5.5)
    axes.set_ylabel("PC 2", labelpad=-14, fontsize=5.5)
    axes.set_zlabel("PC 3", labelpad=-14, fontsize=5.5)
    axes.set_box_aspect((1, 1, 1), zoom=1.1)


if "snakemake" in globals():
    snakemake = globals()["snakemake"]
    plot_fig2(
        table=snakemake.input.table,
        stats=snakemake.input.stats,
        out_figure=snakemake.output.figure,
    )
