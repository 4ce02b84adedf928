"""What figures of progress measures say: what to look for, what the paper says, and where phases
end."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Formed, Phase, Undecayed
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.plotting.loss_words import still_falls


@dataclass(frozen=True)
class Told:
    """What stands above the panels: what to look for, what the paper says, and of ours sentences,
    each with the statistics that fill its gaps."""

    see: str
    paper: str
    ours: tuple[tuple[str, tuple[StatisticName, ...]], ...] = ()


_LEADS = ("restricted loss falls before test loss in {}", (Formed.LEADS,))
_SHARPER = ("the map's Gini rises twice as fast in cleanup in {}", (Formed.GINI,))
SHARES = (Formed.LEADS, Formed.GINI, Formed.ACCURACY_LEADS, Formed.RISES_FIRST)
"""Statistics that are shares of runs."""
_FINE = (Formed.ALPHA_JUMP, Formed.ALPHA_JUMP_OTHERS)
"""Statistics that a limit of two digits decides."""
TOLD: dict[tuple[str, ...], Told] = {
    ("excluded", "restricted", "sparsity", "weights"): Told(
        "What is formed before the test loss falls?",
        "excluded loss rises, restricted loss falls before test loss; sparsity jumps in cleanup",
        (_LEADS, _SHARPER),
    ),
    ("accuracy",): Told(
        "Do the key frequencies alone answer right before the network does?",
        "they do",
        (("they do in {}", (Formed.ACCURACY_LEADS,)),),
    ),
    ("coefficients",): Told(
        "How do the waves of key frequencies come to their size?",
        "they grow smoothly, before and after the network generalises",
        (
            (
                "{} of the size at the end is there when test loss falls, median of runs",
                (Formed.ALPHA_FORMED,),
            ),
            (
                "one rises by up to {} of its end within 100 steps (seed {})",
                (Formed.ALPHA_JUMP, Formed.ALPHA_JUMP_SEED),
            ),
            ("in the other seeds by up to {}", (Formed.ALPHA_JUMP_OTHERS,)),
            ("one falls by up to {} of its peak", (Formed.ALPHA_FALL,)),
        ),
    ),
    ("accuracy_each", "loss_each"): Told(
        "What does the network lose on train pairs without one key frequency?",
        "the curves bend where phases end",
    ),
    ("restricted",): Told(
        "Does restricted loss fall before test loss in the other seeds?",
        "it does in all; memorisation ends near step 1,400 in all, the later phases differ",
        (
            _LEADS,
            ("memorisation ends at step {} to {}", (Phase.T1_MIN, Phase.T1_MAX)),
            (
                "by the least excluded loss at {} to {}",
                (Phase.T1_EXCLUDED_MIN, Phase.T1_EXCLUDED_MAX),
            ),
        ),
    ),
    ("sparsity",): Told(
        "Does sparsity rise fastest in cleanup in the other seeds?",
        "slowly in memorisation and circuit formation, fast in cleanup",
        (_SHARPER,),
    ),
    ("excluded",): Told(
        "Does excluded loss rise before test loss falls, in two layers?",
        "it does (one run)",
        (
            (
                "excluded loss rises to 1 nat before test loss falls in {}",
                (Formed.RISES_FIRST,),
            ),
        ),
    ),
    ("largest",): Told(
        "Does a circuit form without weight decay?",
        "no: excluded loss does not rise, and the network does not grok (one run)",
        (("once train loss is low, excluded loss ends at {} times its least", (Undecayed.LEFT,)),),
    ),
}


def end_words(run: pd.DataFrame, whole: int) -> list[str]:
    """Where a run ends before the paper's do, and what it answers right then."""
    last = run.sort_values("step").iloc[-1]
    step = int(last["step"])
    cut = [f"cut at step {step:,} of {whole:,}"] if step < whole else []
    return [*cut, f"test accuracy {last['test_accuracy']:.2g} at the end"]


def in_words(name: StatisticName, stats: Statistics) -> str:
    """A statistic for a heading."""
    row = stats[name]
    value, n = float(row["value"]), int(row["n"])
    if name in SHARES and math.isfinite(value):
        return ("this run" if value else "no run") if n == 1 else f"{round(value * n)} of {n} runs"
    exact = value.is_integer() and math.isnan(float(row["ci_lo"]))
    return f"{value:,.0f}" if value >= 1000 or exact else printed(row, 3 if name in _FINE else 2)


def sentences(told: Told, stats: Statistics) -> list[str]:
    """What is found, a sentence each; without those of which a statistic is missing or unknown."""
    return [
        # Of all runs alike there is one number, and no range.
        re.sub(r"(\S+) to \1(?=\s|$)", r"\1", words.format(*(in_words(n, stats) for n in names)))
        for words, names in told.ours
        if all(name in stats and not math.isnan(stats[name]["value"]) for name in names)
    ]


def known_ends(run: pd.DataFrame, ends: Sequence[float]) -> list[float]:
    """Steps at which phases end, infinity for one that is beyond the run: while its test loss still
    falls cleanup goes on, and what is read off as its end is where the run is cut.

    Args:
        run: step and test_loss of its checkpoints. ends: t1, t2 and t3, or nothing.
    """
    ordered = run.sort_values("step")
    if len(ends) < 3 or not still_falls(ordered["step"], ordered["test_loss"]):
        return [*ends]
    return [*ends[:2], math.inf if math.isfinite(ends[2]) else ends[2]]


def shot_ends(run: pd.DataFrame, ends: Sequence[float], factor: float) -> str:
    """That slingshots leave the first end uncertain, where there are any up to the second.

    Args:
        run: step and train_loss of its checkpoints. factor: times the least loss so far, from which
            on a rise is a slingshot (progress methods 2.16).
    """
    if len(ends) < 2 or not all(map(math.isfinite, ends[:2])):
        return ""
    ordered = run.sort_values("step")
    between = ordered.loc[ordered["step"].between(ends[0], ends[1]), "train_loss"].to_numpy(float)
    shot = len(between) and (between > factor * np.minimum.accumulate(between)).any()
    return "slingshots up to the second end leave the first uncertain" if shot else ""


def phase_ends(before: str, ends: Sequence[float]) -> str:
    """Steps at which the phases end, NaN for never and infinity for later than the run; empty where
    none is known."""
    if not any(map(math.isfinite, ends)):
        return ""
    return f"{before} {' / '.join(map(_end, ends))}"


def _end(end: float) -> str:
    if math.isnan(end):
        return "never"
    return f"{end:,.0f}" if math.isfinite(end) else "not yet, test loss still falls"
