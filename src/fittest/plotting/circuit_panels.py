"""Panels of circuits: Fourier components, tables over pairs, and what is formed over training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from fittest.plotting.loss_panels import (
    ENDS,
    TEST,
    TRAIN,
    decades,
    least_positive,
    thousands,
)
from fittest.plotting.panels import empty
from fittest.plotting.style import DEAD, DIVERGING, OURS, PAPER, SURVIVORS, TOKENS

RESTRICTED = OURS
EXCLUDED = SURVIVORS[1]
FREQUENCIES = tuple(colour for colour in SURVIVORS if colour not in (TRAIN, TEST))
"""Colours of key frequencies, the same in all figures; none of them is that of a loss."""
# So many that a second turn of the colours gets other ones.
_STROKES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1.5, 1.5, 1.5)))
ROOM = 0.08
"""Above the curves, a share of their range: legends stand outside the panels."""
CUT = 40
"""Numbers of an axis of a table over pairs that are drawn: of more, a period of two or three
numbers is no longer seen."""
DEPTH = 1000
"""Largest over smallest norm of a spectrum's logarithmic colours."""
_LEAST = 1e-12
"""Nats; no axis goes further down."""
WAVES = {"cos": OURS, "sin": SURVIVORS[1]}
LINES: dict[str, dict[str, Any]] = {
    "train_loss": {"color": TRAIN, "label": "train"},
    "test_loss": {"color": TEST, "label": "test"},
    "restricted_loss": {"color": RESTRICTED, "label": "restricted, all pairs"},
    "excluded_loss": {"color": EXCLUDED, "label": "excluded, train pairs"},
    "restricted_test_loss": {"color": RESTRICTED, "ls": ":", "label": "restricted, test pairs"},
    "notebook_loss": {"color": EXCLUDED, "ls": ":", "label": "excluded, as in the notebook"},
    "excluded_largest": {"color": EXCLUDED, "ls": ":", "label": "excluded, largest of single ones"},
    "train_accuracy": {"color": TRAIN, "label": "train"},
    "test_accuracy": {"color": TEST, "label": "test"},
    "restricted_accuracy": {"color": RESTRICTED, "label": "restricted, all pairs"},
    "restricted_train_accuracy": {
        "color": RESTRICTED,
        "ls": ":",
        "label": "restricted, train pairs",
    },
    "gini_embedding": {"color": SURVIVORS[0], "label": "Gini of the embedding"},
    "gini_map": {"color": SURVIVORS[6], "label": "Gini of the neuron-logit map"},
    "squared_weights": {"color": "black", "label": "all parameters"},
}
"""Columns of the measures and how each is drawn, the same in all figures."""


