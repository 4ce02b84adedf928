"""What the precision of a loss does to a run: spikes, and whether it generalises (exponents methods
2.11; P03-P05)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.other_names import DOUBLE, SINGLE, THROUGHOUT, Precision
from fittest.analysis.exponents.outcomes import run_outcomes
from fittest.analysis.exponents.settings import OutcomeSettings, SpikeSettings
from fittest.analysis.exponents.spikes import loss_spikes
from fittest.analysis.fates.curves import every_train_loss, thinned
from fittest.analysis.statistics.intervals import Resampling, over_runs, rate
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.run import Run
from fittest.tasks import Powers

SPIKES = ["run_id", "name", "arm", "seed", "step", "before", "peak", "near_drop"]
"""near_drop: whether the spike is within a quarter of t_drop, of a run that generalises; missing of
others."""
CURVES = ["name", "arm", "seed", "series", "step", "value"]
NEAR = 0.25
"""Share of t_drop (claim P04)."""


def arm_of(run: Run) -> str:
    """One of ARMS (`other_names`)."""
    if run.arithmetic.dtype == "float64":
        return THROUGHOUT
    return SINGLE if run.arithmetic.loss == "float32" else DOUBLE


def name_of(run: Run) -> str:
    """The task for readers, such as `3 operands mod 13`."""
    task: Any = run.task
    if isinstance(task, Powers):
        a, b = task.exponents
        return f"({a}, {b}) mod {task.p}"
    if task.name == "modular_addition":
        return f"{task.operands} operands mod {task.p}"
    if task.name == "coprimality":
        return f"coprime, to {task.p}"
    return f"prime, to {task.numbers}"


def precision_runs(
    runs: pd.DataFrame, trajectory: pd.DataFrame, outcomes: OutcomeSettings, rules: SpikeSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes of runs with their name, arm and number of spikes; and SPIKES.

    Args:
        runs: `runs` tables. trajectory: of these: losses and accuracies, and train_losses.
    """
    table = run_outcomes(runs, trajectory, outcomes)
    by_run = dict(iter(trajectory.groupby("run_id")))
    configs = runs.drop_duplicates("run_id").set_index("run_id")["config"]
    told: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        run = Run.model_validate_json(str(configs[row["run_id"]]))
        spikes = loss_spikes(*every_train_loss(by_run[row["run_id"]].sort_values("step")), rules)
        named = {"name": name_of(run), "arm": arm_of(run)}
        told.append({**named, "spikes": len(spikes)})
        drops = math.isfinite(row["t_gen"]) and math.isfinite(row["t_drop"])
        for one in spikes:
            near = abs(one.step - row["t_drop"]) <= NEAR * row["t_drop"] if drops else None
            found.append(
                {"run_id": row["run_id"], "seed": row["seed"], **named, **vars(one)}
                | {"near_drop": near}
            )
    more = pd.DataFrame(told, columns=["name", "arm", "spikes"], index=table.index)
    spikes_table = pd.DataFrame(found, columns=SPIKES).astype({"near_drop": "boolean"})
    return table.join(more), spikes_table


def precision_curves(
    table: pd.DataFrame, trajectory: pd.DataFrame, norms: pd.DataFrame, pieces: int
) -> pd.DataFrame:
    """CURVES of each run: `loss` at every step, thinned; `gradient`, `unembedding_gradient` and
    `unembedding` at checkpoints.

    Args:
        table: of `precision_runs`. norms: NORMS of these runs. pieces: see ``thinned``.
    """
    by_run = dict(iter(trajectory.groupby("run_id")))
    parts = []
    for run in table.to_dict("records"):
        told = {name: run[name] for name in ("name", "arm", "seed")}
        steps, losses = every_train_loss(by_run[run["run_id"]].sort_values("step"))
        kept = thinned(steps, losses, pieces)
        drawn = {"step": np.asarray(steps)[kept], "value": np.asarray(losses)[kept]}
        parts.append(pd.DataFrame(drawn).assign(**told, series="loss"))
        rows = norms[norms["run_id"] == run["run_id"]]
        for series in ("gradient", "unembedding_gradient", "unembedding"):
            shown = {"step": rows["step"].to_numpy(), "value": rows[series].to_numpy(float)}
            parts.append(pd.DataFrame(shown).assign(**told, series=series))
    if not parts:
        return pd.DataFrame(columns=CURVES)
    return pd.concat(parts, ignore_index=True)[CURVES]


