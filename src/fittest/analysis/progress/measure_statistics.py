"""What progress measures show before a network generalises (progress methods 4, P33 to P39)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Formed
from fittest.analysis.progress.summaries import least
from fittest.analysis.statistics.intervals import Resampling, over_runs, share
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = [
    *("run_id", "seed", "excluded_rise", "train_accuracy", "excluded_formation"),
    *("excluded_cleanup", "excluded_lead", "lead", "accuracy_lead", "gini_formation"),
    *("gini_cleanup", "gini_embedding_formation", "gini_embedding_cleanup"),
    *("weights_formation", "weights_cleanup", "alpha_least", "alpha_formed"),
]
"""Of a row per run; NaN where a phase that it needs has no end.

_formation, _cleanup: slopes per step in these phases, of the logarithm of the excluded loss, of the
Gini coefficients of the map (`gini`) and of the embedding, and of the squared weights.
excluded_rise: excluded loss at t2 over that at t1. train_accuracy: least from t1 to t2.
excluded_lead: steps by which the excluded loss has risen so many times, as asked for, before the
test loss falls below half the loss of a guess. lead: steps by which the restricted loss falls below
it before the test loss does.
accuracy_lead: steps by which restricted accuracy reaches a half before test accuracy.
alpha_least: smallest coefficient of a key frequency at the end.
alpha_formed: median share of the coefficients that is there at t2.
"""


def measured_runs(
    measures: pd.DataFrame, frequencies: pd.DataFrame, phases: pd.DataFrame, p: int, rise: float
) -> pd.DataFrame:
    """COLUMNS, a row per run of `phases`.

    Args:
        measures, frequencies: of circuits.measures. phases: run_id, seed, t1, t2, t3 in steps.
        rise: of the excluded loss over that at t1 which counts for `excluded_lead`, times.
    """
    rows = [
        _measured(
            one,
            measures[measures["run_id"] == one["run_id"]].sort_values("step"),
            frequencies[frequencies["run_id"] == one["run_id"]],
            p,
            rise,
        )
        for one in phases.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(
    ends: dict[Any, Any], run: pd.DataFrame, each: pd.DataFrame, p: int, rise: float
) -> Row:
    t1, t2, t3 = (float(ends[name]) for name in ("t1", "t2", "t3"))
    steps = run["step"].to_numpy(float)

    def at(column: str, step: float) -> float:
        return float(np.interp(step, steps, run[column])) if math.isfinite(step) else math.nan

    def slope(column: str, start: float, end: float, log: bool = False) -> float:
        first, last = at(column, start), at(column, end)
        if log:
            first, last = (math.log(v) if v > 0 else math.nan for v in (first, last))
        return (last - first) / (end - start) if end > start else math.nan

    def first(column: str, level: float, above: bool, after: float = 0) -> float:
        values = run[column].to_numpy(float)
        hits = np.flatnonzero((values >= level if above else values < level) & (steps >= after))
        return float(steps[hits[0]]) if len(hits) else math.inf

    between = run[(run["step"] >= t1) & (run["step"] <= t2)]["train_accuracy"]
    low, risen = math.log(p) / 2, rise * at("excluded_loss", t1)
    tested = first("test_loss", low, False)
    final = each[each["step"] == each["step"].max()].set_index("k")["alpha"]
    near = each.loc[(each["step"] - t2).abs() == (each["step"] - t2).abs().min()]
    formed = near.set_index("k")["alpha"] / final
    return {
        "run_id": ends["run_id"],
        "seed": ends["seed"],
        "excluded_rise": _over(at("excluded_loss", t2), at("excluded_loss", t1)),
        "train_accuracy": float(between.min()),
        "excluded_formation": slope("excluded_loss", t1, t2, log=True),
        "excluded_cleanup": slope("excluded_loss", t2, t3, log=True),
        "excluded_lead": _lead(tested, first("excluded_loss", risen, True, after=t1)),
        "lead": _lead(tested, first("restricted_loss", low, False)),
        "accuracy_lead": _lead(
            first("test_accuracy", 0.5, True), first("restricted_accuracy", 0.5, True)
        ),
        "gini_formation": slope("gini_map", t1, t2),
        "gini_cleanup": slope("gini_map", t2, t3),
        "gini_embedding_formation": slope("gini_embedding", t1, t2),
        "gini_embedding_cleanup": slope("gini_embedding", t2, t3),
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


def formed_rows(table: pd.DataFrame, least_lead: float, resampling: Resampling) -> list[Row]:
    """Rows of `Formed` from a table of COLUMNS. A run without an end of a phase shows nothing.

    least_lead: steps by which restricted loss has to lead.
    """
    n = len(table)
    formation, cleanup = table["excluded_formation"], table["excluded_cleanup"]
    weights = table["weights_formation"], table["weights_cleanup"]
    # What falls while a circuit forms does not level off afterwards, whatever the ratio says.
    level = (formation > 0) & (cleanup < formation)
    falls = (weights[0] < 0) & (weights[1] < weights[0])
    shares = (
        (Formed.PLATEAU, level, "excluded loss rises, and more slowly in cleanup"),
        (Formed.RISES_FIRST, table["excluded_lead"] > 0, "it has risen before the test loss falls"),
        (Formed.LEADS, table["lead"] >= least_lead, "restricted loss falls before the test loss"),
        (Formed.ACCURACY_LEADS, table["accuracy_lead"] > 0, "restricted accuracy rises first"),
        (Formed.GINI, _sharper(table, "gini"), "Gini of the map rises twice as fast in cleanup"),
        (Formed.GINI_EMBEDDING, _sharper(table, "gini_embedding"), "that of the embedding does"),
        (Formed.WEIGHTS, falls, "squared weights fall, and faster in cleanup"),
    )
    rows = [statistic_row(Formed.RUNS, n, n, "runs with measures of their checkpoints")]
    for name, column, text in (
        (Formed.RISE, "excluded_rise", "excluded loss at t2 over t1, least"),
        (Formed.TRAIN, "train_accuracy", "train accuracy meanwhile, least"),
        (Formed.ALPHA, "alpha_least", "coefficient at the end, least"),
    ):
        rows.append(statistic_row(name, least(table[column]), n, text))
    for name, column, text in (
        (Formed.RISE_MEDIAN, "excluded_rise", "excluded loss at t2 over t1, median"),
        (Formed.ALPHA_FORMED, "alpha_formed", "share of the coefficients at t2, median"),
    ):
        middle, known = over_runs(table[column], "median", resampling)
        rows.append(statistic_row(name, middle, known, text))
    return rows + [
        statistic_row(name, share(hits, resampling.confidence), n, text)
        for name, hits, text in shares
    ]


def _sharper(table: pd.DataFrame, name: str) -> pd.Series:
    """Whether something rises in cleanup, and twice as fast as in circuit formation."""
    cleanup = table[f"{name}_cleanup"]
    return (cleanup > 0) & (cleanup >= 2 * table[f"{name}_formation"])