def wave_bars(axes: Axes, table: pd.DataFrame, column: str, keys: Sequence[int]) -> None:
    """Cosine and sine of each frequency side by side; the key frequencies are marked at the lower
    edge, where no bar begins.

    Args:
        table: k, wave, and `column`; the constant is left out.
    """
    rows = table[table["k"] > 0]
    if len(rows) == 0:
        empty(axes, "no components")
        return
    for index, (wave, colour) in enumerate(WAVES.items()):
        part = rows[rows["wave"] == wave]
        axes.bar(part["k"] + 0.4 * index - 0.2, part[column], 0.4, color=colour, label=wave)
    axes.set_xlim(0, float(rows["k"].max()) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    mark(axes, keys)
    axes.set_xlabel("frequency k")


def mark(axes: Axes, places: Sequence[float], sides: bool = False) -> None:
    """Triangles at the lower edge of a panel, outside it; `sides`: at the left edge as well."""
    look: dict[str, Any] = {"color": "black", "s": 7, "clip_on": False, "linewidths": 0}
    outside = [-0.025] * len(places)
    axes.scatter(places, outside, marker="^", transform=axes.get_xaxis_transform(), **look)
    if sides:
        axes.scatter(outside, places, marker=">", transform=axes.get_yaxis_transform(), **look)


def frequency_look(index: int) -> dict[str, Any]:
    """Colour and line of the key frequency of that place among them, in ascending order: neighbours
    are told apart without colours as well, and beyond the palette by their lines."""
    return {
        "color": FREQUENCIES[index % len(FREQUENCIES)],
        "ls": _STROKES[index % len(_STROKES)],
    }


def pair_map(
    axes: Axes, table: pd.DataFrame, limits: tuple[float, float] | None, spectrum: bool
) -> QuadMesh:
    """A table over pairs, its first CUT numbers; the first operand, or its component, to the right.
    A spectrum is whole, in colours that are logarithmic; its constant, which may outshine all else,
    has no part in them.

    Args:
        table: a, b, value (from 0 on). limits: of the colours; None for 0 and the largest value.
            spectrum: the places are Fourier components, not numbers.
    """
    wide = table.pivot(index="b", columns="a", values="value").to_numpy(float)
    if spectrum:
        high = float(np.delete(wide.reshape(-1), 0).max()) or 1.0
        colours: Normalize = LogNorm(high / DEPTH, high, clip=True)
        wide = np.maximum(wide, high / DEPTH)
    else:
        low, high = limits or (0.0, float(wide.max()) or 1.0)
        colours, wide = Normalize(low, high), wide[:CUT, :CUT]
    image = axes.pcolormesh(wide, cmap=TOKENS, norm=colours, rasterized=True)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    for axis, name in ((axes.xaxis, "a"), (axes.yaxis, "b")):
        if spectrum:
            _by_frequency(axis, len(wide), f"frequency k of {name} (cos, sin)")
        else:
            axis.set_major_locator(MaxNLocator(4, integer=True))
            axis.set_label_text(f"operand {name}")
    return image


def _by_frequency(axis: Axis, components: int, label: str) -> None:
    """Components 2k - 1 and 2k, cosine and sine, are named by k, which stands between them."""
    step = max(1, 2 ** round(math.log2(components / 10)))
    axis.set_major_locator(MultipleLocator(2 * step))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 2:g}"))
    axis.set_label_text(label)


def cluster_map(axes: Axes, table: pd.DataFrame) -> QuadMesh:
    """What neurons write by component: diverging around zero.

    Args:
        table: neuron, k, wave, value.
    """
    rows = table.assign(row=2 * table["k"] - (table["wave"] == "cos").astype(int))
    wide = rows.pivot(index="row", columns="neuron", values="value").to_numpy(float)
    limit = float(np.abs(wide).max()) or 1.0
    image = axes.pcolormesh(wide, cmap=DIVERGING, vmin=-limit, vmax=limit, rasterized=True)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("neuron of the cluster")
    _by_frequency(axes.yaxis, len(wide), "frequency k of the logits (cos, sin)")
    return image


def measure_lines(
    axes: Axes,
    table: pd.DataFrame,
    columns: Sequence[str],
    log: bool,
    lines: Sequence[float] = (),
    room: float | None = None,
) -> None:
    """Measures of one run over its checkpoints.

    Args:
        table: step and `columns`, each of LINES. log: of the vertical axis. lines: steps at which
            phases end, as vertical lines; NaN for none. room: above the curves of a logarithmic
            axis, a share of their range; None for that of a legend with a line per column.
    """
    if len(table) == 0:
        empty(axes, "no checkpoints")
        return
    ordered = table.sort_values("step")
    # Without weight decay losses fall below what others end at: they get an axis that holds them.
    low = least_positive(ordered[list(columns)].to_numpy(float))
    ends = (max(min(low, ENDS[0]), _LEAST), ENDS[1])
    for column in columns:
        values = ordered[column].clip(*ends) if log else ordered[column]
        axes.plot(ordered["step"], values, **LINES[column])
    step_axis(axes, float(ordered["step"].max()), lines)
    if log:
        above = 0.17 * len(columns) if room is None else room
        decades(axes, ordered[list(columns)].to_numpy(float), above, ends)


