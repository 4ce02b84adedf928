"""Panels of the figures on gradients, collaboration and equations of motion."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from fittest.plotting.panels import empty
from fittest.plotting.style import DEAD, survivor_style


def fate_curves(axes: Axes, table: pd.DataFrame, value: str, legend: bool) -> None:
    """One line per frequency over steps: dead ones grey, survivors coloured by rank.

    Args:
        table: k, rank (0 = dead), step and the column ``value``.
        legend: label the survivors, and the dead once.
    """
    if len(table) == 0:
        empty(axes, "nothing recorded")
        return
    dead = table[table["rank"] == 0]
    for _, curve in dead.groupby("k"):
        axes.plot(curve["step"], curve[value], color=DEAD, alpha=0.3, lw=0.7)
    for rank in sorted(set(table["rank"]) - {0}):
        curve = table[table["rank"] == rank].sort_values("step")
        label = f"k = {int(curve['k'].iloc[0])}" if legend else None
        axes.plot(curve["step"], curve[value], label=label, **survivor_style(int(rank)))
    if legend and len(dead):
        axes.plot([], [], color=DEAD, alpha=0.6, lw=0.7, label="dead")
    if legend and (table["rank"] == 0).all():
        axes.plot([], [], alpha=0, label="no survivors")
