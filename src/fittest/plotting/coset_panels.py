"""Panels of the cosets paper: neurons as functions of their operands, what clusters add to the
logits, and components of the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.plotting.panels import empty
from fittest.plotting.style import DEAD, OURS, SURVIVORS

NONE = "no network fits"
RIGHT = "#009E73"
"""The right answer, in every panel of logits."""
CLUSTERS = tuple(colour for colour in SURVIVORS if colour != RIGHT)
"""Colours of clusters by place; beyond them dashed."""
PARTS = {"a": OURS, "b": SURVIVORS[1]}
"""Colours of what a neuron reads of the first and of the second operand."""


def cluster_style(place: int) -> dict[str, Any]:
    """Colour and line of the cluster at that place; black for all of them together."""
    if place < 0:
        return {"color": "black", "linestyle": "-"}
    turn, index = divmod(place, len(CLUSTERS))
    return {"color": CLUSTERS[index], "linestyle": "-" if turn == 0 else "--"}


def said_cluster(row: Any, size: bool = True) -> str:
    """`cluster 0: f = 35, 14 neurons`, and whether it is a fine-tuning one."""
    text = f"cluster {int(row['place'])}: f = {int(row['f'])}"
    if size:
        text += f", {int(row['neurons'])} neurons"
    return text + (", fine-tuning" if bool(row["fine_tuning"]) else "")


def said_network(table: pd.DataFrame) -> str:
    """Which network a table shows, and which demands on it were relaxed."""
    if len(table) == 0:
        return NONE
    row = table.iloc[0]
    text = f"one network, {row['runset']} seed {int(row['seed'])}, n = {int(row['p'])}"
    return text + (f"; relaxed: {row['relaxed']}" if row["relaxed"] else "")


def frequencies_of(clusters: pd.DataFrame) -> str:
    """The frequencies of all clusters by their place."""
    return ", ".join(str(int(f)) for f in clusters.sort_values("place")["f"])


def numbers_axis(axes: Axes, n: int, label: str) -> None:
    """The numbers 0 to n - 1."""
    axes.set_xlim(-0.5, n - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel(label)


def part_curve(axes: Axes, table: pd.DataFrame, x: str, part: str) -> None:
    """One part of a neuron.

    Args:
        table: `x` (k, or y once remapped) and value, of one neuron and part.
    """
    if len(table) == 0:
        empty(axes, NONE)
        return
    rows = table.sort_values(x)
    axes.plot(rows[x], rows["value"], color=PARTS[part], lw=0.7, marker="o", ms=1.3)
    axes.axhline(0, color=DEAD, lw=0.4, zorder=0)
    axes.set_xlim(-0.5, float(rows[x].max()) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def spectrum_bars(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """|DFT| by frequency.

    Args:
        table: frequency, magnitude.
    """
    if len(table) == 0:
        empty(axes, NONE)
        return
    axes.bar(table["frequency"], table["magnitude"], 0.8, color=colour)
    axes.set_xlim(0, float(table["frequency"].max()) + 1)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def logit_bars(axes: Axes, table: pd.DataFrame, place: int) -> None:
    """What a cluster, or the network, says of each answer for one pair; the right one is green and
    has a star above it.

    Args:
        table: k, right, value.
    """
    if len(table) == 0:
        empty(axes, NONE)
        return
    rows = table.sort_values("k")
    middle = rows["value"] - rows["value"].mean()
    right = rows["right"].astype(bool).to_numpy()
    colours = np.where(right, RIGHT, str(cluster_style(place)["color"]))
    axes.bar(rows["k"], middle, 0.85, color=list(colours))
    low, high = float(middle.min()), float(middle.max())
    room = (high - low) or 1.0
    axes.set_ylim(low - 0.05 * room, high + 0.22 * room)
    top = np.full(int(right.sum()), high + 0.11 * room)
    axes.plot(rows["k"][right], top, marker="*", ms=5.5, color=RIGHT, ls="none")
    axes.set_xlim(-1, len(rows))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.axhline(0, color="0.3", lw=0.4)


def disturbed_curves(axes: Axes, table: pd.DataFrame, column: str, whole: str) -> None:
    """A line for each cluster, with the lowest and the highest of the draws.

    Args:
        table: place, f, neurons, fine_tuning, x, `column` with `_lo` and `_hi`. whole: the label
            of x.
    """
    if len(table) == 0:
        empty(axes, NONE)
        return
    for place in sorted(table["place"].unique()):
        rows = table[table["place"] == place]
        look = cluster_style(int(place))
        label = said_cluster(rows.iloc[0])
        axes.plot(rows["x"], rows[column], lw=1.0, label=label, **look)
        axes.fill_between(
            rows["x"],
            rows[f"{column}_lo"],
            rows[f"{column}_hi"],
            color=look["color"],
            alpha=0.15,
            lw=0,
        )
    axes.set_xlim(0, float(table["x"].max()))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel(whole)


def component_scatter(
    axes: Axes, x: pd.DataFrame, y: pd.DataFrame, cmap: Any, period: int | None
) -> None:
    """Scores of two components, each number written at its place.

    Args:
        x, y: k, value. period: of exact cosets, which are then coloured and named in place of
            numbers; None for none.
    """
    if len(x) == 0 or len(y) == 0:
        empty(axes, NONE)
        return
    both = x.merge(y, on="k", suffixes=("_x", "_y"))
    xs, ys = both["value_x"], both["value_y"]
    named = both["k"] % period if period else both["k"]
    colours = cmap(named.to_numpy(float) / max(float(named.max()), 1.0))
    axes.scatter(xs, ys, s=5, c=colours, linewidths=0, alpha=0.6)
    places = both.assign(named=named).groupby("named")[["value_x", "value_y"]].mean()
    for k, (left, down) in zip(places.index, places.to_numpy(float), strict=True):
        axes.annotate(
            str(int(k)),
            (left, down),
            xytext=(6, 6) if period else (1.2, 1.2),
            textcoords="offset points",
            fontsize=6.5 if period else 3.6,
            color=colours[int((named == k).to_numpy().argmax())],
            gid="point",
        )
    reach = 1.15 * max(float(xs.abs().max()), float(ys.abs().max()))
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.axhline(0, color=DEAD, lw=0.4, zorder=0)
    axes.axvline(0, color=DEAD, lw=0.4, zorder=0)