def frequency_lines(
    axes: Axes, table: pd.DataFrame, column: str, log: bool, ends: Sequence[float] = ()
) -> None:
    """A line for each key frequency of one run.

    Args:
        table: step, k and `column`.
    """
    if len(table) == 0:
        empty(axes, "no checkpoints")
        return
    for index, (k, rows) in enumerate(table.sort_values("step").groupby("k")):
        values = rows[column].clip(*ENDS) if log else rows[column]
        # Above the whole network's, which would hide one that the network can do without.
        axes.plot(rows["step"], values, label=f"k = {k}", zorder=3, **frequency_look(index))
    step_axis(axes, float(table["step"].max()), ends)
    if log:
        decades(axes, table[column].to_numpy(float), ROOM)


def step_axis(axes: Axes, last: float, ends: Sequence[float]) -> None:
    """Steps from 0 to the last one, with lines where phases end."""
    axes.set_xlim(0, max(last, 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x)))
    axes.set_xlabel("step")
    for end in ends:
        if np.isfinite(end):
            axes.axvline(end, color=DEAD, ls="--", lw=0.7, zorder=1)


def ablation_points(
    axes: Axes, table: pd.DataFrame, keys: Sequence[int], paper: Sequence[float]
) -> None:
    """Loss without each single frequency's block, and lines of the whole network and of the logits
    that keep the blocks of key frequencies alone.

    Args:
        table: ablation, k, loss of one run. paper: its losses of these two, in this order.
    """
    rows = table[table["ablation"] == "without_k"]
    if len(rows) == 0:
        empty(axes, "no runs")
        return
    is_key = rows["k"].astype(int).isin(list(keys)).to_numpy()
    for chosen, colour, label in ((~is_key, DEAD, "other"), (is_key, SURVIVORS[1], "key")):
        part = rows[chosen]
        axes.scatter(
            part["k"].astype(int),
            part["loss"].clip(*ENDS),
            s=11,
            color=colour,
            label=f"without one {label} frequency",
            zorder=3,
        )
    losses = dict(zip(table["ablation"], table["loss"], strict=True))
    whole, alone = "whole network", "key frequencies alone"
    for name, colour, label in (("none", "black", whole), ("key_blocks", RESTRICTED, alone)):
        axes.axhline(max(losses[name], ENDS[0]), color=colour, lw=0.9, label=label)
    for loss, line, label in zip(paper, ("--", ":"), (whole, alone), strict=True):
        axes.axhline(loss, color=PAPER, lw=0.9, ls=line, label=f"paper: {label}")
    lines = [losses["none"], losses["key_blocks"], *paper]
    seen = np.append(rows["loss"].to_numpy(float), lines)
    decades(axes, seen, ROOM)
    axes.set_xlim(0, float(rows["k"].max()) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("frequency k that the logits lose")
    axes.set_ylabel("loss over all pairs (nats)")


def of_seed(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Rows of one run of a run-set."""
    return table[table["seed"] == seed]


def keys_of(circuits: pd.DataFrame, seed: int) -> list[int]:
    """Key frequencies of a run."""
    rows = of_seed(circuits, seed)
    return [int(k) for k in rows["keys"].iloc[0]] if len(rows) else []


def ends_of(phases: pd.DataFrame, run_id: str) -> list[float]:
    """Steps at which the phases of a run end; NaN for none."""
    rows = phases[phases["run_id"] == run_id]
    return [float(rows[name].iloc[0]) for name in ("t1", "t2", "t3")] if len(rows) else []


def share_of_keys(table: pd.DataFrame, column: str, keys: Sequence[int]) -> float:
    """Share of the squares of Fourier components, the constant left out, at key frequencies.

    Args:
        table: k and `column`, a row per component. NaN where there is nothing.
    """
    rows = table[table["k"] > 0]
    squares = np.square(rows[column].to_numpy(float))
    inside = rows["k"].astype(int).isin(list(keys)).to_numpy()
    return float(squares[inside].sum() / squares.sum()) if squares.sum() > 0 else math.nan


def percentages(shares: Sequence[float]) -> str:
    """The least and the largest of some shares: `95.2 to 98.1 %`."""
    low, high = f"{100 * min(shares):.1f}", f"{100 * max(shares):.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def said_keys(keys: Sequence[int]) -> str:
    """The key frequencies in words."""
    return f"key frequencies: {', '.join(map(str, keys))}" if keys else "no key frequencies"
