"""What figures of losses say beside their curves: what a paper finds of a setting, and we do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fittest.plotting.style import OURS, PAPER

_SOLVED, _NEVER = "share_solved", "share_never"
FATES = {
    "share_grokked": ("grok", "groks"),
    "share_immediate": ("generalise at once", "generalises at once"),
    _NEVER: ("never generalise", "never generalises"),
    "share_not_memorised": ("do not memorise", "does not memorise"),
    _SOLVED: ("solve it", "solves it"),
}
"""Columns of a group table: what is said of several runs, and of one."""
_FINAL = ("final_test_loss", "final_test_loss_min", "final_test_loss_max")
_SHOT = "share_shot"
_SILENT = "silent"
"""Of a setting that the paper trains and tells nothing of."""
_TAIL = 0.1
"""Share of the steps, at a run's end, in which a loss that falls on falls to less than half."""
_RANGE = 5
"""Up to so many cases the percentiles of a bootstrapped median are the least and the largest."""
_L1, _SUMMED = "l1 ", "with the penalty on the sum"


def note(paper: str, ours: str) -> list[tuple[str, str]]:
    """Lines of a note with their colours; what is empty takes no line."""
    lines = [(f"paper: {paper}", PAPER)] if paper else []
    return lines + ([(f"ours: {ours}", OURS)] if ours else [])


def paper_words(said: Mapping[str, float], label: str) -> str:
    """What the paper says of a setting, or of all of them together; empty for nothing.

    Args:
        said: by `<label>.<column>` of a group table, `all` for a setting without a label, and
            `runs`, where the paper has one run of each.
        label: of the setting.
    """
    paper = _of(said, label)
    if _SILENT in paper:
        return "does not say"
    shown = [*_shares(paper, 0, said.get("runs") == 1), *_step(paper.get("generalised", math.nan))]
    shown += _ends(paper, _FINAL[1:])
    shown += [_one_shot(paper[_SHOT])] if _SHOT in paper else []
    return ", ".join(shown + ([_SUMMED] if shown and label.startswith(_L1) else []))


def our_words(
    group: Mapping[str, Any],
    said: Mapping[str, float],
    label: str,
    falling: Sequence[float] = (),
) -> str:
    """What we find of a setting.

    Args:
        group: a row of a group table. said, label: as in ``paper_words``: what the paper tells of
            is told of ours too.
        falling: last test losses of the runs in which it still falls (``last_of_falling``): these
            have no final one.
    """
    paper, runs = _of(said, label), int(group["runs"])
    # Who groks also solves the task: that is told where the paper tells it.
    ours = {
        name: float(group[name])
        for name in FATES
        if (name in paper and name != _NEVER and runs > 1)
        or (name != _SOLVED and float(group[name]) > 0)
    }
    told = _shares(ours, runs, runs == 1)
    if runs == 1 and _SOLVED in paper:
        told.append("solves it" if group[_SOLVED] == 1 else "does not solve it")
    ends = [float(group.get(f"generalised_{end}", math.nan)) for end in ("lo", "hi")]
    told += _step(float(group["generalised"]), *ends)
    told += _by_answers(group, runs)
    if any(name in paper for name in _FINAL):
        if not falling or runs > 1:
            told += _ends(group, _FINAL[1:] if runs > 1 else _FINAL[:1])
        if falling and runs > 1:
            told.append(f"{len(falling)} of {runs} still falling")
        elif falling:
            told.append(f"test loss {number(falling[0])} at the last step, still falling")
    if _SHOT in paper:
        shot = round(float(group[_SHOT]) * runs)
        told.append(f"slingshots in {shot} of {runs}" if runs > 1 else _one_shot(shot))
    return ", ".join(told)


def still_falls(steps: ArrayLike, losses: ArrayLike) -> bool:
    """Whether (T,) losses, increasing in step, fall until the end: the last one is below half their
    median in the last tenth of the steps."""
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if len(times) == 0:
        return False
    late = values[times >= times[-1] - _TAIL * (times[-1] - times[0])]
    return bool(values[-1] < 0.5 * np.median(late))


def last_of_falling(curves: pd.DataFrame) -> list[float]:
    """Last test loss of each run of a setting in which it still falls.

    Args:
        curves: seed (negative for a median), series, step, value.
    """
    runs = curves[(curves["series"] == "test") & (curves["seed"] >= 0)].sort_values("step")
    parts = [part for _, part in runs.groupby("seed")]
    return [float(p["value"].iloc[-1]) for p in parts if still_falls(p["step"], p["value"])]


def setting(label: str) -> str:
    """The label of a setting as a title."""
    return f"l1 penalty {label.removeprefix(_L1)}, on the mean" if label.startswith(_L1) else label


def times(ratio: float) -> str:
    """A ratio in words: `12 times`, or with a power of ten."""
    return f"{number(ratio)} times" if np.isfinite(ratio) else "without end"


def number(value: float) -> str:
    """Two digits, with a power of ten as readers write it where it is large or small."""
    if value == 0 or not math.isfinite(value) or 1e-2 <= abs(value) < 1e4:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"
    digits, _, power = f"{value:.1e}".partition("e")
    return rf"${digits}\times10^{{{int(power)}}}$"


def _of(said: Mapping[str, float], label: str) -> dict[str, float]:
    head = f"{label or 'all'}."
    return {k.removeprefix(head): v for k, v in said.items() if k.startswith(head)}


def _shares(shares: Mapping[str, float], runs: int, one: bool) -> list[str]:
    found = []
    for name, (many, single) in FATES.items():
        if name in shares:
            share = shares[name]
            if name == _NEVER and share == 1 and not one:
                found.append("none generalises")
                continue
            part = f"{100 * share:.0f} %" if share < 1 else "all"
            part = f"{round(share * runs)} of {runs}" if runs else part
            found.append(single if one else f"{part} {many}")
    return found


def _by_answers(group: Mapping[str, Any], runs: int) -> list[str]:
    """That runs which all generalise, as their answers tell, do not all come to a low test loss."""
    generalise = float(group["share_grokked"]) + float(group["share_immediate"])
    if generalise < 1 - 1e-9 or float(group.get("generalised_max", 0.0)) < math.inf:
        return []
    which = "not all with a low test loss" if runs > 1 else "its test loss is never low"
    return [f"by right answers, {which}"]


def bracketed(counts: Sequence[int]) -> str:
    """What brackets beside a median over so many runs are: their bootstrap interval is the range of
    the runs up to five of them (progress methods 4).

    Args:
        counts: of the runs of each setting, one of them larger than 1.
    """
    few, many = any(1 < n <= _RANGE for n in counts), any(n > _RANGE for n in counts)
    if few and many:
        return f"[range; interval of more than {_RANGE} runs]"
    return "[range]" if few else "[95 % interval]"


def _one_shot(shot: float) -> str:
    return "with slingshots" if shot else "without slingshots"


def _step(step: float, low: float = math.nan, high: float = math.nan) -> list[str]:
    if not np.isfinite(step):
        return []
    if not np.isfinite(low) or np.isnan(high):
        return [f"step {step:,.0f}"]
    # Where the interval has no end, some runs do not get there.
    end = f"{high:,.0f}" if np.isfinite(high) else "never"
    return [f"step {step:,.0f} [{low:,.0f},\N{NO-BREAK SPACE}{end}]"]


def _ends(values: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    known = [number(float(values[name])) for name in names if name in values]
    return [f"final test loss {' to '.join(known)}"] if known else []
