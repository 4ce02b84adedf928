"""Panels of survival against the initial gradient (figures of both papers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fittest.analysis.dynamics.names import Classifier, Gradient
from fittest.analysis.statistics.table import Statistics, printed
from fittest.plotting import panels, style

UNIT = r"($10^{-3}$)"
THOUSANDTHS = FuncFormatter(lambda value, _: f"{1e3 * value:g}")


def gradient_panels(
    columns: tuple[Any, Any, Any],
    data: pd.DataFrame,
    statistics: Statistics,
    judged: pd.DataFrame,
    paper: Mapping[str, float],
) -> None:
    """Histogram of the gradient by fate, survival rates by gradient at four steps, and signal
    against gradient with its linear classifier: panels a to c.

    Args:
        columns: three subfigures.
        data: the table of the survival paper's figure 7. statistics: by name.
        judged: the classifier's table, empty where there is one fate only.
        paper: ``svm_accuracy``, printed if given; ``line_*``, two points of the paper's
            hand-drawn line, drawn if the run has the paper's ``p`` and ``d``.
    """
    left, middle, right = columns
    _histogram(left.subplots(), data[data["panel"] == "histogram"], statistics)
    grid = middle.subplots(2, 2, sharey=True)
    for step, axes in enumerate(grid.flat, start=1):
        rates = data[(data["panel"] == "rates") & (data["gradient_step"] == step)]
        _rates(axes, rates, step, statistics)
    middle.supxlabel(f"relative gradient {UNIT}", fontsize=7.5)
    for axes in grid[:, 0]:
        axes.set_ylabel("survival rate")
    panels.panel_title(grid[0][0], "b", "step 1")
    _points(right.subplots(), data, judged, statistics, paper)


def _histogram(axes: Axes, bins: pd.DataFrame, statistics: Statistics) -> None:
    panels.panel_title(axes, "a", "gradient at step 4")
    if len(bins) == 0:
        panels.empty(axes, "no runs")
        return
    panels.fate_bars(axes, bins)
    axes.set_xlabel(rf"relative change of the signal {UNIT}")
    axes.xaxis.set_major_formatter(THOUSANDTHS)
    axes.set_ylim(top=float(bins["n"].max()) * 1.45)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.82))
    lines = [
        (f"AUC {printed(statistics.get(Gradient.AUC_4))}", style.OURS),
        ("share below 0 at steps 1-4:", style.OURS),
        (_negative(statistics), style.OURS),
    ]
    panels.note_box(axes, lines, "upper left")


def _negative(statistics: Statistics) -> str:
    shares = [statistics.get(Gradient.of(f"negative_{step}")) for step in range(1, 5)]
    known = ", ".join(f"{row['value']:.0%}" for row in shares if row is not None)
    return known


def _rates(axes: Axes, rates: pd.DataFrame, step: int, statistics: Statistics) -> None:
    # The first one's title is that of the panel.
    axes.set_title("" if step == 1 else f"step {step}")
    axes.set_ylim(-0.04, 1.04)
    if len(rates) == 0:
        panels.empty(axes, "no bin is full enough")
        return
    low, high = rates["rate"] - rates["rate_lo"], rates["rate_hi"] - rates["rate"]
    axes.errorbar(
        rates["x"],
        rates["rate"],
        yerr=[low.clip(lower=0), high.clip(lower=0)],
        fmt="o-",
        ms=2.2,
        lw=0.8,
        elinewidth=0.6,
        color=style.OURS,
    )
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(THOUSANDTHS)
    rho = statistics.get(Gradient.of(f"bins_spearman_{step}"))
    panels.note_box(axes, [(rf"$\rho$ = {printed(rho)}", style.OURS)], "upper left")


def _points(
    axes: Axes,
    data: pd.DataFrame,
    judged: pd.DataFrame,
    statistics: Statistics,
    paper: Mapping[str, float],
) -> None:
    panels.panel_title(axes, "c", "both, and a linear SVM")
    points = data[data["panel"] == "points"]
    if len(points) == 0:
        panels.empty(axes, "no runs")
        return
    alive = points["alive"].astype(str) == "True"
    for rows, colour, size in (
        (points[~alive], style.OURS, 2.0),
        (points[alive], style.ALIVE, 3.0),
    ):
        axes.scatter(
            rows["grad_rel_4"],
            rows["signal0"],
            s=size,
            color=colour,
            alpha=0.5,
            linewidths=0,
            rasterized=True,
        )
    limits = axes.get_xlim(), axes.get_ylim()
    for series, dashes in (("raw", "--"), ("standardised", "-")):
        line = data[(data["panel"] == "line") & (data.get("series") == series)]
        label = f"SVM, {series}{_accuracy(statistics, f'accuracy_{series}')}"
        axes.plot(line["grad_rel_4"], line["signal0"], "k", ls=dashes, lw=1.0, label=label)
    ends = [f"line_{axis}_{end}" for axis in ("gradient", "signal") for end in (1, 2)]
    if all(name in paper for name in ends) and _alike(points, paper):
        x1, x2, y1, y2 = (paper[name] for name in ends)
        axes.plot([x1, x2], [y1, y2], color=style.PAPER, lw=1.2, label="paper's line, by hand")
    axes.set_xlim(limits[0])
    bottom, top = limits[1]
    axes.set_ylim(bottom - 0.02 * (top - bottom), top + 0.42 * (top - bottom))
    axes.scatter([], [], s=6, color=style.ALIVE, label="alive")
    dead = f"dead (always dead{_accuracy(statistics, 'majority')})"
    axes.scatter([], [], s=6, color=style.OURS, label=dead)
    if "svm_accuracy" in paper:
        axes.plot([], [], alpha=0, label=f"paper's SVM: {paper['svm_accuracy']:.1%} right")
    # Lines may cross the room above the points.
    axes.legend(
        loc="upper right",
        fontsize=5.5,
        handlelength=1.3,
        labelspacing=0.3,
        frameon=True,
        framealpha=0.9,
        edgecolor="none",
    )
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(THOUSANDTHS)
    axes.set_xlabel(f"relative gradient at step 4 {UNIT}")
    axes.set_ylabel("initial signal (embedding units)")
    if len(judged) == 0:
        panels.note_box(axes, [("no classifier:\none fate only", "0.35")], "upper left")


def _accuracy(statistics: Statistics, name: str) -> str:
    """Share of right answers, for a label; nothing where there is no classifier."""
    row = statistics.get(Classifier.of(name))
    known = row is not None and np.isfinite(row["value"])
    return f": {row['value']:.1%} right" if row is not None and known else ""


def _alike(points: pd.DataFrame, paper: Mapping[str, float]) -> bool:
    """Whether the runs have as many frequencies as the paper's, so that its line means anything."""
    return bool(points["k"].max() == (paper.get("p", 0) - 1) // 2)
