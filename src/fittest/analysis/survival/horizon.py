"""How soon the survivor set is final, the cost of stopping early (survival methods 1.6, S47)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import alive_two_mean
from fittest.analysis.fates.settle import stop_position
from fittest.analysis.statistics.intervals import rate
from fittest.runs.parts import Stop

COLUMNS = [
    "step",
    "runs",
    "sets_equal",
    "sets_equal_lo",
    "sets_equal_hi",
    "labels",
    "labels_equal",
    "births",
    "deaths",
    "count_offset",
    "count_offset_sd",
]


def horizon_agreement(
    trajectory: pd.DataFrame, steps: Sequence[int], two_mean_factor: float, confidence: float
) -> pd.DataFrame:
    """Compare each run's survivor set at some steps with the set at its own last step.

    Args:
        trajectory: columns run_id, step, signals (K values), signal_mean (over all p bins).
        steps: horizons to try. Runs that did not record a step, or end before it, are left out
            of that row.
        two_mean_factor: of the alive rule.
        confidence: level of the Wilson interval of ``sets_equal``, e.g. 0.95.

    Returns:
        One row per step that at least one run recorded: ``runs``; ``sets_equal`` = share of runs
        whose set is the final one; ``labels`` = number of (run, k) compared and ``labels_equal``
        the share that agrees; ``births`` and ``deaths`` per run after the step;
        ``count_offset`` = mean of (count at the step - count at the end) and its standard
        deviation over runs.
    """
    rows = []
    alive_at: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {step: [] for step in steps}
    for _, run in trajectory.groupby("run_id", sort=True):
        ordered = run.sort_values("step")
        signals = np.stack([np.asarray(row, dtype=np.float64) for row in ordered["signals"]])
        alive = alive_two_mean(signals, ordered["signal_mean"].to_numpy(float), two_mean_factor)
        position = {int(step): index for index, step in enumerate(ordered["step"])}
        for step in steps:
            if step in position:
                alive_at[step].append((alive[position[step]], alive[-1]))
    for step, pairs in alive_at.items():
        if not pairs:
            continue
        equal = sum(bool((now == end).all()) for now, end in pairs)
        labels = sum(len(now) for now, _ in pairs)
        offsets = np.array([int(now.sum()) - int(end.sum()) for now, end in pairs])
        kept = rate(equal, len(pairs), confidence)
        rows.append(
            {
                "step": int(step),
                "runs": len(pairs),
                "sets_equal": kept.value,
                "sets_equal_lo": kept.lo,
                "sets_equal_hi": kept.hi,
                "labels": labels,
                "labels_equal": sum(int((now == end).sum()) for now, end in pairs) / labels
                if labels
                else np.nan,
                "births": sum(int((~now & end).sum()) for now, end in pairs) / len(pairs),
                "deaths": sum(int((now & ~end).sum()) for now, end in pairs) / len(pairs),
                "count_offset": float(offsets.mean()),
                "count_offset_sd": float(offsets.std(ddof=1)) if len(offsets) > 1 else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


RULE_COLUMNS = [
    "rule",
    "runs",
    "sets_equal",
    "sets_equal_lo",
    "sets_equal_hi",
    "labels_equal",
    "count_offset",
    "share_of_steps",
    "unstopped",
]


def rule_agreement(
    trajectory: pd.DataFrame,
    rules: Mapping[str, Stop],
    two_mean_factor: float,
    confidence: float,
) -> pd.DataFrame:
    """Where each stop rule would have stopped complete runs, and whether it was right.

    Args:
        trajectory: as for `horizon_agreement`; the runs go to their last step.
        rules: by name. two_mean_factor, confidence: as for `horizon_agreement`.

    Returns:
        One row per rule: ``sets_equal`` = share of runs whose survivor set where the rule stops
        them is that of their last step, with its Wilson interval; ``labels_equal`` the share of
        (run, k) that agree; ``count_offset`` = mean of (count at the stop - count at the end);
        ``share_of_steps`` = mean step of the stop over the last step; ``unstopped`` = share of
        runs that the rule never stops, which count with all their steps.
    """
    runs = []
    for _, run in trajectory.groupby("run_id", sort=True):
        ordered = run.sort_values("step")
        signals = np.stack([np.asarray(row, dtype=np.float64) for row in ordered["signals"]])
        alive = alive_two_mean(signals, ordered["signal_mean"].to_numpy(float), two_mean_factor)
        runs.append((ordered, alive))
    rows = []
    for name, stop in rules.items():
        places = [stop_position(ordered, stop, two_mean_factor) for ordered, _ in runs]
        ends = [
            len(alive) - 1 if at is None else at
            for at, (_, alive) in zip(places, runs, strict=True)
        ]
        found = [(alive[end], alive[-1]) for end, (_, alive) in zip(ends, runs, strict=True)]
        equal = sum(bool((now == last).all()) for now, last in found)
        kept = rate(equal, len(runs), confidence)
        shares = [
            ordered["step"].iloc[end] / ordered["step"].iloc[-1]
            for end, (ordered, _) in zip(ends, runs, strict=True)
        ]
        rows.append(
            {
                "rule": name,
                "runs": len(runs),
                "sets_equal": kept.value,
                "sets_equal_lo": kept.lo,
                "sets_equal_hi": kept.hi,
                "labels_equal": float(np.mean([(now == last).mean() for now, last in found])),
                "count_offset": float(
                    np.mean([int(now.sum()) - int(last.sum()) for now, last in found])
                ),
                "share_of_steps": float(np.mean(shares)),
                "unstopped": float(np.mean([at is None for at in places])),
            }
        )
    return pd.DataFrame(rows, columns=RULE_COLUMNS)
