"""Panels of networks that sort: accuracies, maps over tokens, arms beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from fittest.plotting import loss_panels
from fittest.plotting.panels import empty
from fittest.plotting.style import DIVERGING, OURS, SURVIVORS

TOKEN, EXACT = OURS, SURVIVORS[1]
"""Share of numbers in their places, and of lists without a mistake."""


def accuracy_lines(axes: Axes, table: pd.DataFrame) -> None:
    """Validation accuracies over steps, thin for each run.

    table: seed, series (token, exact), step, value.
    """
    shown = table[table["series"].isin(("token", "exact"))]
    if len(shown) == 0:
        empty(axes, "no runs")
        return
    for series, colour, name in (("token", TOKEN, "numbers"), ("exact", EXACT, "lists")):
        for index, (_, run) in enumerate(shown[shown["series"] == series].groupby("seed")):
            label = name if index == 0 else None
            axes.plot(run["step"], run["value"], color=colour, lw=0.9, label=label)
    axes.set_xlim(0, max(float(shown["step"].max()), 1))
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(lambda x, _: loss_panels.thousands(x))
    axes.set_xlabel("step")
    axes.set_ylabel("right (share, validation)")


def token_map(axes: Axes, table: pd.DataFrame, diverging: bool) -> AxesImage | None:
    """A matrix over tokens or places as an image, row 0 at the top.

    Args:
        table: row, column, value. diverging: zero is white, both signs reach as far; otherwise
            white is 0 and nothing is negative.

    Returns:
        None, and a note on the axes, where the table is empty.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return None
    matrix = table.pivot(index="row", columns="column", values="value").to_numpy(float)
    if diverging:
        limit = float(np.abs(matrix).max()) or 1.0
        return axes.imshow(
            matrix, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest", aspect="auto"
        )
    return axes.imshow(matrix, cmap="Blues", vmin=0, interpolation="nearest", aspect="auto")


def arm_points(axes: Axes, table: pd.DataFrame, column: str, arms: Sequence[str]) -> None:
    """A point per run by arm, from the top down; infinite ones are left out, and said so.

    table: arm, and the column.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for place, arm in enumerate(arms):
        values = table.loc[table["arm"] == arm, column].to_numpy(float)
        there = values[np.isfinite(values)]
        axes.plot(there, [place] * len(there), "o", ms=4, color=OURS, alpha=0.8)
        if len(there) < len(values):
            text = f"{len(values) - len(there)} of {len(values)} never"
            axes.annotate(
                text,
                (0.98, place),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=6,
                color="0.35",
                # The line of its arm ends at the text, and does not strike it out.
                bbox={"boxstyle": "square,pad=0.1", "color": "white", "lw": 0},
            )
    axes.set_yticks(range(len(arms)), labels=list(arms))
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.grid(axis="y", lw=0.4, color="0.9")
