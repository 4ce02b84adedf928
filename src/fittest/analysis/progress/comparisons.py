"""Statistics of sweeps: shares of the data, weight decays, phases of several seeds (progress
methods 4)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.constants import FractionSettings
from fittest.analysis.progress.names import Decays, Fractions, Phase, Precision
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Resampling,
    cluster_bootstrap,
    over_runs,
    rate,
)
from fittest.analysis.statistics.table import Row, statistic_row


def expected_fates(fraction: float, settings: FractionSettings) -> set[str]:
    """The fates that the paper has at a share of the data, empty where it says nothing."""
    found = {
        name
        for name in ("never", "grokked", "immediate")
        if any(math.isclose(fraction, one) for one in getattr(settings, name))
    }
    either = any(math.isclose(fraction, one) for one in settings.either)
    return found | {"grokked", "immediate"} if found and either else found


def fraction_rows(table: pd.DataFrame, settings: FractionSettings) -> list[Row]:
    """Shares of the data: how many have the paper's fate, and how the two losses depend on them.

    table: OUTCOMES, one run per share.
    """
    pairs = list(zip(table["train_fraction"], table["fate"], strict=True))
    expected = [(fate, expected_fates(float(f), settings)) for f, fate in pairs]
    judged = [fate in allowed for fate, allowed in expected if allowed]
    n = len(table)
    rank = spearman(table["train_fraction"], table["generalised"]) if n else math.nan
    return [
        statistic_row(
            Fractions.MATCHES, sum(judged), len(judged), "shares of the data with the paper's fate"
        ),
        statistic_row(Fractions.SPEARMAN, rank, n, "share of the data, and first step solved"),
        statistic_row(
            Fractions.SPREAD,
            _ratio(table["learned"]),
            n,
            "last over first step of a low train loss",
        ),
        statistic_row(
            Fractions.SPREAD_SMALL,
            _ratio(table["learned_small"]),
            n,
            "likewise of the smaller loss",
        ),
    ]


def _ratio(steps: pd.Series) -> float:
    """Largest over smallest; infinity where one never came, NaN where none did."""
    values = steps.to_numpy(dtype=np.float64)
    if len(values) == 0 or np.isinf(values).all():
        return math.nan
    return float(values.max() / values.min())


def decay_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """How many times longer runs with a lower weight decay take, by the median.

    table: OUTCOMES of runs at weight decays 0.3, 1 and 3.
    """
    pairs = ((Decays.SLOWER_03_THAN_1, 0.3, 1.0), (Decays.SLOWER_1_THAN_3, 1.0, 3.0))
    rows = []
    for name, low, high in pairs:
        both = table[table["weight_decay"].isin([low, high])]
        note = f"median first step solved, decay {low:g} over {high:g}"
        # Of the two medians that of the fewer runs says how much it rests on.
        fewer = min(int((both["weight_decay"] == decay).sum()) for decay in (low, high))
        rows.append(statistic_row(name, _slower(both, low, high, resampling), fewer, note))
    return rows


def _slower(table: pd.DataFrame, low: float, high: float, resampling: Resampling) -> Estimate:
    decay, step = (table[name].to_numpy(np.float64) for name in ("weight_decay", "generalised"))

    def ratio(i: np.ndarray) -> float:
        slow, fast = step[i][decay[i] == low], step[i][decay[i] == high]
        if len(slow) == 0 or len(fast) == 0:
            return math.nan
        below = float(np.median(fast))
        # Where neither gets there, nobody is slower.
        return float(np.median(slow)) / below if math.isfinite(below) else math.nan

    if len(table) == 0:
        return NOTHING
    return cluster_bootstrap(ratio, np.arange(len(table)), resampling)


def precision_rows(table: pd.DataFrame) -> list[Row]:
    """How many more slingshots runs have whose loss is of single precision.

    table: OUTCOMES of such runs and of others.
    """
    single = table["loss"] == "float32"
    low, high = (table.loc[which, "slingshots"].to_numpy(np.float64) for which in (single, ~single))
    known = len(low) > 0 and len(high) > 0
    more = float(np.median(low) - high.max()) if known else math.nan
    note = "slingshots in low precision, median, less the most in high precision"
    return [statistic_row(Precision.MORE, more, len(low), note)]


PHASES = ["run_id", "seed", "t1", "t2", "t3", "highest_test", "largest_norm"]


def phase_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Phases of several seeds.

    table: PHASES, a row per run; NaN where a run has no such end.
    """
    n = len(table)
    t1, t2, t3 = (table[name].to_numpy(np.float64) for name in ("t1", "t2", "t3"))
    ordered = int(((t1 < t2) & (t2 < t3)).sum())
    known = bool(n) and not np.isnan(t1).any()
    low, high = (float(t1.min()), float(t1.max())) if known else (math.nan, math.nan)
    rows = [statistic_row(Phase.RUNS, n, n, "main runs with measures of their checkpoints")]
    for name, column, what in (
        (Phase.T1, "t1", "end of memorisation, median"),
        (Phase.T2, "t2", "end of circuit formation, median"),
        (Phase.T3, "t3", "end of cleanup, median"),
        (Phase.HIGHEST_TEST, "highest_test", "step of the largest test loss, median"),
        (Phase.LARGEST_NORM, "largest_norm", "step of the largest squared weights, median"),
    ):
        estimate, number = over_runs(table[column], "median", resampling)
        rows.append(statistic_row(name, estimate, number, what))
    share = rate(ordered, n, resampling.confidence)
    return [
        *rows,
        statistic_row(Phase.T1_MIN, low, n, "earliest end of memorisation"),
        statistic_row(Phase.T1_MAX, high, n, "latest end of memorisation"),
        statistic_row(
            Phase.T1_RATIO, high / low if low > 0 else math.nan, n, "the latest over the earliest"
        ),
        statistic_row(Phase.ORDERED, share, n, "share of runs with t1 < t2 < t3"),
        statistic_row(Phase.WIDER_T2, _wider(t2, t1), n, "spread of log t2 over that of log t1"),
        statistic_row(Phase.WIDER_T3, _wider(t3, t1), n, "spread of log t3 over that of log t1"),
    ]


def _wider(values: np.ndarray, others: np.ndarray) -> float:
    """How many times as far apart some steps are as others, on a logarithmic axis: what comes late
    is not far apart by that. 1 where neither are, infinity where the others alone are not."""
    spread, other = _spread(values), _spread(others)
    if other == 0:
        return 1.0 if spread == 0 else math.nan if math.isnan(spread) else math.inf
    return spread / other


def _spread(values: np.ndarray) -> float:
    """Logarithm of the latest over the earliest; NaN where a run has none, or one is step 0."""
    if len(values) == 0 or not (values > 0).all():
        return math.nan
    return math.log(values.max() / values.min())
