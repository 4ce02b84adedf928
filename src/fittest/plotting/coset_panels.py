"""Panels of the cosets paper: neurons as functions of their operands, what clusters add to the
logits, and components of the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.plotting.panels import empty
from fittest.plotting.style import DEAD, OURS, SURVIVORS, TOKENS

NONE = "no network fits"
_NAME = 5.0
"""Points, of the numbers beside points of a scatter."""
_CHARACTER, _LINE = 0.0104, 0.0208
"""Of half a scatter's panel, by point of the font: the width of a character and the height of a
line, at most."""
RIGHT = "#009E73"
"""The right answer, in every panel of logits."""
PARTS = {"a": OURS, "b": SURVIVORS[1]}
"""Colours of what a neuron reads of the first and of the second operand."""
CLUSTERS = tuple(colour for colour in SURVIVORS if colour not in (RIGHT, *PARTS.values()))
"""Colours of clusters by place, none of which means anything else; beyond them dashed."""


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


def reach(axes: Axes, top: float, below: float = 0.0) -> None:
    """Give a panel the y axis from 0, or a share of the axis below it, to at least `top`; of panels
    that share it, the one that needs most decides."""
    high = top if axes.get_autoscaley_on() else max(top, axes.get_ylim()[1])
    axes.set_ylim(-below * high, high or 1.0)


def part_curve(axes: Axes, table: pd.DataFrame, x: str, part: str, below: bool = False) -> None:
    """One part of a neuron.

    Args:
        table: `x` (k, or y once remapped) and value, of one neuron and part. below: broad and
            pale, so that another part on top of it leaves it to be seen.
    """
    if len(table) == 0:
        empty(axes, NONE)
        return
    rows = table.sort_values(x)
    look: dict[str, Any] = {"lw": 0.7, "marker": "o", "ms": 2.0, "markeredgewidth": 0}
    if below:
        look = {"lw": 2.8, "alpha": 0.45}
    axes.plot(rows[x], rows["value"], color=PARTS[part], **look)
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
    reach(axes, 1.05 * float(table["magnitude"].max()))
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
    # Of panels that share this axis, the one that needs most decides.
    kept = axes.get_ylim() if axes.get_autoscaley_on() is False else (np.inf, -np.inf)
    axes.set_ylim(min(low - 0.05 * room, kept[0]), max(high + 0.22 * room, kept[1]))
    axes.plot(
        rows["k"][right],
        np.full(int(right.sum()), 0.93),
        marker="*",
        ms=5.5,
        color=RIGHT,
        ls="none",
        transform=axes.get_xaxis_transform(),
    )
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


def component_scatter(axes: Axes, x: pd.DataFrame, y: pd.DataFrame, period: int | None) -> None:
    """Scores of two components, coloured by number, with the numbers at as many of the points as
    leave each other and the points room.

    Args:
        x, y: k, value. period: of exact cosets, which are then coloured and named in place of
            numbers; None for none.
    """
    if len(x) == 0 or len(y) == 0:
        empty(axes, NONE)
        return
    both = x.merge(y, on="k", suffixes=("_x", "_y"))
    points = both[["value_x", "value_y"]].to_numpy(float)
    named = (both["k"] % period if period else both["k"]).to_numpy(int)
    colours = TOKENS(named / max(float(named.max()), 1.0))
    axes.scatter(points[:, 0], points[:, 1], s=9, c=colours, linewidths=0)
    reach = (1.3 if period else 1.15) * max(float(np.abs(points).max()), 1e-9)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.axhline(0, color=DEAD, lw=0.4, zorder=0)
    axes.axvline(0, color=DEAD, lw=0.4, zorder=0)
    names = sorted(set(named.tolist()))
    size = _NAME * (1.3 if period else 1.0)
    wide = np.array([len(str(k)) for k in names]) * _CHARACTER * size * reach
    boxes = np.stack([wide, np.full(len(names), _LINE * size * reach)], axis=1)
    places = np.array([points[named == k].mean(axis=0) for k in names])
    if period:
        # A coset's name stands outside it, its middle on the ray from the origin.
        away = np.maximum(np.hypot(*places.T), 0.05 * reach)[:, None]
        corners = places * (1 + 0.14 * reach / away) - boxes / 2
    else:
        corners = places + 0.03 * reach
    for index in with_room(corners, boxes, points, 0.02 * reach):
        left, low = corners[index]
        axes.text(left, low, str(names[index]), fontsize=size, color="0.25", va="bottom")


def with_room(
    corners: np.ndarray, sizes: np.ndarray, points: np.ndarray, radius: float
) -> list[int]:
    """Which boxes lie on no point and on none of those taken before them.

    Args:
        corners, sizes: (m, 2), the lower left ones, and width and height. points: (n, 2), the
            middles of marks of a radius.
    """
    taken: list[int] = []
    ends = corners + sizes
    for index, (low, high) in enumerate(zip(corners, ends, strict=True)):
        on_point = ((points > low - radius) & (points < high + radius)).all(axis=1).any()
        on_other = any((low < ends[i]).all() and (corners[i] < high).all() for i in taken)
        if not on_point and not on_other:
            taken.append(index)
    return taken
