"""What progress measures show before a network generalises (progress methods 4, P33 to P39)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Formed
from fittest.analysis.statistics.intervals import share
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = [
    *("run_id", "seed", "excluded_rise", "train_accuracy", "plateau", "lead", "accuracy_lead"),
    *("gini_ratio", "weights_formation", "weights_cleanup", "alpha_least", "alpha_formed"),
]
"""Of a row per run; NaN where a phase that it needs has no end.

excluded_rise: excluded loss at t2 over that at t1. train_accuracy: least from t1 to t2.
plateau: slope of the logarithm of the excluded loss in cleanup over that in circuit formation.
lead: steps by which the restricted loss falls below half the loss of a guess before the test loss.
accuracy_lead: steps by which restricted accuracy reaches a half before test accuracy.
gini_ratio: slope of the map's Gini coefficient in cleanup over that in circuit formation.
weights_: slope of the squared weights in either, per step.
alpha_least: smallest coefficient of a key frequency at the end.
alpha_formed: median share of the coefficients that is there at t2.
"""


def measured_runs(
    measures: pd.DataFrame, frequencies: pd.DataFrame, phases: pd.DataFrame, p: int
) -> pd.DataFrame:
    """COLUMNS, a row per run of `phases`.

    Args:
        measures, frequencies: of circuits.measures. phases: run_id, seed, t1, t2, t3 in steps.
    """
    rows = [
        _measured(
            one,
            measures[measures["run_id"] == one["run_id"]].sort_values("step"),
            frequencies[frequencies["run_id"] == one["run_id"]],
            p,
        )
        for one in phases.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(ends: dict[Any, Any], run: pd.DataFrame, each: pd.DataFrame, p: int) -> Row:
    t1, t2, t3 = (float(ends[name]) for name in ("t1", "t2", "t3"))
    steps = run["step"].to_numpy(float)

    def at(column: str, step: float) -> float:
        return float(np.interp(step, steps, run[column])) if math.isfinite(step) else math.nan

    def slope(column: str, start: float, end: float, log: bool = False) -> float:
        first, last = at(column, start), at(column, end)
        if log:
            first, last = (math.log(v) if v > 0 else math.nan for v in (first, last))
        return (last - first) / (end - start) if end > start else math.nan

    def first(column: str, level: float, above: bool) -> float:
        values = run[column].to_numpy(float)
        hits = np.flatnonzero(values >= level if above else values < level)
        return float(steps[hits[0]]) if len(hits) else math.inf

    between = run[(run["step"] >= t1) & (run["step"] <= t2)]["train_accuracy"]
    low = math.log(p) / 2
    final = each[each["step"] == each["step"].max()].set_index("k")["alpha"]
    near = each.loc[(each["step"] - t2).abs() == (each["step"] - t2).abs().min()]
    formed = near.set_index("k")["alpha"] / final
    return {
        "run_id": ends["run_id"],
        "seed": ends["seed"],
        "excluded_rise": _over(at("excluded_loss", t2), at("excluded_loss", t1)),
        "train_accuracy": float(between.min()),
        "plateau": _over(
            slope("excluded_loss", t2, t3, log=True), slope("excluded_loss", t1, t2, log=True)
        ),
        "lead": _lead(first("test_loss", low, False), first("restricted_loss", low, False)),
        "accuracy_lead": _lead(
            first("test_accuracy", 0.5, True), first("restricted_accuracy", 0.5, True)
        ),
        "gini_ratio": _over(slope("gini_map", t2, t3), slope("gini_map", t1, t2)),
        "weights_formation": slope("squared_weights", t1, t2),
        "weights_cleanup": slope("squared_weights", t2, t3),
        "alpha_least": float(final.min()),
        "alpha_formed": float(formed.median()),
    }


def _over(value: float, other: float) -> float:
    """NaN where there is nothing to compare with."""
    return value / other if other != 0 else math.nan


def _lead(late: float, early: float) -> float:
    """Steps between; NaN where neither comes."""
    return math.nan if math.isinf(late) and math.isinf(early) else late - early


def formed_rows(table: pd.DataFrame, least_lead: float, confidence: float) -> list[Row]:
    """Rows of `Formed` from a table of COLUMNS. A run without an end of a phase shows nothing.

    least_lead: steps by which restricted loss has to lead.
    """
    n = len(table)
    known = table[["excluded_rise", "train_accuracy", "alpha_least", "alpha_formed"]]
    least = known.min(skipna=False) if n else known.max()
    falls = (table["weights_formation"] < 0) & (
        table["weights_cleanup"] < table["weights_formation"]
    )
    shares = (
        (Formed.PLATEAU, table["plateau"] < 1, "excluded loss rises more slowly in cleanup"),
        (Formed.LEADS, table["lead"] >= least_lead, "restricted loss falls before the test loss"),
        (Formed.ACCURACY_LEADS, table["accuracy_lead"] > 0, "restricted accuracy rises first"),
        (Formed.GINI, table["gini_ratio"] >= 2, "Gini rises twice as fast in cleanup"),
        (Formed.WEIGHTS, falls, "squared weights fall, and faster in cleanup"),
    )
    return [
        statistic_row(Formed.RISE, float(least["excluded_rise"]), n, "excluded at t2 over t1"),
        statistic_row(Formed.TRAIN, float(least["train_accuracy"]), n, "train accuracy meanwhile"),
        statistic_row(Formed.ALPHA, float(least["alpha_least"]), n, "coefficient at the end"),
        statistic_row(
            Formed.ALPHA_FORMED,
            float(np.median(table["alpha_formed"])) if n else math.nan,
            n,
            "share of the coefficients at t2, median",
        ),
        *(statistic_row(name, share(hits, confidence), n, text) for name, hits, text in shares),
    ]
