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
from matplotlib.ticker import LogLocator, MaxNLocator

from fittest.plotting.panels import counted, empty, log_steps
from fittest.plotting.style import COMPOSITE, OURS, PAPER, PRIME, RELATIVE_COUNT, TOKENS

LEGEND_HEIGHT = 0.2
"""Inches below the panels for each line of a legend."""
RELATIVE: dict[str, Any] = {
    "color": RELATIVE_COUNT,
    "lw": 0.8,
    "ls": "--",
    "marker": "s",
    "ms": 3.4,
    "mfc": "none",
    "mew": 0.7,
}
COUNTED: dict[str, Any] = {"color": OURS, "lw": 1.2, "marker": "o", "ms": 2.5}
NAMES = {"n_rel": "above ¼ of the strongest", "n_2mean": "authors' rule, 95 % band"}
LOWEST = 1e-9
"""Nats; smaller losses lie on the edge of the panel."""
LIMIT = "most the authors' rule can count"


def count_lines(axes: Axes, table: pd.DataFrame, xlabel: str, show_limit: bool) -> None:
    """Mean number of circles against what varies, with its band, and the relative count beside it.

    Args:
        table: series (``n_2mean`` or ``n_rel``), x, y, y_lo, y_hi, limit, in any order.
        show_limit: draw the most circles that the authors' rule can report.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for series, style in (("n_rel", RELATIVE), ("n_2mean", COUNTED)):
        rows = table[table["series"] == series].sort_values("x")
        axes.plot(rows["x"], rows["y"], label=NAMES[series], **style)
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
            label=LIMIT,
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


def legend_below(figure: Figure, *several: Axes) -> None:
    """One legend of what some panels show, below all, where it hides nothing."""
    found = {
        label: handle
        for axes in several
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    labels, handles = list(found), list(found.values())
    layout = figure.get_layout_engine()
    if not handles or not isinstance(layout, ConstrainedLayoutEngine):
        return
    # Its own strip between the panels and the footer.
    left, bottom, width, height = layout.get()["rect"]
    columns = min(len(labels), 4)
    strip = LEGEND_HEIGHT * -(-len(labels) // columns) / figure.get_figheight()
    layout.set(rect=(left, bottom + strip, width, height - strip))
    legend = figure.legend(
        handles,
        labels,
        loc="lower center",
        ncols=columns,
        bbox_to_anchor=(0.5, bottom),
        borderaxespad=0.2,
    )
    legend.set_in_layout(False)


def count_points(axes: Axes, table: pd.DataFrame) -> None:
    """Mean number of circles by modulus as points with their intervals, primes and composites
    apart, with the line through all runs.

    Args:
        table: as for ``count_lines``, with prime; and the series ``trend``, the ends of the line.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return
    rows = table[table["series"] == "n_rel"].sort_values("x")
    # A line of no width: markers alone, as the same count is marked elsewhere.
    axes.plot(rows["x"], rows["y"], label=NAMES["n_rel"], **{**RELATIVE, "ls": ""})
    limit = table[table["series"] == "n_2mean"].sort_values("x")
    axes.step(limit["x"], limit["limit"], where="mid", color="0.6", lw=0.7, ls=":", label=LIMIT)
    prime = limit["prime"].astype(bool)
    for part, colour, marker, label in (
        (limit[prime], PRIME, "D", "prime p (bars: 95 %)"),
        (limit[~prime], COMPOSITE, "o", "composite p (bars: 95 %)"),
    ):
        if len(part) == 0:
            continue
        axes.vlines(part["x"], part["y_lo"], part["y_hi"], color=colour, lw=0.9)
        axes.plot(part["x"], part["y"], ls="", marker=marker, ms=3.8, color=colour, label=label)
    trend = table[table["series"] == "trend"]
    if len(trend):
        axes.plot(trend["x"], trend["y"], color="black", lw=1.0, label="line through all runs")
    leave_room(axes, table, 1.05)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("modulus p")
    axes.set_ylabel("circles per run, mean")


def runs_of(table: pd.DataFrame) -> str:
    """How many runs a panel of counts shows, and how many each point is the mean of."""
    rows = table[table["series"] == "n_2mean"]
    if len(rows) == 0:
        return "n = 0 runs"
    least, most = int(rows["runs"].min()), int(rows["runs"].max())
    each = f"{least}" if least == most else f"{least} to {most}"
    return f"{counted(int(rows['runs'].sum()), 'run')}, {each} a point"


def loss_by_dimension(
    axes: Axes, table: pd.DataFrame, p: int | None, colour: str = "test_accuracy"
) -> Any:
    """Test loss of each run against d on a logarithmic axis, and the median over the runs of a d.

    Args:
        table: d, test_loss (nats), median_loss (of the runs of that d) and the column ``colour``,
            from 0 to 1; losses below ``LOWEST`` are drawn on the edge.
        p: where the line d = p goes; None for no line.

    Returns:
        What a colour bar needs; None for an empty table.
    """
    axes.set_yscale("log")
    if p is not None:
        axes.axvline(p, color=PAPER, lw=0.9, ls=":", zorder=0)
    if len(table) == 0:
        empty(axes, "no runs here")
        return None
    scale = ScalarMappable(cmap=TOKENS)
    scale.set_clim(0, 1)
    middle = table.drop_duplicates("d").sort_values("d")
    axes.plot(middle["d"], middle["median_loss"].clip(lower=LOWEST), color="0.35", lw=0.9, zorder=1)
    axes.scatter(
        table["d"],
        table["test_loss"].clip(lower=LOWEST),
        c=scale.to_rgba(table[colour].clip(0, 1).to_numpy(float)),
        s=9,
        linewidths=0,
        zorder=2,
    )
    # Numbers between the powers where they alone are in the panel: Matplotlib's own choice.
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
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
