"""Panels of the completeness paper that several of its figures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from fittest.analysis.completeness.names import UNTRAINED
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names
from fittest.plotting.style import DEAD, OURS

RANGE_SHORT = {"remainder": "orders", "xor": "cubes", "modular_addition": "circles"}
RANGE_TASKS = {
    "remainder": "remainder orders",
    "xor": "XOR cubes",
    "modular_addition": "circles of modular addition",
}
"""Tasks in the order of the panels, with their titles."""

_LOOKS = {"minimum": style.LEAST, "mean": style.MIDDLE, "maximum": style.MOST}
BAND = "bands: 95 % bootstrap intervals of the mean over embeddings"


def range_lines(axes: Axes, table: pd.DataFrame, drawn: Sequence[str]) -> None:
    """Completeness of untrained embeddings against d on a log2 axis, a line per statistic.

    Args:
        table: d, statistic, y, y_lo, y_hi of one task. drawn: the statistics to draw.
    """
    if len(table) == 0:
        panels.empty(axes, "no dimensions")
        return
    ends = []
    for name in drawn:
        rows = table[table["statistic"] == name].sort_values("d")
        axes.plot(rows["d"], rows["y"], "o-", ms=3, color=_LOOKS[name])
        band = (rows["y_lo"], rows["y_hi"])
        axes.fill_between(rows["d"], *band, color=_LOOKS[name], alpha=0.25, lw=0)
        ends.append((name, float(rows["y"].iloc[-1]), _LOOKS[name]))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(table["d"].unique())))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("embedding dimension d")
    if len(ends) > 1:
        end_names(axes, ends)


def range_row(figure: Figure, table: pd.DataFrame, drawn: Sequence[str]) -> Axes:
    """A panel of `range_lines` per task, side by side; returns the first.

    Args:
        table: of all tasks, with their names in the column task, and the number of seeds.
    """
    row = figure.subplots(1, len(RANGE_TASKS))
    for axes, letter, (task, title) in zip(row, "abc", RANGE_TASKS.items(), strict=True):
        part = table[table["task"] == task]
        range_lines(axes, part, drawn)
        n = f"n = {int(part['seeds'].max())} embeddings a point" if len(part) else ""
        panels.panel_title(axes, letter, title, n)
    first: Axes = row[0]
    return first


def range_found(statistics: Statistics, names: Sequence[str]) -> str:
    """Our correlations of d with minimum or maximum, task by task."""
    parts = []
    for name in names:
        each = ", ".join(
            f"{title} {printed(statistics[UNTRAINED[task].of(f'spearman_{name}')])}"
            for task, title in RANGE_SHORT.items()
        )
        parts.append(f"Spearman(d, {name}): {each}")
    return "; ".join(parts)


def ranks_said(statistics: Statistics, group: type[StatisticName]) -> tuple[str, str]:
    """What the paper says of the learned structures' ranks before training, and ours."""
    names = ("mid_rank", "mid_rank_sd", "mid_rank_all", "mid_rank_all_sd")
    mean, sd, every, every_sd = (statistics[group.of(name)] for name in names)
    return (
        f"mean rank {mean['paper']:.2f} ± {sd['paper']:.2f} (0: most complete; 0.5: chance)",
        f"{printed(mean)}{_spread(sd)}, n = {mean['n']} clear runs; all {every['n']}:"
        f" {printed({**every, 'ci_lo': float('nan')})}{_spread(every_sd)}",
    )


def _spread(sd: Mapping[str, Any]) -> str:
    """A standard deviation behind its mean; of a single run there is none."""
    return f" ± {sd['value']:.2f}" if np.isfinite(sd["value"]) else ""


def rank_histogram(
    axes: Axes,
    data: pd.DataFrame,
    measure: str,
    count: str,
    learned: str,
) -> None:
    """Completeness of every structure at the start of model 1, and of the one that it learned.

    Args:
        data: rows of panels ``histogram`` (bin_lo, bin_hi and the column ``count``) and
            ``learned`` (model, mid_rank, ``measure`` and its mean over all, ``<measure>_mean``).
        measure: f or g. learned: what the line of the learned one is called.
    """
    bins = data[data["panel"] == "histogram"]
    if len(bins) == 0:
        panels.empty(axes, "no run ended well")
        return
    told = data[(data["panel"] == "learned") & (data["model"] == 1)].iloc[0]
    width = bins["bin_hi"] - bins["bin_lo"]
    axes.bar(bins["bin_lo"], bins[count], width, align="edge", color=DEAD, ec="white", lw=0.2)
    top = 1.04 * float(bins[count].max())
    mean, own = float(told[f"{measure}_mean"]), float(told[measure])
    # Beside the line where the two names would touch; at the edges there is no room for that.
    near = 0 <= own - mean < 0.3 * float(bins["bin_hi"].max() - bins["bin_lo"].min())
    for place, colour, dashes, name, side in (
        (mean, "0.2", ":", "mean of all", "right"),
        (own, OURS, "-", f"{learned},\nrank {float(told['mid_rank']):.2f}", "left"),
    ):
        axes.vlines(place, 0, top, color=colour, ls=dashes, lw=1.2)
        # Above the bars, where nothing lies.
        axes.annotate(
            name,
            (place, top),
            xytext=(0, 3),
            textcoords="offset points",
            ha=side if side == "right" or near else "center",
            va="bottom",
            fontsize=6.5,
            color=colour,
        )
    axes.set_ylim(top=1.22 * top)
    axes.set_xlabel(f"completeness {measure} (embedding units²)")


def learned_by_rank(
    axes: Axes, data: pd.DataFrame, letter: str, statistics: Statistics, group: type[StatisticName]
) -> None:
    """How often runs learned a structure by its rank before training, over how often by chance.

    Args:
        data: rows of panel ``curve`` (rank_lo, rank_hi, runs, times_chance, all_runs); others are
            left out. group: names of the task's statistics, of which ``rank_trend`` is printed.
    """
    bins = data[data["panel"] == "curve"] if len(data) else data
    number = int(bins["all_runs"].iloc[0]) if len(bins) else 0
    rho = statistics.get(group.of("rank_trend"))
    short = printed(rho and {**rho, "ci_lo": float("nan")})
    n = f"n = {number} clear runs, Spearman {short}" if number else ""
    panels.panel_title(axes, letter, "what runs learned, by its rank", n)
    if number == 0:
        panels.empty(axes, "no run ended well")
        return
    width = bins["rank_hi"] - bins["rank_lo"]
    axes.bar(bins["rank_lo"], bins["times_chance"], width, align="edge", color=OURS, ec="white")
    axes.axhline(1.0, color=style.MIDDLE, lw=0.8, ls=":")
    axes.set_xlim(0, 1)
    axes.set_xlabel("rank before training (0: most complete)")
    axes.set_ylabel("learned, times\nchance (dotted: 1)")
