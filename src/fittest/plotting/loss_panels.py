"""Panels of losses over steps: runs thin, their mean bold, train and test in the same two colours
everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fittest.plotting.panels import empty
from fittest.plotting.style import OURS, PAPER, SURVIVORS

TRAIN = "#56B4E9"
TEST = "#882255"
COLOURS = {"train": TRAIN, "test": TEST, "train accuracy": TRAIN, "test accuracy": TEST}
MEAN = -1
"""The `seed` of a mean over runs."""
ENDS = (1e-9, 1e2)
"""Nats; losses beyond are drawn at the edge."""


def loss_lines(axes: Axes, table: pd.DataFrame, series: tuple[str, ...], log: bool) -> None:
    """Curves of the runs of one setting, and their mean.

    Args:
        table: seed (-1 for the mean), series, step, value (losses in nats).
        series: of ``COLOURS``, in the order in which they are drawn. log: of the axis of losses.
    """
    table = table[table["series"].isin(series)]
    if len(table) == 0:
        empty(axes, "no runs")
        return
    several = (table["seed"] == MEAN).any()
    for name in series:
        rows = table[table["series"] == name]
        for seed, run in rows.groupby("seed"):
            bold = not several or seed == MEAN
            axes.plot(
                run["step"],
                run["value"].clip(*ENDS) if log else run["value"],
                color=COLOURS[name],
                lw=1.2 if bold else 0.6,
                alpha=1.0 if bold else 0.4,
                zorder=3 if bold else 2,
                label=(f"{name}, mean" if several else name) if bold else None,
            )
    finish(axes, table, log)


def setting_lines(axes: Axes, table: pd.DataFrame, log: bool, found: Mapping[str, str]) -> None:
    """Losses of several settings in one panel: a colour each, test solid and train dashed; of
    several runs their mean. The legend stands to the right.

    Args:
        table: label, seed, series, step, value (losses in nats).
        found: what the legend adds to a label.
    """
    table = table[table["series"].isin(("train", "test"))]
    if len(table) == 0:
        empty(axes, "no runs")
        return
    for index, (label, part) in enumerate(table.groupby("label", sort=False)):
        colour = SURVIVORS[index % len(SURVIVORS)]
        means = part[part["seed"] == MEAN]
        for name, style in (("train", "--"), ("test", "-")):
            drawn = means if len(means) else part
            shown = drawn[drawn["series"] == name]
            axes.plot(
                shown["step"],
                shown["value"].clip(*ENDS) if log else shown["value"],
                color=colour,
                ls=style,
                lw=1.1,
                label=f"{label}{found.get(str(label), '')}" if name == "test" else None,
            )
    axes.plot([], [], color="0.3", ls="--", lw=1.1, label="dashed: train")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    finish(axes, table, log)


def finish(axes: Axes, table: pd.DataFrame, log: bool) -> None:
    """Limits, ticks and names of the axes."""
    axes.set_xlim(0, max(float(table["step"].max()), 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x)))
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats)")
    if not log:
        axes.set_ylim(0, 1.3 * float(table["value"].max()))
        return
    low = float(table["value"].clip(*ENDS).min())
    high = float(table["value"].clip(*ENDS).max())
    axes.set_yscale("log")
    # Room above for what is written there: three tenths, whatever the range.
    bottom, top = math.floor(math.log10(low)), math.log10(high)
    axes.set_ylim(10.0**bottom, 10.0 ** (top + 0.4 * max(top - bottom, 1)))
    axes.yaxis.set_major_locator(LogLocator(numticks=7))
    axes.yaxis.set_minor_formatter(NullFormatter())


def thousands(value: float) -> str:
    """A step for an axis: 20k."""
    return f"{value:g}" if value < 1000 else f"{value / 1000:g}k"


# -- what is found, in words ----------------------------------------------------------------------

_SOLVED = "share_solved"
_WORDS = {
    "share_grokked": ("grok", "groks"),
    "share_immediate": ("at once", "at once"),
    "share_never": ("never", "never"),
    "share_not_memorised": ("do not memorise", "does not memorise"),
    _SOLVED: ("solve it", "solves it"),
}
"""Of several runs, and of one."""
CHANGE = "paper: one sharp change"
FALL = "paper: test loss falls long after train loss"


def in_words(group: Mapping[str, Any], said: Mapping[str, float], label: str) -> list[Any]:
    """Lines of a note: what the paper says of a setting, and what we find.

    Args:
        group: a row of a group table. said: by `<label>.<column>` of that table, `all` for a
            setting without a label. label: of the setting.
    """
    paper = _of(said, label)
    runs = int(group["runs"])
    # Who groks also solves the task: that is told where the paper tells it.
    ours = {
        name: float(group[name])
        for name in _WORDS
        if (name in paper and runs > 1) or (name != _SOLVED and float(group[name]) > 0)
    }
    told = _shares(ours, runs)
    if runs == 1 and _SOLVED in paper:
        told.append("solves it" if group[_SOLVED] == 1 else "does not solve it")
    ends = [float(group.get(f"generalised_{end}", math.nan)) for end in ("lo", "hi")]
    told += _step(float(group["generalised"]), *ends)
    lines = [(f"ours: {', '.join(told)}", OURS)]
    return [*paper_words(said, label), *lines]


def change_words(group: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Lines of a note on how suddenly a task is learned from fresh examples: `width`."""
    width = float(group["width"])
    text = (
        "no fall" if math.isnan(width) else f"most of the fall in {100 * width:.2g} % of the steps"
    )
    return [(CHANGE, PAPER), (f"ours: {text}", OURS)]


def fall_words(group: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Lines of a note on how late the test loss falls on a sample: `low`, `fall`, `fallen`."""
    low, fall, fallen = (float(group[name]) for name in ("low", "fall", "fallen"))
    if not math.isfinite(low):
        return [(FALL, PAPER), ("ours: the train loss is never low", OURS)]
    train = f"train loss low at step {low:,.0f}"
    test = f"test loss then falls {fall:.3g} times"
    by = f", by step {fallen:,.0f}" if math.isfinite(fallen) else ""
    return [(FALL, PAPER), (f"ours: {train};", OURS), (f"{test}{by}", OURS)]


def paper_words(said: Mapping[str, float], label: str) -> list[tuple[str, str]]:
    """What the paper says of a setting, or of all of them together: a line, or none."""
    paper = _of(said, label)
    shown = _shares(paper, 0) + _step(paper.get("generalised", math.inf))
    return [(f"paper: {', '.join(shown)}", PAPER)] if shown else []


def _of(said: Mapping[str, float], label: str) -> dict[str, float]:
    head = f"{label or 'all'}."
    return {k.removeprefix(head): v for k, v in said.items() if k.startswith(head)}


def _shares(shares: Mapping[str, float], runs: int) -> list[str]:
    found = []
    for name, (many, one) in _WORDS.items():
        if name in shares:
            share = shares[name]
            number = f"{100 * share:.0f} %" if share < 1 else "all"
            number = f"{round(share * runs)} of {runs}" if runs else number
            found.append(one if runs == 1 else f"{number} {many}")
    return found


def _step(step: float, low: float = math.nan, high: float = math.nan) -> list[str]:
    if not np.isfinite(step):
        return []
    ends = f" [{low:,.0f}, {high:,.0f}]" if np.isfinite(low) and np.isfinite(high) else ""
    return [f"step {step:,.0f}{ends}"]
