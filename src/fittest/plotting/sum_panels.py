"""Panels of networks on sums of powers: which run is shown, its components, products of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.ticker import MaxNLocator

from fittest.analysis.statistics.table import printed
from fittest.plotting.circuit_panels import wave_bars
from fittest.plotting.outcome_panels import WORDS
from fittest.plotting.panels import empty, note_box, panel_title
from fittest.plotting.style import DIVERGING, OURS, TOKENS

Exponents = tuple[int, int]
NONE = "no run generalises at this scale, so nothing is judged."
NO_RUN = "no run"
UNBROKEN = "\u00a0"
"""A space at which a heading is not cut."""
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
    axes: Axes,
    number: int,
    exponents: Exponents,
    outcomes: pd.DataFrame,
    networks: pd.DataFrame,
    what: str = "",
) -> None:
    """A panel's title: its letter, the sum, `what` is shown of it, of which step, and what became
    of the run.

    outcomes, networks: outcome and t_gen, and step, of a row per run.
    """
    name = f"{name_of(exponents)}{what}"
    panel_title(axes, LETTERS[number], name, shown_words(networks, outcomes, exponents))


def shown_words(networks: pd.DataFrame, outcomes: pd.DataFrame, exponents: Exponents) -> str:
    """Two lines: of which step the network is that is shown, and what became of it."""
    run = first_run(networks, exponents)
    if len(run) == 0:
        return NO_RUN
    step = float(run["step"].iloc[0])
    return f"n = 1 run, shown at step {step:,.0f}\n{outcome_words(outcomes, exponents)}"


def one_run(outcomes: pd.DataFrame, exponents: Exponents) -> str:
    """That one run is shown, all along, and what became of it."""
    words = outcome_words(outcomes, exponents)
    return words if words == NO_RUN else f"n = 1 run, {words}"


def runs_in(*tables: pd.DataFrame) -> int:
    """How many different runs the rows are of that a figure draws."""
    return len(set().union(*(table["run_id"] for table in tables)))


def drawn(table: pd.DataFrame, shown: Iterable[Exponents]) -> pd.DataFrame:
    """Rows of the first run of each of these sums."""
    found = [part for part in (first_run(table, one) for one in shown) if len(part)]
    return pd.concat(found) if found else table[:0]


def kept(row: Mapping[str, Any] | None, digits: int = 2) -> str:
    """A value and its interval for a heading, which no end of a line tears apart."""
    return printed(row, digits).replace(" ", UNBROKEN)


def bound(row: Mapping[str, Any]) -> str:
    """A least or largest value with n for a heading; a share below 1 does not show as 1."""
    value = float(row["value"])
    if math.isnan(value):
        return "(none)"
    text = f"{value:.3f}"
    text = "above 0.999" if value < 1 and float(text) == 1 else text
    return f"{text} (n = {int(row['n'])})".replace(" ", UNBROKEN)


def name_of(exponents: Exponents) -> str:
    """The sum as readers see it."""
    powers = [f"{x}" if n == 1 else f"{x}^{{{n}}}" for x, n in zip("xy", exponents, strict=True)]
    return f"${'+'.join(powers)}$"


def outcome_words(outcomes: pd.DataFrame, exponents: Exponents) -> str:
    """What became of the run that is shown."""
    rows = first_run(outcomes.drop_duplicates("run_id"), exponents)
    if len(rows) == 0:
        return NO_RUN
    step = float(rows["t_gen"].iloc[0])
    first, *more = WORDS[rows["outcome"].iloc[0]].split(", ")
    at = f" at step {step:,.0f}" if math.isfinite(step) else ""
    return ", ".join([f"{first}{at}", *more])


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
    # As in the spectrum below it.
    axes.set_xlim(0, wide.shape[1] // 2 + 1)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_ylabel("dimension")
    axes.set_xlabel(f"frequency k; colours ±{limit:.2g}")
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


def small_map(
    axes: Axes, rows: pd.DataFrame, title: str, limits: tuple[float, float] | None = None
) -> QuadMesh | None:
    """A table over pairs without ticks, for many side by side; the first operand to the right.

    Args:
        rows: x, y, value. limits: of the colours; None for 0 and the largest value, which is told.
    """
    axes.set_title(title, fontsize=6, pad=2, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])
    if len(rows) == 0:
        empty(axes, "")
        return None
    wide = rows.pivot(index="y", columns="x", values="value").to_numpy(float)
    low, high = limits or (0.0, float(wide.max()) or 1.0)
    if limits is None:
        axes.set_title(f"{title}: to {high:.2g}", fontsize=6, pad=2, loc="left")
    image = axes.pcolormesh(wide, cmap=TOKENS, vmin=low, vmax=high, rasterized=True)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    return image
