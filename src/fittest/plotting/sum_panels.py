"""Panels of networks on sums of powers: which run is shown, its components, products of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.ticker import MaxNLocator

from fittest.plotting.circuit_panels import wave_bars
from fittest.plotting.panels import empty, note_box, panel_title
from fittest.plotting.style import DIVERGING, OURS, TOKENS

Exponents = tuple[int, int]
NONE = "no run generalises at this scale, so nothing is judged."
ACROSS = 3
"""Networks side by side."""
LETTERS = "abcdefghijkl"
BASES = {"raw": "by numbers", "powered": "by powers"}
"""Basis as tables name it -> as figures do."""


def first_run(table: pd.DataFrame, exponents: Exponents) -> pd.DataFrame:
    """Rows of one run on these exponents: of the largest modulus, and of its first seed."""
    rows = table[(table["a"] == exponents[0]) & (table["b"] == exponents[1])]
    if len(rows) == 0:
        return rows
    rows = rows[rows["p"] == rows["p"].max()]
    return rows[rows["seed"] == rows["seed"].min()]


def places(
    axes: Iterable[Axes], shown: Sequence[Exponents]
) -> Iterator[tuple[int, Axes, Exponents]]:
    """Number, axes and exponents of each network that is shown; axes that are left over are hidden.

    axes: as many as there are networks, or more.
    """
    for number, one in enumerate(axes):
        if number < len(shown):
            yield number, one, shown[number]
        else:
            one.set_axis_off()


def titled(
    axes: Axes, number: int, exponents: Exponents, outcomes: pd.DataFrame, what: str = ""
) -> None:
    """A panel's title: its letter, the sum, `what` is shown of it, and what became of the run."""
    name = f"{name_of(exponents)}{what}"
    panel_title(axes, LETTERS[number], name, outcome_words(outcomes, exponents))


def name_of(exponents: Exponents) -> str:
    """The sum as readers see it."""
    powers = [f"{x}" if n == 1 else f"{x}^{{{n}}}" for x, n in zip("xy", exponents, strict=True)]
    return f"${'+'.join(powers)}$"


def outcome_words(outcomes: pd.DataFrame, exponents: Exponents) -> str:
    """What became of the run that is shown."""
    rows = first_run(outcomes.drop_duplicates("run_id"), exponents)
    if len(rows) == 0:
        return "no run"
    step = float(rows["t_gen"].iloc[0])
    when = f", step {step:,.0f}" if math.isfinite(step) else ""
    return f"{rows['outcome'].iloc[0]}{when}"


def spectrum(axes: Axes, rows: pd.DataFrame, keys: Sequence[int], note: str) -> None:
    """Norms of cosine and sine of each frequency, and a line of what is found.

    rows: k, wave, norm of one run, one table and one basis.
    """
    wave_bars(axes, rows, "norm", keys)
    if len(rows) == 0:
        return
    axes.set_ylim(top=axes.get_ylim()[1] * 1.25)
    note_box(axes, [(note, OURS)], "upper left")


def component_map(axes: Axes, rows: pd.DataFrame) -> QuadMesh | None:
    """Components of an embedding, without the constant, over its dimensions: diverging.

    rows: i, dimension, value.
    """
    part = rows[rows["i"] > 0]
    if len(part) == 0:
        empty(axes, "no run")
        return None
    wide = part.pivot(index="dimension", columns="i", values="value").to_numpy(float)
    limit = float(np.quantile(np.abs(wide), 0.999)) or 1.0
    image = axes.pcolormesh(
        np.arange(wide.shape[1] + 1) / 2 + 0.5,
        np.arange(wide.shape[0] + 1),
        wide,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        rasterized=True,
    )
    axes.spines[:].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_ylabel("dimension")
    return image


def product_map(axes: Axes, rows: pd.DataFrame, constants: bool) -> QuadMesh | None:
    """Norms of products of components; the first operand's to the right.

    rows: i, j, value of one run and one basis. constants: show products with a constant too.
    """
    part = rows if constants else rows[(rows["i"] > 0) & (rows["j"] > 0)]
    if len(part) == 0:
        empty(axes, "no run")
        return None
    wide = part.pivot(index="j", columns="i", values="value").to_numpy(float)
    start = 0.0 if constants else 0.5
    edges = [np.arange(n + 1) / 2 + start for n in wide.shape[::-1]]
    image = axes.pcolormesh(*edges, wide, cmap=TOKENS, vmin=0, rasterized=True)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    for axis, operand in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        axis.set_major_locator(MaxNLocator(4, integer=True))
        axis.set_label_text(f"frequency of {operand}")
    return image


def small_map(axes: Axes, rows: pd.DataFrame, title: str, limits: Any = None) -> None:
    """A table over pairs without ticks, for many side by side. rows: x, y, value."""
    axes.set_title(title, fontsize=6, pad=2, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])
    if len(rows) == 0:
        empty(axes, "")
        return
    wide = rows.pivot(index="y", columns="x", values="value").to_numpy(float)
    low, high = limits or (float(wide.min()), float(wide.max()))
    axes.pcolormesh(wide, cmap=TOKENS, vmin=low, vmax=high, rasterized=True)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
