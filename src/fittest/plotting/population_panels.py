"""Panels of the cosets paper's populations: counts by frequency, number of clusters and relation.

Each draws rows of an analysis; an empty table gives a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.plotting.coset_panels import reach
from fittest.plotting.heading import spread
from fittest.plotting.panels import counted, empty
from fittest.plotting.style import DEAD, MIDDLE, OURS, PAPER

SHARED = "#CC79A7"
"""Frequencies that share a factor with n."""
_STRIP = 0.14
"""Of a panel, the share above the data in which names stand."""
_KEPT = 0.75
"""Of a panel's width, what labels leave it at least."""
_CHARACTER = 0.66
"""Of a font's size, the width of a character at most."""


def cell(table: pd.DataFrame, column: str, **where: Any) -> float:
    """A number of the one row that has some values; NaN where there is no such row."""
    for name, wanted in where.items():
        table = table[table[name] == wanted]
    return float(table[column].iloc[0]) if len(table) == 1 else float("nan")


def networks_of(table: pd.DataFrame, **where: Any) -> str:
    """How many networks the one row that has some values is of, for readers."""
    found = cell(table, "networks", **where)
    return counted(0 if np.isnan(found) else int(found), "network")


def said(table: pd.DataFrame, name: str, digits: int = 2, **where: Any) -> str:
    """A value with its interval for readers, from columns `name`, `name_lo` and `name_hi`."""
    value, low, high = (cell(table, f"{name}{end}", **where) for end in ("", "_lo", "_hi"))
    if np.isnan(value):
        return "unknown"
    text = f"{value:.{digits}f}"
    return text if np.isnan(low) else f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def frequency_bars(
    axes: Axes, rows: pd.DataFrame, column: str, paper: tuple[float, float] | None = None
) -> None:
    """Counts of networks by frequency, as a share of all, with their intervals; frequencies that
    share a factor with n in a colour of their own, and the mean of the others as a line. What is
    drawn has a name for a legend.

    Args:
        rows: of `frequency_counts`; `column` is one of its counts.
        paper: the least and the largest share that the paper gives, a band; a line where both are
            one; None for none.
    """
    if len(rows) == 0 or not int(rows["networks"].iloc[0]):
        empty(axes, "no networks")
        return
    networks = float(rows["networks"].iloc[0])
    share = rows[column].to_numpy(float) / networks
    shared = rows["gcd"].to_numpy(int) > 1
    for chosen, colour, name in (
        (~shared, OURS, "f coprime to n"),
        (shared, SHARED, "f shares a factor with n"),
    ):
        if chosen.any():
            axes.bar(rows["frequency"][chosen], share[chosen], width=0.8, color=colour, label=name)
    ends = rows[f"{column}_lo"], rows[f"{column}_hi"]
    axes.vlines(rows["frequency"], *ends, color="0.25", lw=0.6, label="95 %, Wilson")
    axes.axhline(share[~shared].mean(), color=MIDDLE, lw=0.9, ls=":", label="mean of coprime f")
    if paper is not None:
        low, high = paper
        told = f"paper: {low:g}" + (f" to {high:g}" if high > low else "")
        axes.axhspan(low, high, color=PAPER, alpha=0.25, lw=0)
        axes.plot([], [], color=PAPER, lw=1.2, label=told)
        for edge in sorted({low, high}):
            axes.axhline(edge, color=PAPER, lw=0.8)
    axes.set_xlabel("frequency f")
    reach(axes, 1.05 * max([float(ends[1].max()), *(paper or ())]))
    axes.margins(x=0.01)


Name = tuple[float, float, str]
"""Where something stands on the x axis, the y at which it ends, and its name."""


def names_above(several: Mapping[Axes, Sequence[Name]], size: float = 6.3) -> None:
    """Write names in a row at the top of panels, above all data, each with a line down to what it
    names. Names that would touch are moved apart.

    Args:
        several: panels with all that is in them, and their names in any order. Panels that share
            their y axis come together.
    """
    limits = [axes.get_ylim() for axes in several]
    for axes, (bottom, top) in zip(several, limits, strict=True):
        # Above the data a strip of its own.
        axes.set_ylim(bottom, bottom + (top - bottom) / (1 - _STRIP))
        axes.set_xlim(axes.get_xlim())
    for axes, names in several.items():
        ordered = sorted(names)
        for (x, y, text), at in zip(ordered, _spread(axes, ordered, size), strict=True):
            bottom, top = axes.get_ylim()
            look: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "color": OURS}
            axes.text(at, 1.0, text, ha="center", va="top", fontsize=size, **look)
            down = min((y - bottom) / (top - bottom), 1 - _STRIP)
            ends = [1 - 0.62 * _STRIP, 1 - _STRIP, down]
            axes.plot([at, x, x], ends, lw=0.4, ls=":", **look)


def _spread(axes: Axes, ordered: Sequence[Name], size: float) -> list[float]:
    """Places on the x axis for names, as near to what they name as they have room."""
    low, high = axes.get_xlim()
    # Labels take their share of the room once the layout is made.
    width = _KEPT * axes.get_position().width * axes.figure.bbox.width / axes.figure.dpi
    wide = [(_CHARACTER * len(text) + 0.4) * size / 72 / width for *_, text in ordered]
    places = spread(np.array([(x - low) / (high - low) for x, *_ in ordered]), np.array(wide))
    # None beyond either side.
    edge = 1.0
    for index in range(len(places))[::-1]:
        places[index] = min(places[index], edge - wide[index] / 2)
        edge = places[index] - wide[index] / 2
    edge = 0.0
    for index, own in enumerate(wide):
        places[index] = max(places[index], edge + own / 2)
        edge = places[index] + own / 2
    return [low + float(place) * (high - low) for place in places]


