"""Reusable panels. Each draws a table on given axes; an empty table gives a note, not a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from fittest.plotting.style import ALIVE, DEAD, OURS, PAPER, TOKENS, survivor_style

_DODGE = 0.055  # inches, more than a marker
_LINE = 8.5  # points, from one small line below a title to the next


def empty(axes: Axes, note: str) -> None:
    """Leave the panel without data and say why."""
    # The ticks are hidden, not removed: panels that share these axes keep theirs.
    axes.tick_params(which="both", length=0, labelleft=False, labelbottom=False)
    axes.text(
        0.5,
        0.5,
        note,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=7,
        color="0.35",
        wrap=True,
    )


def panel_title(
    axes: Axes, letter: str, title: str, n: str = "", size: float | None = None
) -> None:
    """Title at the left, led by the panel's bold letter; below it, if given, what n counts.

    Args:
        n: one line or several. size: points, of a title in little room.
    """
    text = rf"$\mathbf{{{letter}}}$  {title}"
    axes.set_title(text, loc="left", pad=14 + _LINE * n.count("\n") if n else None, fontsize=size)
    if n:
        axes.annotate(
            n,
            (0.0, 1.0),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            fontsize=6.3,
            color="0.4",
            va="bottom",
            annotation_clip=False,
        )


def counted(number: float, what: str) -> str:
    """`n = 1 run`, `n = 22 runs`."""
    return f"n = {number:,.0f} {what}{'' if number == 1 else 's'}"


def fate_bars(axes: Axes, bins: pd.DataFrame) -> None:
    """Histogram of frequencies, the dead below the alive.

    Args:
        bins: bin_lo, bin_hi, dead, alive (counts); at least one row.
    """
    edges, width = bins["bin_lo"], bins["bin_hi"] - bins["bin_lo"]
    # Tables that hold fates of single frequencies in other rows come back as text.
    dead, alive = bins["dead"].astype(float), bins["alive"].astype(float)
    axes.bar(edges, dead, width, align="edge", color=DEAD, label="dead")
    axes.bar(edges, alive, width, bottom=dead, align="edge", color=ALIVE, label="alive")
    axes.set_ylabel("frequencies (stacked)")


def note_box(axes: Axes, lines: Sequence[tuple[str, str]], corner: str) -> None:
    """Coloured lines of text in a corner of the panel.

    Args:
        lines: (text, colour), top to bottom.
        corner: ``upper left``, ``lower left`` or ``lower right``.
    """
    upper = corner.startswith("upper")
    x = 0.03 if corner.endswith("left") else 0.97
    shown = lines if upper else list(reversed(lines))
    for index, (text, colour) in enumerate(shown):
        axes.annotate(
            text,
            xy=(x, 0.98 if upper else 0.03),
            xycoords="axes fraction",
            xytext=(0, (-1 if upper else 1) * 8.5 * index),
            textcoords="offset points",
            ha="left" if corner.endswith("left") else "right",
            va="top" if upper else "bottom",
            fontsize=6.3,
            color=colour,
            zorder=5,
        )


def signal_curves(axes: Axes, table: pd.DataFrame, start_signal: float | None) -> None:
    """Signals over steps, log x, survivors coloured by rank and dead frequencies grey.

    Args:
        table: fate, rank, k, step, signal (norms).
        start_signal: the paper's signal at the start, a dotted line; None for no line.
    """
    if len(table) == 0:
        empty(axes, "no signals recorded")
        return
    for k, curve in table[table["fate"] == "dead"].groupby("k"):
        axes.plot(curve["step"], curve["signal"], color=DEAD, alpha=0.2, lw=0.9, gid=f"dead-{k}")
    alive = table[table["fate"] == "survivor"]
    for rank in sorted(alive["rank"].unique()):
        curve = alive[alive["rank"] == rank]
        label = f"k = {curve['k'].iloc[0]}"
        axes.plot(curve["step"], curve["signal"], label=label, **survivor_style(int(rank)))
    if start_signal is not None:
        axes.axhline(
            start_signal, color=PAPER, ls=":", lw=0.9, label=f"paper's start: {start_signal:g}"
        )
    if (table["fate"] == "dead").any():
        axes.plot([], [], color=DEAD, alpha=0.5, lw=0.9, label="dead")
    log_steps(axes, int(table["step"].max()))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(r"signal $\Vert F_k\Vert$ (embedding units)")
    if len(alive) == 0:
        axes.plot([], [], alpha=0, label="no survivors")


def survivor_ends(
    alive: pd.DataFrame, column: str, guide: float | None = None
) -> list[tuple[str, float, str]]:
    """Names for the ends of the survivors' curves, for ``heading.end_names``.

    Args:
        alive: rank, k, step and the column drawn, of survivors only. guide: the paper's signal at
            the start, if that is drawn.
    """
    last = alive[alive["step"] == alive["step"].max()]
    ends = [
        (f"k = {int(k)}", float(y), str(survivor_style(int(rank))["color"]))
        for k, y, rank in last[["k", column, "rank"]].to_numpy(float)
    ]
    if guide is not None:
        ends.append((f"paper's\nstart: {guide:g}", guide, PAPER))
    return ends


def log_steps(axes: Axes, last: int) -> None:
    """Logarithmic step axis that still shows step 0, at its left end."""
    # A pure logarithm has no room for step 0, where every signal starts.
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.35)
    powers = [10.0**power for power in range(int(np.log10(max(last, 1))) + 1)]
    axes.xaxis.set_major_locator(FixedLocator([0.0, *powers]))
    axes.xaxis.set_major_formatter(FuncFormatter(_power_label))
    minor = [power * digit for power in powers for digit in range(2, 10) if power * digit <= last]
    axes.xaxis.set_minor_locator(FixedLocator(minor))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(0, max(last, 1) * 1.05)
    axes.set_xlabel("training step (log scale from 1)")


def _power_label(value: float, _position: int | None = None) -> str:
    if value < 10:
        return f"{value:g}"
    return rf"$10^{{{round(np.log10(value))}}}$"


def token_scatter(
    axes: Axes, table: pd.DataFrame, tokens: int, limit: float, numbered: bool
) -> None:
    """Tokens in a plane, coloured by token and, if wanted, numbered.

    Args:
        table: token, x, y (embedding units).
        tokens: p, the end of the colour scale.
        limit: half width of the square window; tokens outside it are drawn hollow on its edge.
        numbered: write each token's number instead of a dot.
    """
    if len(table) == 0:
        empty(axes, "nothing to project")
        return
    axes.set_aspect("equal")
    axes.set_xlim(-limit, limit)
    axes.set_ylim(-limit, limit)
    colours = TOKENS(table["token"].to_numpy(float) / max(tokens - 1, 1))
    xy = table[["x", "y"]].to_numpy(float)
    if numbered:
        for token, (x, y), colour in zip(table["token"], xy, colours, strict=True):
            axes.text(x, y, str(int(token)), fontsize=4.3, ha="center", va="center", color=colour)
        return
    inside = (np.abs(xy) <= limit).all(axis=1)
    x, y = np.clip(xy, -limit, limit).T
    axes.scatter(x[inside], y[inside], c=colours[inside], s=7, linewidths=0)
    outside = {"facecolors": "none", "edgecolors": colours[~inside], "clip_on": False}
    axes.scatter(x[~inside], y[~inside], s=8, linewidths=0.7, **outside)


def token_colour_bar(figure: Figure, axes: Any, tokens: int) -> None:
    """Colour scale of the tokens 0..p-1 beside the given axes."""
    scale = ScalarMappable(cmap=TOKENS)
    scale.set_clim(0, max(tokens - 1, 1))
    bar = figure.colorbar(scale, ax=axes, shrink=0.7, aspect=30, pad=0.02)
    bar.set_label("token n")
    bar.ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def rate_scatter(
    axes: Axes, points: pd.DataFrame, line: pd.DataFrame, notes: Sequence[tuple[str, str]]
) -> None:
    """Rates as dots with a fitted line and a box of statistics.

    Args:
        points: x, y.
        line: x, y of the fit, from a table; may be empty.
        notes: see ``note_box``.
    """
    if len(points) == 0:
        empty(axes, "no trials")
        return
    axes.scatter(points["x"], points["y"], s=7, color=OURS, alpha=0.45, linewidths=0)
    if len(line):
        axes.plot(line["x"], line["y"], color="black", lw=1.1)
    axes.set_ylim(-0.04, 1.04)
    note_box(axes, notes, "upper left")


def rate_bars(axes: Axes, bins: pd.DataFrame) -> None:
    """Survival rates of bins as points with their intervals, joined; from 0 to 1.

    Args:
        bins: x, rate, rate_lo, rate_hi.
    """
    low, high = bins["rate"] - bins["rate_lo"], bins["rate_hi"] - bins["rate"]
    axes.errorbar(
        bins["x"],
        bins["rate"],
        yerr=[low.clip(lower=0), high.clip(lower=0)],
        fmt="o-",
        ms=2.2,
        lw=0.8,
        elinewidth=0.6,
        color=OURS,
    )
    axes.set_ylim(-0.04, 1.04)


def rate_lines(
    axes: Axes,
    table: pd.DataFrame,
    styles: Mapping[str, Mapping[str, Any]],
    intervals: str,
) -> None:
    """One line of rates per series, each with its interval.

    Args:
        table: series, x, y, y_lo, y_hi; rows of a series are joined in the order of x.
        styles: series -> matplotlib line properties, drawn in that order; series that are not
            in the table are left out.
        intervals: ``bars`` or ``band``. Series with bars stand a little apart, by points on the
            page, so that equal rates do not hide each other.
    """
    if len(table) == 0:
        empty(axes, "no trials")
        return
    for index, (series, style) in enumerate(styles.items()):
        rows = table[table["series"] == series].sort_values("x")
        if len(rows) == 0:
            continue
        (line,) = axes.plot(rows["x"], rows["y"], **style)
        known = rows.dropna(subset=["y_lo", "y_hi"])
        colour = line.get_color()
        if intervals == "band":
            axes.fill_between(
                known["x"], known["y_lo"], known["y_hi"], color=colour, alpha=0.2, lw=0
            )
        else:
            bars = axes.vlines(known["x"], known["y_lo"], known["y_hi"], color=colour, lw=0.8)
            shift = _DODGE * (index - (len(styles) - 1) / 2)
            place = axes.transData + ScaledTranslation(shift, 0.0, axes.figure.dpi_scale_trans)
            # Moved once drawn: given at the start, the offset would hide the data's limits.
            line.set_transform(place)
            bars.set_transform(place)
    axes.set_ylim(-0.04, 1.04)
