"""Panels of the completeness paper that several of its figures share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from fittest.plotting import panels, sweep_panels
from fittest.plotting.style import OURS, PAPER, SURVIVORS

Statistics = Mapping[str, Mapping[Any, Any]]

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
            rho = statistics[f"range.{task}.spearman_{name}"]["value"]
            lines.append((f"ours: Spearman(d, {name}) {rho:.2f}", _LOOKS[name]))
    lines.append((f"{int(table['seeds'].max())} embeddings per d, 95 % band", "0.35"))
    panels.note_box(axes, lines, "upper left")
    low, high = axes.get_ylim()
    # The notes stand above the data.
    axes.set_ylim(low, high + 0.14 * len(lines) * (high - low))


def rank_notes(statistics: Statistics, prefix: str, own: float) -> list[tuple[str, str]]:
    """What the paper says of the learned structures' ranks, ours, and that of one model."""
    mean, sd = (statistics[f"{prefix}.{name}"] for name in ("mid_rank", "mid_rank_sd"))
    return [
        (f"paper: rank {mean['paper']:.2f} ± {sd['paper']:.2f}", PAPER),
        (f"ours: {sweep_panels.value(mean)}", OURS),
        (f"± {sweep_panels.value(sd)}, n = {mean['n']}", OURS),
        (f"this model: {own:.3f}", OURS),
        ("(0: most complete; 0.5: chance)", "0.35"),
    ]
