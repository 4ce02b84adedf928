"""Figure 1: embeddings of remainder equivalence before and after training, and where the learned
order stood among all orders at the start."""

from typing import Any

import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from fittest.analysis.completeness.names import RemainderRuns
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.completeness_panels import learned_by_rank, rank_histogram, ranks_said
from fittest.plotting.heading import heading
from fittest.plotting.loss_panels import thousands
from fittest.store import read_provenance, read_table

# Okabe and Ito's colours and Tol's; the order of remainders means nothing, so neighbours differ.
RESIDUES = (*style.SURVIVORS, style.OURS, "black")


def plot_fig1(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig1.csv. stats: remainder_stats.parquet. out_figure: the PDF (a PNG beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    tokens = data[data["panel"] == "tokens"]
    models = sorted(tokens["model"].unique()) if len(tokens) else []
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.7)
        said, found = ranks_said(statistics, RemainderRuns)
        early = printed(statistics.get(RemainderRuns.SETTLED_SHARE))
        kept = printed(statistics.get(RemainderRuns.KEPT_DISTANCES))
        found += (
            f"; the final order stands from {early} of the training on; distances of centres at"
            f" start and end: Spearman {kept}"
        )
        heading(
            figure,
            "Was the order that a model learned already more complete than others at the start?",
            f"tokens end in a line of clusters; {said}",
            found,
        )
        left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1.0])
        grid = left.subplots(max(len(models), 1), 2, squeeze=False)
        if not models:
            for axes in grid.flat:
                panels.empty(axes, "no run ended well")
        for row, model in enumerate(models):
            told = data[(data["panel"] == "learned") & (data["model"] == model)].iloc[0]
            _model(grid[row], tokens[tokens["model"] == model], told)
        panels.panel_title(grid[0][0], "a", "before training", _counted(models))
        if models:
            _residues(left, grid, int(tokens["residue"].max()) + 1)
        axes, below = right.subplots(2, 1, height_ratios=[1.5, 1.0])
        rank_histogram(axes, data, "f", "orders", "learned by model 1")
        if models:
            number = int(data.loc[data["panel"] == "learned", "total"].iloc[0])
            axes.set_ylabel(f"orders, of {number:,}")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: thousands(y)))
        n = "n = 1 run, model 1 (median rank); exact counts" if models else ""
        panels.panel_title(axes, "b", "all orders before training", n)
        learned_by_rank(below, data, "c", statistics, RemainderRuns)
        style.save(figure, out_figure, read_provenance(stats))


def _counted(models: list[int]) -> str:
    return f"n = {len(models)} of the runs" if models else ""


def _colours(classes: int) -> ListedColormap:
    return ListedColormap(RESIDUES[:classes])


def _model(row: Any, tokens: pd.DataFrame, told: pd.Series) -> None:
    classes = int(tokens["residue"].max()) + 1
    for axes, stage in zip(row, ("initial", "final"), strict=True):
        part = tokens[tokens["stage"] == stage]
        axes.scatter(
            part["x"],
            part["y"],
            c=part["residue"],
            cmap=_colours(classes),
            vmin=-0.5,
            vmax=classes - 0.5,
            s=9,
            linewidths=0,
        )
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel("PC 1 (embedding units)")
    row[0].set_ylabel(f"model {int(told['model'])}, seed {int(told['seed'])}\nPC 2")
    final = tokens[tokens["stage"] == "final"].groupby("residue")[["x", "y"]].mean()
    for residue, place in final.iterrows():
        row[1].annotate(
            f"{int(residue)}",
            (place["x"], place["y"]),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=5.5,
            gid="point",
        )
    row[1].set_title(f"after: {told['order']}", loc="left", fontsize=6.8)


def _residues(figure: Figure, grid: Any, classes: int) -> None:
    edges = BoundaryNorm([r - 0.5 for r in range(classes + 1)], classes)
    bar = figure.colorbar(
        ScalarMappable(edges, _colours(classes)), ax=grid, shrink=0.8, aspect=35, pad=0.02
    )
    bar.set_ticks(range(classes))
    bar.set_label(f"token n mod {classes}")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
