"""Matrices of effects between frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import SymLogNorm

from fittest.plotting.style import ALIVE, DIVERGING


def matrix_heatmap(axes: Axes, table: pd.DataFrame, limit: float, linear: float) -> Collection:
    """Square matrix of effects, diverging around zero; exact zeros are white.

    Args:
        table: i (row, the signal that changes), j (column, the one that acts), value.
        limit: largest |value| of the colour scale. linear: below it the scale is linear.
    """
    whole = table.astype({"i": int, "j": int})
    matrix = whole.pivot(index="i", columns="j", values="value")
    every = max(len(matrix) // 4, 1)
    norm = SymLogNorm(linthresh=linear, vmin=-limit, vmax=limit, base=10)
    image = axes.pcolormesh(matrix.to_numpy(float), cmap=DIVERGING, norm=norm, rasterized=True)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    # A label stands at the middle of its row or column.
    axes.set_xticks(np.arange(0, matrix.shape[1], every) + 0.5, labels=matrix.columns[::every])
    axes.set_yticks(np.arange(0, matrix.shape[0], every) + 0.5, labels=matrix.index[::every])
    axes.set_xlabel("acting frequency j")
    axes.set_ylabel("changing frequency i")
    return image


def mark_survivors(axes: Axes, table: pd.DataFrame, alive: Sequence[int]) -> None:
    """Triangles outside both axes at the rows and columns of the surviving frequencies.

    Args:
        axes: of ``matrix_heatmap``. table: the one that it drew. alive: frequencies.
    """
    shown = sorted(table["i"].astype(int).unique())
    places = [shown.index(k) + 0.5 for k in alive if k in shown]
    look: dict[str, Any] = {"s": 16, "color": ALIVE, "clip_on": False, "linewidths": 0, "zorder": 4}
    # Above the first row and to the right of the last column: ticks have the other two sides.
    above, right = axes.get_xaxis_transform(), axes.get_yaxis_transform()
    axes.scatter(places, [1.03] * len(places), marker="v", transform=above, **look)
    axes.scatter([1.03] * len(places), places, marker="<", transform=right, **look)


def heatmap_bar(image: Collection, axes: Any, shrink: float) -> None:
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
