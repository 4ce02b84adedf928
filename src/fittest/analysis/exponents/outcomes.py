"""What became of a run, from its accuracies and losses (exponents methods 2.2)."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.exponents.settings import OutcomeSettings
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.censored import median_time, median_with_interval
from fittest.analysis.statistics.intervals import Estimate, Resampling
from fittest.runs.run import Run

Outcome = Literal["grokked", "immediate", "memorised", "not fit"]
OUTCOMES: tuple[Outcome, ...] = ("grokked", "immediate", "memorised", "not fit")
TIMES = ("t_mem", "t_gen", "t_gen_90", "t_gen_95", "t_half", "t_drop")
"""Steps of a run; infinite where the budget of steps ends before."""
COLUMNS = [
    *("run_id", "runset", "task", "p", "a", "b", "seed", "steps"),
    *("outcome", *TIMES, "cut_short", "widest_gap", "largest_test_loss"),
    *("train_accuracy", "test_accuracy", "train_loss", "test_loss"),
]
"""Of a row per run; a and b are missing for a task without two exponents. cut_short: whether it
ended with a test loss below half of its largest, but before t_gen: it was under way, and says
neither that it generalises nor that it only memorises. The last four are those of its last row."""
LOSS_COLUMNS = ("run_id", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy")
"""What is read of a trajectory."""


def on_grid(steps: ArrayLike, rules: OutcomeSettings) -> NDArray[np.bool_]:
    """Which recorded steps are looked at: a run recorded more often is not seen to be sooner."""
    times = np.asarray(steps)
    early = (times <= rules.fine_until) & (times % rules.fine == 0)
    return np.asarray(early | (times % rules.coarse == 0))


def first_held(steps: ArrayLike, shares: ArrayLike, least: float, held: float, hold: int) -> float:
    """The first step with a share of at least `least` that stays at least `held` for `hold` steps;
    infinity where there is none, or where the run ends before it can be told.

    steps, shares: (T,), increasing in step. A `held` above `least` asks for `least` only.
    """
    times, values = np.asarray(steps), np.asarray(shares, dtype=np.float64)
    low = times[values < min(least, held)]
    for step in times[values >= least]:
        if step + hold > times[-1]:
            break
        later = low[low > step]
        if len(later) == 0 or later[0] > step + hold:
            return float(step)
    return math.inf


def steepest_fall(steps: ArrayLike, losses: ArrayLike, window: int) -> float:
    """The middle of the stretch of `window` steps over which the logarithm of a loss falls most;
    infinity where it never falls, or where the run is shorter.

    steps, losses: (T,), increasing in step; a loss of 0 counts as the smallest number there is.
    """
    times = np.asarray(steps, dtype=np.float64)
    logs = np.log(np.maximum(np.asarray(losses, dtype=np.float64), np.finfo(float).tiny))
    ends = np.searchsorted(times, times + window)
    begins = np.flatnonzero(ends < len(times))
    if len(begins) == 0:
        return math.inf
    falls = logs[begins] - logs[ends[begins]]
    most = int(falls.argmax())
    return float(times[begins[most]] + window / 2) if falls[most] > 0 else math.inf


def first_below_half(steps: ArrayLike, losses: ArrayLike) -> float:
    """The first step after its largest value at which a loss is below half of it; infinity where
    none is."""
    times, values = np.asarray(steps), np.asarray(losses, dtype=np.float64)
    top = int(values.argmax())
    below = np.flatnonzero(values[top:] < values[top] / 2)
    return float(times[top + below[0]]) if len(below) else math.inf


def outcome(rows: pd.DataFrame, rules: OutcomeSettings) -> dict[str, Any]:
    """What became of one run.

    Args:
        rows: of its trajectory, in the order of steps: LOSS_COLUMNS.

    Returns:
        COLUMNS from ``outcome`` on, losses in nats. `widest_gap` is the largest difference of the
        accuracies from t_mem on, NaN without t_mem.
    """
    seen = rows[on_grid(rows["step"], rules)]
    steps, train, test, loss = (
        seen[name].to_numpy(dtype=np.float64)
        for name in ("step", "train_accuracy", "test_accuracy", "test_loss")
    )
    reached = np.flatnonzero(train >= rules.memorised)
    memorised = float(steps[reached[0]]) if len(reached) else math.inf
    generalised, at_90, at_95 = (
        first_held(steps, test, least, rules.held, rules.hold)
        for least in (rules.generalised, 0.9, 0.95)
    )
    gap = float((train - test)[reached[0] :].max()) if len(reached) else math.nan
    last = rows.iloc[-1]
    became = outcome_of(memorised, generalised, gap, rules)
    return {
        "outcome": became,
        "t_mem": memorised,
        "t_gen": generalised,
        "t_gen_90": at_90,
        "t_gen_95": at_95,
        "t_half": first_below_half(steps, loss),
        "t_drop": steepest_fall(steps, loss, rules.window),
        "cut_short": became == "memorised" and float(loss[-1]) < float(loss.max()) / 2,
        "widest_gap": gap,
        "largest_test_loss": float(loss.max()),
        **{name: float(last[name]) for name in LOSS_COLUMNS[2:]},
    }


def outcome_of(memorised: float, generalised: float, gap: float, rules: OutcomeSettings) -> Outcome:
    """One of OUTCOMES.

    Args:
        memorised, generalised: t_mem and t_gen; infinity for never.
        gap: largest difference of train and test accuracy from t_mem on.
    """
    if math.isinf(generalised):
        return "not fit" if math.isinf(memorised) else "memorised"
    late = generalised - memorised >= rules.delay
    return "grokked" if late and gap >= rules.gap else "immediate"


def run_outcomes(
    runs: pd.DataFrame, trajectory: pd.DataFrame, rules: OutcomeSettings
) -> pd.DataFrame:
    """COLUMNS, a row per run that did not fail, in the order of `runs`.

    Args:
        runs: `runs` tables. trajectory: theirs; rows of other runs do not matter.
    """
    by_run = {run_id: part.sort_values("step") for run_id, part in trajectory.groupby("run_id")}
    rows = []
    for row in complete(runs).to_dict("records"):
        run = Run.model_validate_json(str(row["config"]))
        part = by_run[row["run_id"]]
        a, b = getattr(run.task, "exponents", (None, None))
        rows.append(
            {
                "run_id": row["run_id"],
                "runset": row["runset"],
                "task": run.task.name,
                "p": getattr(run.task, "p", None),
                "a": a,
                "b": b,
                "seed": run.seeds.split,
                "steps": int(part["step"].iloc[-1]),
                **outcome(part, rules),
            }
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    whole = ("p", "a", "b")
    return table.astype(dict.fromkeys(whole, "Int64"))


def median_step(table: pd.DataFrame, time: str) -> float:
    """Median over runs of one of TIMES, by Kaplan and Meier: a run whose budget ended before is one
    that takes longer, never one that is left out. Infinite where fewer than half got there, NaN
    without runs.

    table: COLUMNS of at least `steps` and the time.
    """
    return median_time(*_censored(table, time))


def median_outcome(table: pd.DataFrame, time: str, resampling: Resampling) -> Estimate:
    """``median_step`` with its bootstrap interval over runs."""
    return median_with_interval(*_censored(table, time), resampling)


def _censored(table: pd.DataFrame, time: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    times = table[time].to_numpy(dtype=np.float64)
    happened = np.isfinite(times)
    return np.where(happened, times, table["steps"].to_numpy(dtype=np.float64)), happened
