"""Figure 2: embeddings of XOR before and after training, and where the learned cube stood among
all arrangements at the start."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.completeness.names import XorRuns
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.completeness_panels import learned_by_rank, rank_histogram, ranks_said
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

DIGITS = 3


def plot_fig2(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig2.csv. stats: xor_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table, dtype={"neighbours": str})
    statistics = Statistics(read_table(stats))
    tokens = data[data["panel"] == "tokens"]
    models = sorted(tokens["model"].unique()) if len(tokens) else []
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        said, found = ranks_said(statistics, XorRuns)
        early = printed(statistics.get(XorRuns.SETTLED_SHARE))
        found += f"; the final cube stands from {early} of the training on"
        heading(
            figure,
            "Was the cube that a model learned already more complete than others at the start?",
            f"tokens end on the corners of a cube; {said}",
            found,
        )
        left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1.0])
        if not models:
            panels.empty(left.subplots(), "no run ended well")
        else:
            grid = left.subplots(len(models), 2, squeeze=False)
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
        axes, below = right.subplots(2, 1, height_ratios=[1.5, 1.0])
        rank_histogram(axes, data, "g", "arrangements", "learned by model 1")
        if models:
            axes.set_ylabel(
                f"arrangements of {int(data['arrangements'].sum())}\n(28 cubes, each six times)"
            )
        n = "n = 1 run, model 1 (median rank)" if models else ""
        panels.panel_title(axes, "b", "all arrangements before training", n)
        learned_by_rank(below, data, "c", statistics, XorRuns)
        left.suptitle(
            rf"$\mathbf{{a}}$  tokens on three principal components, n = {len(models)} of the runs",
            fontsize=8,
        )
        style.save(figure, out_figure, read_provenance(stats))


def _view(points: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Seen from afar, 60 degrees to the left and 30 above: to the right, up, and towards the eye.

    Not Matplotlib's own 3D axes: they round differently from one drawing to the next, so that equal
    input would not give equal bytes.
    """
    turn, rise = np.radians(-60), np.radians(30)
    right = -np.sin(turn) * points["x"] + np.cos(turn) * points["y"]
    away = np.cos(turn) * points["x"] + np.sin(turn) * points["y"]
    return (
        right,
        np.cos(rise) * points["z"] - np.sin(rise) * away,
        (np.cos(rise) * away + np.sin(rise) * points["z"]),
    )


def _cube(axes: Axes, own: pd.DataFrame, stage: str) -> None:
    """Tokens with the edges of the cube that the model learned, at both stages; what is near is
    drawn larger and darker."""
    part = own[(own["panel"] == "tokens") & (own["stage"] == stage)].set_index("token")
    right, up, depth = _view(part)
    near = (depth - depth.min()) / max(float(depth.max() - depth.min()), 1e-12)
    for edge in own[own["panel"] == "edges"].itertuples():
        ends = [int(edge.first), int(edge.second)]
        grey = f"{0.7 - 0.45 * float(near[ends].mean()):.2f}"
        axes.plot(right[ends], up[ends], color=grey, lw=0.9, zorder=1)
    colours = style.TOKENS(part.index.to_numpy(float) / (2**DIGITS - 1))
    axes.scatter(right, up, c=colours, s=10 + 14 * near, zorder=2)
    for token in part.index:
        axes.annotate(
            f"{int(token):0{DIGITS}b}",
            (right[token], up[token]),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=5.5,
            gid="point",
        )
    half = 0.6 * max(np.ptp(right), np.ptp(up))
    axes.set_xlim((right.max() + right.min()) / 2 - half, (right.max() + right.min()) / 2 + half)
    axes.set_ylim((up.max() + up.min()) / 2 - half, (up.max() + up.min()) / 2 + half)
    axes.set_aspect("equal")
    axes.set_axis_off()
    _directions(axes)


def _directions(axes: Axes) -> None:
    """Where the three components point, in the corner."""
    units = pd.DataFrame(np.eye(3), columns=list("xyz"), index=[1, 2, 3])
    right, up, _ = _view(units)
    for number in units.index:
        tip = (14 * right[number], 14 * up[number])
        axes.annotate(
            "",
            xy=tip,
            xytext=(0, 0),
            xycoords=("axes points", "axes points"),
            textcoords=("axes points", "axes points"),
            arrowprops={"arrowstyle": "-", "color": "0.5", "lw": 0.6},
            annotation_clip=False,
        )
        axes.annotate(
            f"PC {number}",
            xy=(1.25 * tip[0], 1.25 * tip[1]),
            xycoords=("axes points", "axes points"),
            fontsize=4.5,
            color="0.4",
            ha="left" if right[number] > 0 else "right",
            va="center",
            annotation_clip=False,
        )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig2(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