def ratio_points(
    axes: Axes, rows: pd.DataFrame, x: str, marked: Mapping[int, str], of: str
) -> list[Name]:
    """Counts over the mean of the others with their intervals, a point each; the marked ones in a
    colour of their own. All of every interval is in the panel.

    Returns:
        Names of the marked ones, for ``names_above``.
    """
    known = rows[np.isfinite(rows["ratio"].to_numpy(float))]
    if len(known) == 0:
        empty(axes, of)
        return []
    special = known[x].isin(list(marked))
    for part, colour in ((known[~special], DEAD), (known[special], OURS)):
        axes.vlines(part[x], part["ratio_lo"], part["ratio_hi"], color=colour, lw=0.8)
        axes.plot(part[x], part["ratio"], ls="", marker="o", ms=3, color=colour)
    axes.axhline(1, color=MIDDLE, lw=0.8, ls=":")
    ends = known["ratio_hi"].fillna(known["ratio"])
    # Up to 2 at least; points at 0 stand whole on the axis.
    reach(axes, max(2.0, 1.03 * float(ends.max())), 0.025)
    places = zip(known.loc[special, x], ends[special], strict=True)
    return [(float(at), float(y), marked[int(at)]) for at, y in places]


def count_histogram(axes: Axes, rows: pd.DataFrame, log: float, mean: Sequence[float]) -> None:
    """Networks by their number of clusters, as a share, with ln n as a line, and above them their
    mean with its interval.

    Args:
        rows: m, networks. mean: of the number, and the ends of its interval; NaN for unknown ones.
    """
    if len(rows) == 0:
        empty(axes, "no networks")
        return
    total = rows.groupby("m")["networks"].sum()
    axes.bar(
        total.index,
        total / total.sum(),
        width=0.85,
        color=OURS,
        alpha=0.75,
        label="share of networks",
    )
    axes.axvline(log, color=PAPER, lw=1.0, ls="--", label="ln n")
    value, *ends = mean
    axes.plot(ends, [1.13, 1.13], color="black", lw=0.9)
    axes.plot(value, 1.13, "D", ms=3, color="black", label="mean number, 95 %")
    axes.set_ylim(0, 1.25)
    axes.set_yticks([0, 0.5, 1])


def relation_bars(
    axes: Axes, rows: pd.DataFrame, n: int, marked: Mapping[int, str], errors: bool
) -> list[Name]:
    """Pairs of frequencies by r = f' / f over the mean of the unit r that are not marked; r = 1 is
    left out. r and 1 / r are the same pairs the other way round, of which the smaller is drawn.

    Args:
        rows: r, unit, pairs: ordered ones. n: the modulus. marked: of ``folded_names``. errors:
            two standard errors of a count, for pairs that are independent of each other.

    Returns:
        Names of the marked ones, for ``names_above``.
    """
    own = rows[rows["unit"].astype(bool)]
    plain = own[~own["r"].isin(list(marked))]
    mean = float(plain["pairs"].mean()) if len(plain) else 0.0
    if mean == 0:
        empty(axes, "no pairs")
        return []
    once = own[[int(r) <= inverse(int(r), n) for r in own["r"]]]
    height = once["pairs"].to_numpy(float) / mean
    chosen = once["r"].isin(list(marked)).to_numpy()
    axes.bar(once["r"], height, width=0.8, color=np.where(chosen, OURS, DEAD))
    error = np.zeros(len(once))
    if errors:
        # Where r is its own inverse both orders of a pair are counted there.
        twice = np.array([1.0 + (int(r) == inverse(int(r), n)) for r in once["r"]])
        error = 2 * np.sqrt(twice * once["pairs"].to_numpy(float)) / mean
        axes.errorbar(once["r"], height, error, ls="", ecolor="0.25", elinewidth=0.6)
    axes.axhline(1, color=MIDDLE, lw=0.8, ls=":")
    reach(axes, max(1.5, 1.05 * float((height + error).max())))
    axes.set_xlim(0, n // 2 + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("r = f' / f modulo n, or 1 / r")
    ends = zip(once["r"], height + error, strict=True)
    return [(float(r), float(y), marked[int(r)]) for r, y in ends if r in marked]


def pairs_once(rows: pd.DataFrame) -> int:
    """How many pairs of units there are, where `pairs` counts both orders of each."""
    return int(rows.loc[rows["unit"].astype(bool), "pairs"].sum()) // 2


def inverse(r: int, n: int) -> int:
    """1 / r modulo n, folded, of a unit r."""
    found = pow(r, -1, n)
    return min(found, n - found)


def folded_names(n: int, names: Mapping[str, tuple[int, int]]) -> dict[int, str]:
    """Folded r = top / bottom modulo n -> its names, for the fractions that n allows. r and 1 / r
    have the same ones: they are the same pairs."""
    found: dict[int, list[str]] = {}
    for name, (top, bottom) in names.items():
        if n > 2 and np.gcd(bottom, n) == 1 and np.gcd(top, n) == 1:
            r = top * pow(bottom, -1, n) % n
            for place in {min(r, n - r), inverse(r, n)}:
                found.setdefault(place, []).append(name)
    found.pop(1, None)
    return {r: ", ".join(several) for r, several in found.items()}
