"""Panels of losses over steps: runs thin, the median of many bold, train and test in the same two
colours everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from fittest.plotting.panels import empty
from fittest.plotting.style import SURVIVORS

TRAIN = "#56B4E9"
TEST = "#882255"
COLOURS = {"train": TRAIN, "test": TEST, "train accuracy": TRAIN, "test accuracy": TEST}
MIDDLE = -1
"""The `seed` of a median over runs."""
FEWEST = 5
"""Runs of which a median is drawn. That of fewer is not where most of them are: of two it lies
between, and comes to a low loss at neither's step nor at the middle of these."""
ENDS = (1e-9, 1e2)
"""Nats; losses beyond are drawn at the edge."""
NOTE_SIZE = 6.3
"""Points, of what is said beside the curves of a panel."""
_LINE = 8.5  # points, from one line of it to the next
_MOST_TICKS, _FEW = 7, 4
"""Powers of ten with a number on an axis, and up to how many of them have ticks in between."""


ROOM = 0.4
"""Above the curves, a share of their range: for a note of two lines."""


def median_drawn(table: pd.DataFrame) -> bool:
    """Whether the curves of one setting, by their seed, have a median that is drawn."""
    seeds = set(table["seed"])
    return MIDDLE in seeds and len(seeds) > FEWEST


def loss_lines(
    axes: Axes,
    table: pd.DataFrame,
    series: tuple[str, ...],
    log: bool,
    room: float = ROOM,
    ends: tuple[float, float] = ENDS,
) -> None:
    """Curves of the runs of one setting, and of FEWEST runs and more their median.

    Args:
        table: seed (-1 for the median), series, step, value (losses in nats).
        series: of ``COLOURS``, in the order in which they are drawn. log: of the axis of losses.
        room: see ``finish``. ends: as ``ENDS``, where losses reach further down.
    """
    table = table[table["series"].isin(series)]
    if len(table) == 0:
        empty(axes, "no runs")
        return
    several, alone = median_drawn(table), table["seed"].nunique() == 1
    table = table if several or alone else table[table["seed"] != MIDDLE]
    for name in series:
        rows = table[table["series"] == name]
        for seed, run in rows.groupby("seed"):
            bold = alone or (several and seed == MIDDLE)
            axes.plot(
                run["step"],
                run["value"].clip(*ends) if log else run["value"],
                color=COLOURS[name],
                lw=1.2 if bold else 0.7 if several else 0.9,
                alpha=0.5 if several and not bold else 1.0,
                zorder=3 if bold else 2,
                label=(f"{name}, median" if several else name) if bold or not several else None,
            )
    finish(axes, table, log, room, ends)


def same_names(axes: Axes) -> None:
    """Curves of accuracies get the names of the losses of their colours, for one legend."""
    for curve in axes.lines:
        curve.set_label(str(curve.get_label()).removesuffix(" accuracy"))


def setting_lines(
    axes: Axes, table: pd.DataFrame, log: bool, found: Mapping[str, str], room: float = ROOM
) -> None:
    """Losses of several settings in one panel: a colour each, test solid and train dashed; of
    FEWEST runs and more their median. The legend stands to the right.

    Args:
        table: label, seed, series, step, value (losses in nats).
        found: what the legend adds to a label. room: see ``finish``.
    """
    table = table[table["series"].isin(("train", "test"))]
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for index, (label, part) in enumerate(table.groupby("label", sort=False)):
        colour = SURVIVORS[index % len(SURVIVORS)]
        drawn = part[(part["seed"] == MIDDLE) == median_drawn(part)]
        for name, style in (("train", "--"), ("test", "-")):
            runs = drawn[drawn["series"] == name].groupby("seed")
            for place, (_, shown) in enumerate(runs):
                axes.plot(
                    shown["step"],
                    shown["value"].clip(*ENDS) if log else shown["value"],
                    color=colour,
                    ls=style,
                    lw=1.1,
                    label=f"{label}{found.get(str(label), '')}"
                    if name == "test" and place == 0
                    else None,
                )
    for style, label in (("-", "solid: test"), ("--", "dashed: train")):
        axes.plot([], [], color="0.3", ls=style, lw=1.1, label=label)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    finish(axes, table, log, room)


