"""Panels of the figures on gradients, collaboration and equations of motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.image import AxesImage

from fittest.plotting.panels import empty
from fittest.plotting.style import DEAD, survivor_style

DIVERGING = mpl.colormaps["RdBu_r"]
"""Red and blue differ in hue for all common colour deficiencies, and zero is white."""


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


def matrix_heatmap(axes: Axes, table: pd.DataFrame, limit: float, linear: float) -> AxesImage:
    """Square matrix of effects, diverging around zero; exact zeros are white.

    Args:
        table: i (row, the signal that changes), j (column, the one that acts), value.
        limit: largest |value| of the colour scale. linear: below it the scale is linear.
    """
    matrix = table.pivot(index="i", columns="j", values="value").to_numpy(float)
    size = len(matrix)
    extent = (0.5, size + 0.5, size + 0.5, 0.5)
    norm = SymLogNorm(linthresh=linear, vmin=-limit, vmax=limit, base=10)
    image = axes.imshow(matrix, cmap=DIVERGING, norm=norm, extent=extent, interpolation="nearest")
    ticks = np.unique(np.linspace(1, size, min(size, 5)).round().astype(int))
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set_xlabel("acting frequency j")
    axes.set_ylabel("changing frequency i")
    return image


def heatmap_bar(image: AxesImage, axes: Any, shrink: float) -> None:
    """Colour scale of ``matrix_heatmap`` beside the given axes."""
    limit = float(np.max(image.norm.vmax or 1.0))
    # Two decades on either side: more ticks would crowd around zero.
    ticks = [-limit, -limit / 10, 0.0, limit / 10, limit]
    figure = image.get_figure()
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, shrink=shrink, label="effect per step (symlog)")
    bar.set_ticks(ticks, labels=[f"{tick:.1g}" for tick in ticks], minor=False)
    bar.minorticks_off()


def heatmap_scale(values: pd.Series) -> tuple[float, float]:
    """Largest |value| and the width of the linear part, for ``matrix_heatmap``."""
    limit = float(values.abs().max()) if len(values) else 0.0
    limit = limit if limit > 0 and np.isfinite(limit) else 1.0
    return limit, limit / 100


def printed(row: Mapping[str, Any] | None, digits: int = 2) -> str:
    """A statistic as text: value [interval], or `n.a.`."""
    if row is None or not np.isfinite(row["value"]):
        return "n.a."
    text = f"{row['value']:.{digits}f}"
    if np.isfinite(row["ci_lo"]):
        text += f" [{row['ci_lo']:.{digits}f}, {row['ci_hi']:.{digits}f}]"
    return text
