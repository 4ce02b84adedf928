"""Panels of experiments that vary one thing: counts, losses by dimension, losses over steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from fittest.plotting.panels import empty, log_steps
from fittest.plotting.style import DEAD, OURS, PAPER, SURVIVORS

ACCURACY = "viridis"
LEGEND_HEIGHT = 0.2
"""Inches below the panels for a legend of one line."""
RELATIVE: dict[str, Any] = {"color": DEAD, "lw": 0.8, "ls": "--", "marker": ".", "ms": 2.5}
COUNTED: dict[str, Any] = {"color": OURS, "lw": 1.2, "marker": "o", "ms": 2.5}


def count_lines(axes: Axes, table: pd.DataFrame, xlabel: str, show_limit: bool) -> None:
    """Mean number of circles against what varies, with its band, and the relative count thin.

    Args:
        table: series (``n_2mean`` or ``n_rel``), x, y, y_lo, y_hi, limit, in any order.
        show_limit: draw the most circles that the authors' rule can report.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for series, style, label in (
        ("n_rel", RELATIVE, "above ¼ of the strongest"),
        ("n_2mean", COUNTED, "authors' rule, 95 % band"),
    ):
        rows = table[table["series"] == series].sort_values("x")
        axes.plot(rows["x"], rows["y"], label=label, **style)
        if series == "n_2mean":
            band = rows.dropna(subset=["y_lo", "y_hi"])
            axes.fill_between(band["x"], band["y_lo"], band["y_hi"], color=OURS, alpha=0.2, lw=0)
            # A band between single points would not be seen.
            axes.vlines(band["x"], band["y_lo"], band["y_hi"], color=OURS, lw=0.6)
    if show_limit:
        limit = table[table["series"] == "n_2mean"].sort_values("x")
        axes.step(
            limit["x"],
            limit["limit"],
            where="mid",
            color="0.6",
            lw=0.7,
            ls=":",
            label="most the authors' rule can count",
        )
    leave_room(axes, table, 1.05)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel(xlabel)
    axes.set_ylabel("circles per run, mean")


def leave_room(axes: Axes, table: pd.DataFrame, factor: float) -> None:
    """Make the axis so many times as high as its counts, and show markers at 0 whole."""
    # The limit of the rule may leave the panel: far above the counts it says nothing of them.
    top = factor * float(np.nanmax(table[["y", "y_hi"]].to_numpy(float), initial=1.0))
    axes.set_ylim(-0.03 * top, top)


def legend_below(figure: Figure, axes: Axes) -> None:
    """The legend of one panel for all of them, below, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    layout = figure.get_layout_engine()
    if not handles or not isinstance(layout, ConstrainedLayoutEngine):
        return
    # Its own strip between the panels and the footer.
    left, bottom, width, height = layout.get()["rect"]
    strip = LEGEND_HEIGHT / figure.get_figheight()
    layout.set(rect=(left, bottom + strip, width, height - strip))
    legend = figure.legend(
        handles,
        labels,
        loc="lower center",
        ncols=len(handles),
        bbox_to_anchor=(0.5, bottom),
        borderaxespad=0.2,
    )
    legend.set_in_layout(False)


def mark_primes(axes: Axes, table: pd.DataFrame) -> None:
    """Filled diamonds on the prime moduli of ``count_lines``."""
    rows = table[(table["series"] == "n_2mean") & table["prime"].astype(bool)]
    if len(rows):
        axes.plot(
            rows["x"], rows["y"], ls="", marker="D", ms=3.6, color=SURVIVORS[1], label="prime p"
        )


def loss_by_dimension(axes: Axes, table: pd.DataFrame, top: float, p: int | None) -> Any:
    """Test loss of each run against d, coloured by test accuracy.

    Args:
        table: d, test_loss (nats), test_accuracy; losses above ``top`` are drawn hollow on the
            upper edge.
        top: end of the loss axis. p: where the line d = p goes; None for no line.

    Returns:
        What a colour bar needs; None for an empty table.
    """
    axes.set_ylim(0, top)
    if p is not None:
        axes.axvline(p, color=PAPER, lw=0.9, zorder=0)
    if len(table) == 0:
        note = f"none below {top:g}"
        axes.text(0.5, 0.5, note, transform=axes.transAxes, ha="center", fontsize=7, color="0.35")
        return None
    scale = ScalarMappable(cmap=ACCURACY)
    scale.set_clim(0, 1)
    d, loss = table["d"].to_numpy(float), table["test_loss"].to_numpy(float)
    colours = scale.to_rgba(table["test_accuracy"].to_numpy(float))
    inside = loss <= top
    axes.scatter(d[inside], loss[inside], c=colours[inside], s=9, linewidths=0, clip_on=False)
    axes.scatter(
        d[~inside],
        np.full((~inside).sum(), top),
        facecolors="none",
        edgecolors=list(map(tuple, colours[~inside])),
        s=11,
        linewidths=0.8,
        clip_on=False,
    )
    return scale


def loss_curves(
    axes: Axes,
    table: pd.DataFrame,
    styles: Mapping[str, Mapping[str, Any]],
    ends: tuple[float, float],
) -> None:
    """Test loss over steps on two logarithmic axes, one line per series.

    Args:
        table: series, step, test_loss (nats).
        styles: series -> line properties with a label; others are not drawn.
        ends: of the loss axis; smaller losses lie on the lower one, larger ones raise the upper.
    """
    lowest, highest = ends
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for series, style in styles.items():
        rows = table[table["series"] == series].sort_values("step")
        if len(rows):
            axes.plot(rows["step"], rows["test_loss"].clip(lower=lowest), **style)
    log_steps(axes, int(table["step"].max()))
    axes.set_yscale("log")
    axes.set_ylim(lowest, max(highest, 1.2 * table["test_loss"].max()))
    axes.set_ylabel("test loss (nats)")