def finish(
    axes: Axes,
    table: pd.DataFrame,
    log: bool,
    room: float = ROOM,
    ends: tuple[float, float] = ENDS,
) -> None:
    """Limits, ticks and names of the axes; `room` above the curves, a share of their range."""
    axes.set_xlim(0, max(float(table["step"].max()), 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x)))
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats)")
    _losses(axes, table["value"], log, room, ends)


def same_losses(
    axes: Axes,
    table: pd.DataFrame,
    series: tuple[str, ...],
    log: bool,
    room: float = ROOM,
    ends: tuple[float, float] = ENDS,
) -> None:
    """The axis of losses that all panels of a figure share, so that curves can be compared.

    Args:
        table: of all panels. series, log, room, ends: as in ``loss_lines``.
    """
    _losses(axes, table.loc[table["series"].isin(series), "value"], log, room, ends)


def _losses(
    axes: Axes, values: pd.Series, log: bool, room: float, ends: tuple[float, float]
) -> None:
    """The limits of the axis of losses."""
    if log:
        decades(axes, values.to_numpy(float), room, ends)
    elif len(values):
        axes.set_ylim(0, (1 + 0.75 * room) * float(values.max()))


def told_title(
    axes: Axes, letter: str, title: str, lines: Sequence[tuple[str, str]], most: int
) -> None:
    """A title as ``panel_title``, and between it and the panel what is said of it, so that nothing
    stands on the curves.

    Args:
        lines: (text, colour), top to bottom. most: lines of that of the panels with the most of
            them: all titles keep room for these.
    """
    axes.set_title(rf"$\mathbf{{{letter}}}$  {title}", loc="left", pad=5 + _LINE * most)
    for index, (text, colour) in enumerate(reversed(lines)):
        shown = axes.annotate(
            text,
            (0.0, 1.0),
            xycoords="axes fraction",
            xytext=(0, 4 + _LINE * (index + most - len(lines))),
            textcoords="offset points",
            fontsize=NOTE_SIZE,
            color=colour,
            va="bottom",
            annotation_clip=False,
        )
        # What is too long for its panel shrinks no panel.
        shown.set_in_layout(False)


def least_positive(values: np.ndarray, default: float = ENDS[0]) -> float:
    """Where a logarithmic axis may begin: losses that are rounded to 0 are drawn there."""
    known = values[np.isfinite(values) & (values > 0)]
    return float(known.min()) if len(known) else default


def decades(axes: Axes, values: np.ndarray, room: float, ends: tuple[float, float] = ENDS) -> None:
    """A logarithmic axis of losses in nats from a whole power of ten on. No tick stands in the
    room that is kept above the curves, a share of their range. ends: losses beyond are drawn at
    the edge."""
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    seen = values[np.isfinite(values)].clip(*ends)
    if not len(seen):
        return
    low, high = math.floor(math.log10(float(seen.min()))), math.log10(float(seen.max()))
    axes.set_ylim(10.0**low, 10.0 ** (high + room * max(high - low, 1)))
    powers = range(low, max(math.ceil(high), low + 1) + 1)
    stride = -(-len(powers) // _MOST_TICKS)
    axes.yaxis.set_major_locator(FixedLocator([10.0**power for power in powers[::stride]]))
    digits = range(2, 10) if len(powers) <= _FEW else ()
    minor = [10.0**power for power in powers]
    minor += [digit * 10.0**power for power in powers[:-1] for digit in digits]
    axes.yaxis.set_minor_locator(FixedLocator(minor))


def thousands(value: float) -> str:
    """A step for an axis: 20k."""
    return f"{value:g}" if value < 1000 else f"{value / 1000:g}k"