def precision_rows(table: pd.DataFrame, spikes: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics, of `precision_runs`."""
    rows = [statistic_row(Precision.RUNS, len(table), len(table), "runs of all arms")]
    for arm, name in (
        (SINGLE, Precision.SPIKES_SINGLE),
        (DOUBLE, Precision.SPIKES_DOUBLE),
        (THROUGHOUT, Precision.SPIKES_THROUGHOUT),
    ):
        part = table[table["arm"] == arm]
        number = float(part["spikes"].sum()) if len(part) else math.nan
        rows.append(statistic_row(name, number, len(part), f"spikes of all runs, {arm}"))
    # Arms are compared on the tasks and seeds that both have.
    pairs = _paired(table)
    excess = float((pairs[SINGLE] - 3 * pairs[DOUBLE]).sum()) if len(pairs) else math.nan
    rows.append(
        statistic_row(
            Precision.EXCESS, excess, len(pairs), "spikes in float32 less three times those else"
        )
    )
    single = spikes[spikes["arm"] == SINGLE]
    before = float(single["before"].median()) if len(single) else math.nan
    rows.append(
        statistic_row(
            Precision.BEFORE, before, len(single), "median loss before a spike, float32, nats"
        )
    )
    rows += _task_rows(table)
    # Spikes of one run are no independent cases, and their number is not the same in all runs.
    told = single[single["near_drop"].notna()]
    near, n = over_runs(
        told["near_drop"].astype(float).groupby(told["run_id"]).mean().to_numpy(float),
        "mean",
        resampling,
    )
    rows.append(
        statistic_row(
            Precision.NEAR_DROP,
            near,
            n,
            "share of a run's spikes within a quarter of the step at which its test loss falls"
            " most, mean over runs in float32 that generalise",
        )
    )
    sums = table[(table["task"] == "powers")]
    for arm, grokked, generalised in (
        (SINGLE, Precision.GROKKED_SINGLE, Precision.GENERALISED_SINGLE),
        (DOUBLE, Precision.GROKKED_DOUBLE, Precision.GENERALISED_DOUBLE),
    ):
        part = sums[sums["arm"] == arm]
        late = int((part["outcome"] == "grokked").sum())
        at_all = int(np.isfinite(part["t_gen"].to_numpy(float)).sum())
        for name, hits, note in (
            (grokked, late, f"share of sums of two numbers that grok, {arm}"),
            (generalised, at_all, f"share of sums of two numbers that generalise, {arm}"),
        ):
            estimate = rate(hits, len(part), resampling.confidence)
            rows.append(statistic_row(name, estimate, len(part), note))
    return rows


LEAST, TIMES = 3, 3
"""Spikes from which a task has them over and over, and how many times those in float64 (P03)."""
REPORTED = {
    Precision.SPIKES_PRIMALITY: ("primality", "primality"),
    Precision.SPIKES_COPRIMALITY: ("coprimality", "coprimality"),
    Precision.SPIKES_OPERANDS: ("modular_addition", "sums of several operands"),
}
"""The tasks of which the report tells spikes: statistic -> the task's name, and in words."""


def _task_rows(table: pd.DataFrame) -> list[Row]:
    """Spikes by task, of runs that have both precisions of the loss."""
    by_task = {str(task): _paired(part) for task, part in table.groupby("task")}
    there = [by_task[task] for task, _ in REPORTED.values() if task in by_task]
    known = [pairs.sum() for pairs in there if len(pairs)]
    spiking = sum(one[SINGLE] >= max(LEAST, TIMES * one[DOUBLE]) for one in known)
    rows = [
        statistic_row(
            Precision.TASKS_SPIKING,
            spiking if len(known) == len(REPORTED) else math.nan,
            min(map(len, there), default=0),  # as many as the task with the fewest rests on
            f"of the report's tasks, those with at least {LEAST} spikes in float32, and {TIMES}"
            " times those in float64",
        )
    ]
    for name, (task, words) in {
        **REPORTED,
        Precision.SPIKES_SUMS: ("powers", "sums of two numbers"),
    }.items():
        pairs = by_task.get(task)
        n = 0 if pairs is None else len(pairs)
        number = math.nan if pairs is None or n == 0 else float(pairs[SINGLE].sum())
        rows.append(statistic_row(name, number, n, f"spikes in float32, {words}"))
    return rows


def _paired(table: pd.DataFrame) -> pd.DataFrame:
    """Spikes by task and seed, a column for each of the two precisions of the loss; those that have
    both."""
    wide = table.pivot_table(index=["name", "seed"], columns="arm", values="spikes")
    return wide.reindex(columns=[SINGLE, DOUBLE]).dropna()
