"""Statistics of sweeps: shares of the data, weight decays, phases of several seeds (progress
methods 4)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.constants import FractionSettings
from fittest.analysis.progress.names import Decays, Fractions, Phase, Precision
from fittest.analysis.progress.summaries import least, most
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


def expected_fate(fraction: float, settings: FractionSettings) -> str:
    """The fate that the paper has at a share of the data, empty where it says nothing."""
    for name in ("never", "grokked", "immediate"):
        if any(math.isclose(fraction, one) for one in getattr(settings, name)):
            return name
    return ""


def fraction_rows(table: pd.DataFrame, settings: FractionSettings) -> list[Row]:
    """Shares of the data: how many have the paper's fate, and how the two losses depend on them.

    table: OUTCOMES, one run per share.
    """
    expected = [expected_fate(float(f), settings) for f in table["train_fraction"]]
    rows, n = [], len(table)
    for name, column, text in (
        (Fractions.MATCHES, "fate", "shares of the data with the paper's fate"),
        (Fractions.MATCHES_BY_LAG, "fate_by_lag", "likewise, grokking by its lag"),
    ):
        judged = [fate == one for fate, one in zip(table[column], expected, strict=True) if one]
        rows.append(statistic_row(name, sum(judged), len(judged), text))
    for name, column, text in (
        (Fractions.SPEARMAN, "generalised", "share of the data, and first step solved"),
        (Fractions.SPEARMAN_SMALL, "generalised_small", "likewise of the smaller loss"),
    ):
        rank = spearman(table["train_fraction"], table[column]) if n else math.nan
        rows.append(statistic_row(name, rank, n, text))
    for name, column, text in (
        (Fractions.SPREAD, "learned", "last over first step of a low train loss"),
        (Fractions.SPREAD_SMALL, "learned_small", "likewise of the smaller loss"),
    ):
        rows.append(statistic_row(name, _ratio(table[column]), n, text))
    return rows


def _ratio(steps: pd.Series) -> float:
    """Largest over smallest; infinity where one never came, NaN where none did."""
    values = steps.to_numpy(dtype=np.float64)
    if len(values) == 0 or np.isinf(values).all():
        return math.nan
    return float(values.max() / values.min())


def decay_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """How many times longer runs with a lower weight decay take, by the median.

    table: OUTCOMES of runs at weight decays 0.3, 1 and 3, and in run-sets of p = 53 at 1 and 5.
    """
    small = table["runset"].str.startswith("p53")
    rows = []
    for name, part, low, high in (
        (Decays.SLOWER_03_THAN_1, table[~small], 0.3, 1.0),
        (Decays.SLOWER_1_THAN_3, table[~small], 1.0, 3.0),
        (Decays.SLOWER_P53, table[small], 1.0, 5.0),
    ):
        both = part[part["weight_decay"].isin([low, high])]
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


PHASES = ["run_id", "seed", "t1", "t2", "t3", "least_excluded", "highest_test", "largest_norm"]


def phase_rows(table: pd.DataFrame, interval: float, resampling: Resampling) -> list[Row]:
    """Phases of several seeds, with both readings of the end of memorisation.

    Args:
        table: PHASES, a row per run; NaN where a run has no such end.
        interval: steps from one checkpoint to the next.
    """
    n = len(table)
    t1, t2, t3, other = (
        table[name].to_numpy(np.float64) for name in ("t1", "t2", "t3", "least_excluded")
    )
    ordered = int(((t1 < t2) & (t2 < t3)).sum())
    rows = [statistic_row(Phase.RUNS, n, n, "main runs with measures of their checkpoints")]
    for name, column, what in (
        (Phase.T1, "t1", "end of memorisation, median"),
        (Phase.T1_EXCLUDED, "least_excluded", "step of the least excluded loss, median"),
        (Phase.T2, "t2", "end of circuit formation, median"),
        (Phase.T3, "t3", "end of cleanup, median"),
        (Phase.HIGHEST_TEST, "highest_test", "step of the largest test loss, median"),
        (Phase.LARGEST_NORM, "largest_norm", "step of the largest squared weights, median"),
    ):
        estimate, number = over_runs(table[column], "median", resampling)
        rows.append(statistic_row(name, estimate, number, what))
    share = rate(ordered, n, resampling.confidence)
    rows.append(statistic_row(Phase.ORDERED, share, n, "share of runs with t1 < t2 < t3"))
    for names, ends, what in (
        ((Phase.T1_MIN, Phase.T1_MAX, Phase.T1_RATIO), t1, "end of memorisation"),
        (
            (Phase.T1_EXCLUDED_MIN, Phase.T1_EXCLUDED_MAX, Phase.T1_EXCLUDED_RATIO),
            other,
            "step of the least excluded loss",
        ),
    ):
        low, high = least(ends), most(ends)
        ratio = high / low if low > 0 else math.nan
        for name, value, text in zip(
            names,
            (low, high, ratio),
            (f"earliest {what}", f"latest {what}", f"latest over earliest {what}"),
            strict=True,
        ):
            rows.append(statistic_row(name, value, n, text))
    for name, ends, first, what in (
        (Phase.WIDER_T2, t2, t1, "spread of log t2 over that of log t1"),
        (Phase.WIDER_T3, t3, t1, "spread of log t3 over that of log t1"),
        (Phase.WIDER_T2_EXCLUDED, t2, other, "likewise t2, t1 by excluded loss"),
        (Phase.WIDER_T3_EXCLUDED, t3, other, "likewise t3, t1 by excluded loss"),
    ):
        rows.append(statistic_row(name, _wider(ends, first, interval), n, what))
    return rows


def _wider(values: np.ndarray, others: np.ndarray, interval: float) -> float:
    """How many times as far apart some steps are as others, on a logarithmic axis: what comes late
    is not far apart by that. Steps are known to a checkpoint: others that lie closer than that are
    taken as one checkpoint apart."""
    if len(others) == 0 or not (others > interval).all():
        return math.nan
    other = max(_spread(others), math.log(others.max() / (others.max() - interval)))
    return _spread(values) / other if other > 0 else math.nan


def _spread(values: np.ndarray) -> float:
    """Logarithm of the latest over the earliest; NaN where a run has none, or one is step 0."""
    if len(values) == 0 or not (values > 0).all():
        return math.nan
    return math.log(values.max() / values.min())
