"""What progress measures show before a network generalises (progress methods 4, P33 to P39, P65,
P66, P68)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Formed, FormedExcluded
from fittest.analysis.progress.phases import growth_after, smoothed_loss
from fittest.analysis.progress.summaries import least, most, odd_run
from fittest.analysis.statistics.intervals import Resampling, over_runs, share
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = [
    *("run_id", "seed", "excluded_rise", "excluded_formed", "excluded_kept", "train_accuracy"),
    *("test_kept", "test_kept_half", "excluded_lead", "excluded_lead_half"),
    *("single_lead", "single_lead_half", "single_before", "lead", "accuracy_lead"),
    *("gini_formation", "gini_cleanup", "gini_embedding_formation", "gini_embedding_cleanup"),
    *("weights_formation", "weights_cleanup", "alpha_least", "alpha_formed", "alpha_jump"),
    *("early_excluded", "early_restricted", "early_test", "early_gini"),
    *("train_after", "test_after", "alpha_fall"),
]
"""Of a row per run; NaN where a phase that it needs has no end.

_formation, _cleanup: slopes per step in these phases, of the Gini coefficients of the map (`gini`)
and of the embedding, and of the squared weights.
excluded_rise, excluded_kept: excluded loss at t2 over that at t1, and at t3 over that at t2.
excluded_formed: at t2, over the level asked for or half the loss of a guess, whichever is higher.
train_accuracy: least from t1 to t2. test_kept: test loss over that at t1, where the excluded loss
has risen to the level asked for; test_kept_half: to half the loss of a guess.
excluded_lead: steps by which the excluded loss has risen so before the test loss falls below half
the loss of a guess; single_lead: likewise of the largest excluded loss of all single frequencies;
single_before: the most that one reaches between t1 and there, nats.
lead: steps by which the restricted loss falls below half of it before the test loss does.
accuracy_lead: steps by which restricted accuracy reaches a half before test accuracy.
alpha_least: smallest coefficient of a key frequency at the end, where the end of something is its
median over the last tenth of the run: a single checkpoint may lie in a slingshot.
alpha_formed: median share of the coefficients that is there at t2. alpha_jump: largest rise of one
of them from a checkpoint to the next, up to t3, over its end. alpha_fall: how far one ends
below its largest, at most, as a share of that.
early_: at t1: excluded, restricted and test loss over the loss of a guess; gini: how much of the
whole rise of the map's Gini coefficient is there. train_after: train loss at the end over the least
up to t2. test_after: largest ratio of the test loss to its least before, from t3 on.
"""
LOSSES = ["excluded_loss", "excluded_largest", "restricted_loss", "test_loss"]
"""Smoothed where the first step beyond a level is sought, as for the ends of phases: a slingshot
lifts all of them at once, and passes."""
END = 0.1
"""Share of a run that is its end."""


def measured_runs(
    measures: pd.DataFrame,
    frequencies: pd.DataFrame,
    phases: pd.DataFrame,
    p: int,
    rise: float,
    window: int,
) -> pd.DataFrame:
    """COLUMNS, a row per run of `phases`.

    Args:
        measures, frequencies: of circuits.measures. phases: run_id, seed, t1, t2, t3 in steps.
        rise: excluded loss that counts as risen, nats.
        window: checkpoints of the running median of LOSSES; odd.
    """
    rows = [
        _measured(
            one,
            measures[measures["run_id"] == one["run_id"]].sort_values("step"),
            frequencies[frequencies["run_id"] == one["run_id"]],
            p,
            rise,
            window,
        )
        for one in phases.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(
    ends: dict[Any, Any], run: pd.DataFrame, each: pd.DataFrame, p: int, rise: float, window: int
) -> Row:
    smooth = run.assign(**{name: smoothed_loss(run[name], window) for name in LOSSES})
    t1, t2, t3 = (float(ends[name]) for name in ("t1", "t2", "t3"))
    steps = run["step"].to_numpy(float)

    def at(column: str, step: float) -> float:
        return float(np.interp(step, steps, run[column])) if math.isfinite(step) else math.nan

    def slope(column: str, start: float, end: float) -> float:
        return (at(column, end) - at(column, start)) / (end - start) if end > start else math.nan

    def first(column: str, level: float, above: bool, after: float = 0) -> float:
        values = smooth[column].to_numpy(float)
        hits = np.flatnonzero((values >= level if above else values < level) & (steps >= after))
        return float(steps[hits[0]]) if len(hits) else math.inf

    def risen(column: str, level: float) -> float:
        """Where it was below a level at t1 and no longer is."""
        return first(column, level, True, after=t1) if at(column, t1) < level else math.inf

    between = run[(run["step"] >= t1) & (run["step"] <= t2)]["train_accuracy"]
    guess = math.log(p)
    low = guess / 2
    rises, later = (risen("excluded_loss", level) for level in (rise, low))
    single = [risen("excluded_largest", level) for level in (rise, low)]
    tested = first("test_loss", low, False)
    before = smooth.loc[(steps >= t1) & (steps < tested), "excluded_largest"]
    gini = run["gini_map"].to_numpy(float)
    train = run["train_loss"].to_numpy(float)
    last = steps[-1] - END * (steps[-1] - steps[0])
    late, early = steps >= last, steps <= t2
    final = each[each["step"] >= last].groupby("k")["alpha"].median()
    near = each.loc[(each["step"] - t2).abs() == (each["step"] - t2).abs().min()]
    formed = near.set_index("k")["alpha"] / final
    return {
        "run_id": ends["run_id"],
        "seed": ends["seed"],
        "excluded_rise": _over(at("excluded_loss", t2), at("excluded_loss", t1)),
        "excluded_formed": at("excluded_loss", t2) / max(rise, low),
        "excluded_kept": _over(at("excluded_loss", t3), at("excluded_loss", t2)),
        "train_accuracy": float(between.min()),
        "test_kept": _over(at("test_loss", rises), at("test_loss", t1)),
        "test_kept_half": _over(at("test_loss", later), at("test_loss", t1)),
        "excluded_lead": _lead(tested, rises),
        "excluded_lead_half": _lead(tested, later),
        "single_lead": _lead(tested, single[0]),
        "single_lead_half": _lead(tested, single[1]),
        "single_before": most(before),
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
        "alpha_jump": _jump(each, t3, final),
        "early_excluded": at("excluded_loss", t1) / guess,
        "early_restricted": at("restricted_loss", t1) / guess,
        "early_test": at("test_loss", t1) / guess,
        "early_gini": _over(at("gini_map", t1) - gini[0], float(np.median(gini[late])) - gini[0]),
        "train_after": _over(float(np.median(train[late])), float(train[early].min()))
        if early.any()
        else math.nan,
        "alpha_fall": float((1 - final / each.groupby("k")["alpha"].max()).max()),
        "test_after": growth_after(steps, smooth["test_loss"], t3),
    }


def _jump(each: pd.DataFrame, end: float, final: pd.Series) -> float:
    """The largest rise of a coefficient from one checkpoint to the next, over what it ends at.

    each: step, k, alpha. end: last step that counts; NaN for none. final: by k.
    """
    table = each[each["step"] <= end].pivot(index="step", columns="k", values="alpha").sort_index()
    return float((table.diff().max() / final).max()) if len(table) > 1 else math.nan


def _over(value: float, other: float) -> float:
    """NaN where there is nothing to compare with."""
    return value / other if other != 0 else math.nan


def _lead(late: float, early: float) -> float:
    """Steps between; NaN where neither comes."""
    return math.nan if math.isinf(late) and math.isinf(early) else late - early


def formed_rows(
    table: pd.DataFrame, least_lead: float, level: float, again: float, resampling: Resampling
) -> list[Row]:
    """Rows of `Formed` from a table of COLUMNS. A run without an end of a phase shows nothing.

    Args:
        least_lead: steps by which restricted loss has to lead.
        level: times that the excluded loss changes in cleanup, up or down, at most.
        again: times its least that the test loss reaches after cleanup where it rises again.
    """
    n = len(table)
    weights = table["weights_formation"], table["weights_cleanup"]
    # What has not risen before does not level off, however flat it is.
    flat = table["excluded_kept"].between(1 / level, level) & (table["excluded_formed"] >= 1)
    falls = (weights[0] < 0) & (weights[1] < weights[0])
    shares = (
        (Formed.PLATEAU, flat, "excluded loss rises, and stays so in cleanup"),
        (Formed.RISES_FIRST, table["excluded_lead"] > 0, "it has risen before the test loss falls"),
        (Formed.RISES_FIRST_HALF, table["excluded_lead_half"] > 0, "likewise to half of a guess"),
        (
            Formed.SINGLE_RISES_FIRST,
            table["single_lead"] > 0,
            "largest single one has risen before",
        ),
        (Formed.SINGLE_RISES_FIRST_HALF, table["single_lead_half"] > 0, "to half of a guess"),
        (Formed.LEADS, table["lead"] >= least_lead, "restricted loss falls before the test loss"),
        (Formed.ACCURACY_LEADS, table["accuracy_lead"] > 0, "restricted accuracy rises first"),
        (Formed.GINI, _sharper(table, "gini"), "Gini of the map rises twice as fast in cleanup"),
        (Formed.GINI_EMBEDDING, _sharper(table, "gini_embedding"), "that of the embedding does"),
        (Formed.WEIGHTS, falls, "squared weights fall, and faster in cleanup"),
        (Formed.TRAIN_LOWER, table["train_after"] < 1, "train loss ends lower than before t2"),
        (Formed.TEST_RISES, table["test_after"] >= again, "test loss rises again after cleanup"),
    )
    rows = [statistic_row(Formed.RUNS, n, n, "runs with measures of their checkpoints")]
    for name, column, text in (
        (Formed.RISE, "excluded_rise", "excluded loss at t2 over t1, least"),
        (
            Formed.EXCLUDED,
            "excluded_formed",
            "excluded loss at t2 over what counts as risen, least",
        ),
        (Formed.TRAIN, "train_accuracy", "train accuracy meanwhile, least"),
        (Formed.TEST_KEPT, "test_kept", "test loss over that at t1, excluded loss risen, least"),
        (Formed.TEST_KEPT_HALF, "test_kept_half", "likewise, excluded loss at half of a guess"),
        (Formed.ALPHA, "alpha_least", "coefficient at the end, least"),
        (Formed.EARLY_RESTRICTED, "early_restricted", "restricted loss at t1 over a guess, least"),
        (Formed.EARLY_TEST, "early_test", "test loss at t1 over a guess, least"),
    ):
        rows.append(statistic_row(name, least(table[column]), n, text))
    for name, column, text in (
        (Formed.ALPHA_JUMP, "alpha_jump", "rise within one checkpoint of its end, most"),
        (Formed.ALPHA_FALL, "alpha_fall", "fall of a coefficient below its largest, most"),
        (Formed.EARLY_EXCLUDED, "early_excluded", "excluded loss at t1 over a guess, most"),
        (Formed.EARLY_GINI, "early_gini", "share of the rise of the map's Gini at t1, most"),
    ):
        rows.append(statistic_row(name, most(table[column]), n, text))
    for name, column, text in (
        (Formed.RISE_MEDIAN, "excluded_rise", "excluded loss at t2 over t1, median"),
        (Formed.ALPHA_FORMED, "alpha_formed", "share of the coefficients at t2, median"),
        (Formed.SINGLE_BEFORE, "single_before", "largest single one before the test loss, median"),
    ):
        middle, known = over_runs(table[column], "median", resampling)
        rows.append(statistic_row(name, middle, known, text))
    odd, others = odd_run(table["alpha_jump"], table["seed"])
    rows += [
        statistic_row(Formed.ALPHA_JUMP_SEED, odd, n, "seed of the run with the largest rise"),
        statistic_row(Formed.ALPHA_JUMP_OTHERS, others, n, "largest rise of the other runs"),
    ]
    return rows + [
        statistic_row(name, share(hits, resampling.confidence), n, text)
        for name, hits, text in shares
    ]


def excluded_rows(rows: list[Row]) -> list[Row]:
    """Of the rows of `Formed` from ends whose t1 is the least excluded loss, those that depend on
    it, as `FormedExcluded`."""
    found = []
    for row in rows:
        name = str(row["name"]).rpartition(".")[2]
        if FormedExcluded.has(name):
            found.append(row | {"name": str(FormedExcluded.of(name))})
    return found


def _sharper(table: pd.DataFrame, name: str) -> pd.Series:
    """Whether something rises in cleanup, and twice as fast as in circuit formation."""
    cleanup = table[f"{name}_cleanup"]
    return (cleanup > 0) & (cleanup >= 2 * table[f"{name}_formation"])
