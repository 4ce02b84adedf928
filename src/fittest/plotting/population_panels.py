"""Panels of the cosets paper's populations: counts by frequency, number of clusters and relation.

Each draws rows of an analysis; an empty table gives a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.plotting.panels import counted, empty
from fittest.plotting.style import DEAD, MIDDLE, OURS, PAPER

SHARED = "#CC79A7"
"""Frequencies that share a factor with n."""


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


def frequency_bars(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """Counts of networks by frequency, as a share of all, with two standard errors; frequencies
    that share a factor with n in a colour of their own, and the mean of the others as a line."""
    if len(rows) == 0 or not int(rows["networks"].iloc[0]):
        empty(axes, "no networks")
        return
    networks = float(rows["networks"].iloc[0])
    share = rows[column].to_numpy(float) / networks
    shared = rows["gcd"].to_numpy(int) > 1
    colours = np.where(shared, SHARED, OURS)
    axes.bar(rows["frequency"], share, width=0.8, color=colours)
    error = 2 * np.sqrt(share * (1 - share) / networks)
    axes.errorbar(rows["frequency"], share, error, ls="", ecolor="0.25", elinewidth=0.6)
    axes.axhline(share[~shared].mean(), color=MIDDLE, lw=0.8, ls=":")
    axes.set_xlabel(
        "frequency f" + (", those that share a factor with n in pink" if shared.any() else "")
    )
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)


def ratio_points(
    axes: Axes, rows: pd.DataFrame, x: str, marked: Mapping[int, str], of: str
) -> None:
    """Counts over the mean of the others with their intervals, a point each; some of them
    marked."""
    known = rows[np.isfinite(rows["ratio"].to_numpy(float))]
    if len(known) == 0:
        empty(axes, of)
        return
    special = known[x].isin(list(marked))
    for part, colour in ((known[~special], DEAD), (known[special], OURS)):
        axes.vlines(part[x], part["ratio_lo"], part["ratio_hi"], color=colour, lw=0.8)
        axes.plot(part[x], part["ratio"], ls="", marker="o", ms=3, color=colour)
    axes.axhline(1, color=MIDDLE, lw=0.8, ls=":")
    top = float(np.nanmax(known["ratio_hi"].to_numpy(float), initial=2.0))
    axes.set_ylim(0, 1.2 * min(top, 6.0))
    for value, name in marked.items():
        here = known[known[x] == value]
        if len(here):
            high = min(float(here["ratio_hi"].iloc[0]), 6.0)
            axes.annotate(
                name,
                (value, high if np.isfinite(high) else float(here["ratio"].iloc[0])),
                xytext=(0, 2),
                textcoords="offset points",
                # Two names side by side move apart.
                ha={(True, False): "right", (False, True): "left"}.get(
                    (value + 1 in marked, value - 1 in marked), "center"
                ),
                fontsize=6.3,
                color=OURS,
                gid="point",
            )


def count_histogram(
    axes: Axes, rows: pd.DataFrame, log: float, colour: str = OURS, label: str | None = None
) -> None:
    """Networks by their number of clusters, as a share, with ln n as a line."""
    if len(rows) == 0:
        empty(axes, "no networks")
        return
    total = rows.groupby("m")["networks"].sum()
    axes.bar(total.index, total / total.sum(), width=0.85, color=colour, alpha=0.75, label=label)
    axes.axvline(log, color=PAPER, lw=1.0, ls="--")


def relation_bars(axes: Axes, rows: pd.DataFrame, marked: Mapping[int, str]) -> None:
    """Pairs by r = f2 / f1 over the mean of the unit r that are not marked; r = 1 is left out."""
    own = rows[rows["unit"].astype(bool)]
    plain = own[~own["r"].isin(list(marked))]
    mean = float(plain["pairs"].mean()) if len(plain) else 0.0
    if mean == 0:
        empty(axes, "no pairs")
        return
    height = own["pairs"].to_numpy(float) / mean
    chosen = own["r"].isin(list(marked)).to_numpy()
    axes.bar(own["r"], height, width=0.8, color=np.where(chosen, OURS, DEAD))
    error = 2 * np.sqrt(own["pairs"].to_numpy(float)) / mean
    axes.errorbar(own["r"], height, error, ls="", ecolor="0.25", elinewidth=0.6)
    axes.axhline(1, color=MIDDLE, lw=0.8, ls=":")
    axes.set_ylim(0, 1.25 * float((height + error).max()))
    for r, value, size in zip(own["r"], height, error, strict=True):
        if r in marked:
            axes.annotate(
                marked[r],
                (r, value + size),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=6.3,
                color=OURS,
                gid="point",
            )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("r = f' / f modulo n, folded; units")


def folded_names(n: int, names: Mapping[str, tuple[int, int]]) -> dict[int, str]:
    """Folded r = top / bottom modulo n -> its name, for the fractions that n allows."""
    found: dict[int, str] = {}
    for name, (top, bottom) in names.items():
        if n > 2 and np.gcd(bottom, n) == 1 and np.gcd(top, n) == 1:
            r = top * pow(bottom, -1, n) % n
            found.setdefault(min(r, n - r), name)
    found.pop(1, None)
    return found
