"""Panels of what became of runs: when they generalised, and those that did not within their
steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fittest.plotting.loss_panels import thousands
from fittest.plotting.panels import empty
from fittest.plotting.style import ALIVE, DEAD, OURS, PAPER, SURVIVORS

OUTCOMES = {
    "grokked": OURS,
    "immediate": SURVIVORS[0],
    "memorised": ALIVE,
    "not fit": DEAD,
}
"""Outcome -> colour, the same in all figures."""
WORDS = {
    "grokked": "grokked",
    "immediate": "generalised, no plateau",
    "memorised": "not generalised",
    "not fit": "train pairs not fit",
}
"""Outcome -> what its rule says (exponents methods 2.2): a run without the gap of one that groks
need not be fast, and one that is not there at its last step may be on its way."""
_SPREAD = 0.09


def time_points(axes: Axes, x: Sequence[float], table: pd.DataFrame, spread: bool = True) -> None:
    """When each run generalised; a triangle at its last step where it did not.

    Args:
        x: (n,), places of the runs. table: n rows of outcome, t_gen and steps.
        spread: move runs of one place apart.
    """
    if len(table) == 0:
        empty(axes, "no runs")
        return
    places = np.asarray(x, dtype=np.float64)
    if spread:
        places = places + _SPREAD * _turns(places)
    reached = np.isfinite(table["t_gen"].to_numpy(float))
    at = np.where(reached, table["t_gen"], table["steps"]).astype(float)
    colours = np.array([OUTCOMES[outcome] for outcome in table["outcome"]])
    for marks, marker, size in ((reached, "o", 15), (~reached, "^", 17)):
        axes.scatter(
            places[marks],
            np.maximum(at[marks], 1),
            s=size,
            marker=marker,
            c=colours[marks],
            linewidths=0,
            alpha=0.85,
            zorder=3,
            clip_on=False,
        )
    step_log_axis(axes)


def _turns(places: np.ndarray) -> np.ndarray:
    """0, 1, -1, 2, -2 and so on for runs of one place, in their order."""
    seen: dict[float, int] = {}
    found = []
    for place in places:
        turn = seen.get(float(place), 0)
        seen[float(place)] = turn + 1
        found.append((turn + 1) // 2 * (1 if turn % 2 else -1))
    return np.array(found, dtype=np.float64)


def step_log_axis(axes: Axes) -> None:
    """Steps on a vertical axis of equal ratios."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("step of generalisation")


def medians(axes: Axes, rows: Sequence[tuple[float, Mapping[str, Any]]], width: float) -> None:
    """Medians with their intervals, ours and the report's.

    rows: place, and of table 1 t_gen, t_gen_lo, t_gen_hi and paper_step; infinite for never.
    """
    for place, row in rows:
        middle, low, high = (float(row[name]) for name in ("t_gen", "t_gen_lo", "t_gen_hi"))
        if np.isfinite(middle):
            axes.plot([place - width, place + width], [middle] * 2, color=OURS, lw=1.3, zorder=2)
            top = high if np.isfinite(high) else middle
            if np.isfinite(low):
                axes.plot([place] * 2, [low, top], color=OURS, lw=0.7, zorder=2)
        if row["paper_step"] is not None and np.isfinite(float(row["paper_step"] or np.nan)):
            axes.plot(place, float(row["paper_step"]), marker="D", ms=4.5, color=PAPER, zorder=4)


def outcome_legend(axes: Axes, shown: pd.DataFrame, summaries: bool, **where: Any) -> None:
    """What is drawn of this module, in a legend; nothing else is named there.

    Args:
        shown: outcome and t_gen of the runs that are drawn. summaries: ``medians`` are drawn too.
    """
    there = set(shown["outcome"])
    for outcome, colour in OUTCOMES.items():
        if outcome in there:
            late = outcome in ("memorised", "not fit")
            name = f"{WORDS[outcome]}, at its last step" if late else WORDS[outcome]
            axes.plot([], [], "^" if late else "o", ls="", ms=4, color=colour, label=name)
    if summaries and there:
        axes.plot([], [], color=OURS, lw=1.3, label="median, interval")
        axes.plot([], [], "D", ms=4, color=PAPER, label="report")
    if there:
        axes.legend(**where)
