"""Panels of the completeness paper that several of its figures share."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from fittest.analysis.completeness.names import UNTRAINED
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.plotting import panels
from fittest.plotting.style import DEAD, OURS, PAPER, SURVIVORS

RANGE_TASKS = {
    "remainder": "remainder orders",
    "xor": "XOR cubes",
    "modular_addition": "circles of modular addition",
}
"""Tasks in the order of the panels, with their titles."""

_LOOKS = {"minimum": OURS, "mean": "0.35", "maximum": SURVIVORS[1]}


def range_lines(
    axes: Axes, table: pd.DataFrame, statistics: Statistics, task: str, said: Mapping[str, str]
) -> None:
    """Completeness of untrained embeddings against d on a log2 axis, a line per statistic.

    Args:
        table: d, statistic, y, y_lo, y_hi, seeds of one task. statistics: by name.
        said: statistic -> what the paper says of it; the lines drawn.
    """
    if len(table) == 0:
        panels.empty(axes, "no dimensions")
        return
    for name in said:
        rows = table[table["statistic"] == name].sort_values("d")
        axes.plot(rows["d"], rows["y"], "o-", ms=3, color=_LOOKS[name], label=name)
        ends = (rows["y_lo"], rows["y_hi"])
        axes.fill_between(rows["d"], *ends, color=_LOOKS[name], alpha=0.25, lw=0)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(table["d"].unique())))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("embedding dimension d")
    # Short words: a wider text would squeeze the panel.
    short = {"minimum": "min", "mean": "mean", "maximum": "max"}
    paper = ", ".join(f"{short[name]} {words}" for name, words in said.items())
    lines = [(f"paper: {paper}", PAPER)]
    for name in ("minimum", "maximum"):
        if name in said:
            rho = statistics[UNTRAINED[task].of(f"spearman_{name}")]["value"]
            lines.append((f"ours: Spearman(d, {name}) {rho:.2f}", _LOOKS[name]))
    lines.append((f"{int(table['seeds'].max())} embeddings per d, 95 % band", "0.35"))
    panels.note_box(axes, lines, "upper left")
    low, high = axes.get_ylim()
    # The notes stand above the data.
    axes.set_ylim(low, high + 0.14 * len(lines) * (high - low))


def range_row(
    figure: Figure, table: pd.DataFrame, statistics: Statistics, said: Mapping[str, str]
) -> Axes:
    """A panel of `range_lines` per task, side by side; returns the first.

    Args:
        table: of all tasks, with their names in the column task.
    """
    row = figure.subplots(1, len(RANGE_TASKS))
    for axes, letter, (task, title) in zip(row, "abc", RANGE_TASKS.items(), strict=True):
        range_lines(axes, table[table["task"] == task], statistics, task, said)
        panels.panel_title(axes, letter, title)
    first: Axes = row[0]
    return first


def rank_notes(
    statistics: Statistics, group: type[StatisticName], own: float
) -> list[tuple[str, str]]:
    """What the paper says of the learned structures' ranks, ours, and that of one model."""
    names = ("mid_rank", "mid_rank_sd", "mid_rank_all", "mid_rank_all_sd")
    mean, sd, every, every_sd = (statistics[group.of(name)] for name in names)
    return [
        (f"paper: rank {mean['paper']:.2f} ± {sd['paper']:.2f}", PAPER),
        (f"ours: {printed(mean)}", OURS),
        (f"± {printed(sd)}, n = {mean['n']} clear", OURS),
        (f"all {every['n']}: {every['value']:.2f} ± {every_sd['value']:.2f}", OURS),
        (f"model 1: {own:.3f}", OURS),
        ("(0: most complete; 0.5: chance)", "0.35"),
    ]


def rank_histogram(
    axes: Axes,
    data: pd.DataFrame,
    statistics: Statistics,
    group: type[StatisticName],
    measure: str,
    count: str,
    learned: str,
) -> None:
    """Completeness of every structure at the start of model 1, and of the one that it learned.

    Args:
        data: rows of panels ``histogram`` (bin_lo, bin_hi and the column ``count``) and
            ``learned`` (model, mid_rank, ``measure`` and its mean over all, ``<measure>_mean``).
        group: the names of its statistics. learned: what the line of the learned one says.
    """
    bins = data[data["panel"] == "histogram"]
    if len(bins) == 0:
        panels.empty(axes, "no run ended well")
        return
    told = data[(data["panel"] == "learned") & (data["model"] == 1)].iloc[0]
    width = bins["bin_hi"] - bins["bin_lo"]
    axes.bar(bins["bin_lo"], bins[count], width, align="edge", color=DEAD, ec="white", lw=0.2)
    # Up to the data only: above it stand the notes.
    top = 1.04 * float(bins[count].max())
    axes.vlines(told[f"{measure}_mean"], 0, top, color="0.2", ls=":", lw=0.9, label="mean of all")
    axes.vlines(told[measure], 0, top, color=OURS, lw=1.4, label=learned)
    axes.set_ylim(top=1.5 * top)
    axes.set_xlabel(f"completeness {measure} (embedding units²)")
    axes.legend(loc="upper right")
    panels.note_box(axes, rank_notes(statistics, group, float(told["mid_rank"])), "upper left")
