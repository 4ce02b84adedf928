"""Panels of survival against the initial gradient (figures of both papers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

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
    """Histogram of the gradient by fate, survival rates by gradient at four steps, and survival
    rates by signal and gradient with the lines of linear classifiers: panels a to c.

    Args:
        columns: three subfigures.
        data: the table of the survival paper's figure 7. statistics: by name.
        judged: the classifier's table, empty where there is one fate only.
        paper: ``line_*``, two points of the paper's hand-drawn line, drawn if the run has the
            paper's ``p`` and ``d``.
    """
    left, middle, right = columns
    n = _counted(data)
    _histogram(left.subplots(), data[data["panel"] == "histogram"], n)
    grid = middle.subplots(2, 2, sharey=True)
    for step, axes in enumerate(grid.flat, start=1):
        rates = data[(data["panel"] == "rates") & (data["gradient_step"] == step)]
        _rates(axes, rates, step, statistics)
    middle.supxlabel(f"relative gradient {UNIT}; n as in a;\nbars: 95 % Wilson", fontsize=7.5)
    for axes in grid[:, 0]:
        axes.set_ylabel("survival rate")
    panels.panel_title(grid[0][0], "b", _step(1, statistics), size=6.8)
    _cells(right, data, judged, paper, n)


def said_of_gradients(paper: Mapping[str, float]) -> str:
    """What the paper says; ``svm_accuracy`` printed if given."""
    right = f", right in {paper['svm_accuracy']:.1%}" if "svm_accuracy" in paper else ""
    return (
        "survivors have larger gradients, decay makes all of them negative, the rate rises with the"
        f" gradient at each step; a linear SVM separates the fates{right}"
    )


def found_of_gradients(statistics: Statistics) -> str:
    """Our ranking by gradient, the signs of the gradients, and the classifiers."""
    shares = [statistics.get(Gradient.of(f"negative_{step}")) for step in range(1, 5)]
    below = ", ".join(f"{row['value']:.0%}" for row in shares if row is not None)
    right = [
        f"{name}{_accuracy(statistics, key)}"
        for name, key in (
            ("raw", "accuracy_raw"),
            ("standardised", "accuracy_standardised"),
            ("always saying dead", "majority"),
        )
    ]
    return (
        f"AUC at step 4 {printed(statistics.get(Gradient.AUC_4))}; below 0 at steps 1 to 4:"
        f" {below}; SVM {', '.join(right)}; balanced accuracy raw"
        f" {printed(statistics.get(Classifier.BALANCED_RAW))}, standardised"
        f" {printed(statistics.get(Classifier.BALANCED_STANDARDISED))}"
    )


def _accuracy(statistics: Statistics, name: str) -> str:
    """Share of right answers; that there is none where there is no classifier."""
    row = statistics.get(Classifier.of(name))
    known = row is not None and np.isfinite(row["value"])
    return f" {row['value']:.1%} right" if row is not None and known else " untrained"


def _counted(data: pd.DataFrame) -> str:
    every = data[data["panel"] == "all"]
    if len(every) == 0:
        return "n = 0 runs"
    one = every.iloc[0]
    return f"{panels.counted(one['runs'], 'run')}, {one['n']:,.0f} frequencies"


def _histogram(axes: Axes, bins: pd.DataFrame, n: str) -> None:
    panels.panel_title(axes, "a", "gradient at step 4", n)
    if len(bins) == 0:
        panels.empty(axes, "no runs")
        return
    panels.fate_bars(axes, bins)
    axes.set_xlabel(rf"relative gradient at step 4 {UNIT}")
    axes.xaxis.set_major_formatter(THOUSANDTHS)
    axes.set_ylim(top=float(bins["n"].max()) * 1.3)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.legend(loc="upper right", ncols=2)


def _step(step: int, statistics: Statistics) -> str:
    rho = statistics.get(Gradient.of(f"bins_spearman_{step}"))
    known = rho is not None and np.isfinite(rho["value"])
    return f"step {step}" + (rf", $\rho$ = {printed(rho)}" if known else "")


def _rates(axes: Axes, rates: pd.DataFrame, step: int, statistics: Statistics) -> None:
    # The first one's title is that of the panel.
    axes.set_title("" if step == 1 else _step(step, statistics), loc="left", fontsize=6.8)
    axes.set_ylim(-0.04, 1.04)
    if len(rates) == 0:
        panels.empty(axes, "no bin is\nfull enough")
        return
    panels.rate_bars(axes, rates)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(THOUSANDTHS)


def _cells(
    figure: Any, data: pd.DataFrame, judged: pd.DataFrame, paper: Mapping[str, float], n: str
) -> None:
    axes = figure.subplots()
    panels.panel_title(axes, "c", "by both, and linear SVMs", n)
    cells = data[data["panel"] == "cells"]
    if len(cells) == 0:
        panels.empty(axes, "no cell is full enough")
        return
    boxes = [
        Rectangle((left, low), right - left, high - low)
        for left, right, low, high in cells[["x_lo", "x_hi", "y_lo", "y_hi"]].to_numpy(float)
    ]
    shown = PatchCollection(boxes, facecolors=style.RATES(cells["rate"].to_numpy(float)), lw=0)
    axes.add_collection(shown)
    axes.set_xlim(cells["x_lo"].min(), cells["x_hi"].max())
    axes.set_ylim(cells["y_lo"].min(), cells["y_hi"].max())
    for series, dashes in (("raw", "--"), ("standardised", "-")):
        _boundary(axes, data, series, dashes)
    ends = [f"line_{axis}_{end}" for axis in ("gradient", "signal") for end in (1, 2)]
    if all(name in paper for name in ends) and _alike(data, paper):
        x1, x2, y1, y2 = (paper[name] for name in ends)
        axes.plot([x1, x2], [y1, y2], color=style.PAPER, lw=1.4, label="paper's line, by hand")
    if len(judged) == 0:
        axes.plot([], [], alpha=0, label="no classifier: one fate only")
    scale = ScalarMappable(cmap=style.RATES)
    scale.set_clim(0, 1)
    bar = figure.colorbar(scale, ax=axes, aspect=30, pad=0.02)
    bar.set_label("survival rate of a cell")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.22), fontsize=6, labelspacing=0.3)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(THOUSANDTHS)
    axes.set_xlabel(f"relative gradient at step 4 {UNIT}")
    axes.set_ylabel("initial signal (embedding units)")


def _boundary(axes: Axes, data: pd.DataFrame, series: str, dashes: str) -> None:
    """The line of a classifier; of one that is nowhere in the panel the legend says so."""
    if "series" not in data:
        return
    line = data[(data["panel"] == "line") & (data["series"] == series)]
    if len(line) < 2:
        return
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x = np.linspace(left, right, 200)
    y = np.interp(x, line["grad_rel_4"], line["signal0"])
    inside = bool(((y > bottom) & (y < top)).any())
    label = f"SVM, {series}" + ("" if inside else ": off the panel,\none fate for all")
    # A light edge keeps the line apart from dark cells.
    axes.plot(x, y, color="w", lw=2.2)
    axes.plot(x, y, "k", ls=dashes, lw=1.0, label=label)


def _alike(data: pd.DataFrame, paper: Mapping[str, float]) -> bool:
    """Whether the runs have as many frequencies as the paper's, so that its line means anything."""
    every = data[data["panel"] == "all"]
    return bool(len(every)) and every["k"].iloc[0] == (paper.get("p", 0) - 1) // 2
