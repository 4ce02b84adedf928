"""Statistics of networks that sort (exponents methods 2.13; S01-S10)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from fittest.analysis.exponents.other_names import Sorting
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    median_estimate,
    over_runs,
)
from fittest.analysis.statistics.table import Row, statistic_row

MAIN = ("sort_fixed", "sort_variable")
"""Run-sets of the report's own two settings."""
ARMS = "sort_arms"


def sorting_rows(tables: Mapping[str, pd.DataFrame], resampling: Resampling) -> list[Row]:
    """All statistics. tables: of `sorting.Found`."""
    runs = tables["runs"]
    main, arms = runs[runs["runset"].isin(MAIN)], runs[runs["runset"] == ARMS]
    return [
        *_main_rows(main),
        *_arm_rows(arms, resampling),
        *copy_rows(tables["copies"], resampling),
    ]


def _main_rows(main: pd.DataFrame) -> list[Row]:
    fixed, variable = (main[main["runset"] == name] for name in MAIN)
    rows = []
    for part, token, exact, name in (
        (fixed, Sorting.FIXED_TOKEN, Sorting.FIXED_EXACT, "lists of one length"),
        (variable, Sorting.VARIABLE_TOKEN, Sorting.VARIABLE_EXACT, "lists of differing lengths"),
    ):
        said = f"highest validation accuracy, {name}, worst run"
        rows += [
            statistic_row(token, _least(part, "best_token"), len(part), f"{said}: numbers"),
            statistic_row(exact, _least(part, "best_exact"), len(part), f"{said}: lists"),
        ]
    long = variable["long_token"].dropna()
    # Two tasks: the worst of both rests on as many runs as the one with fewer has.
    n = min(len(fixed), len(variable))
    return [
        *rows,
        statistic_row(
            Sorting.GAP, _most(main, "gap"), n, "validation less train loss at the end, largest"
        ),
        statistic_row(
            Sorting.LONG_TOKEN,
            float(long.min()) if len(long) else math.nan,
            len(long),
            "token accuracy on the longest lists, worst run",
        ),
        statistic_row(
            Sorting.LONGEST, _least(variable, "length"), len(variable), "numbers of the longest"
        ),
        statistic_row(Sorting.COPYING_LEAST, _least(main, "copying"), n, "copying score, least"),
        statistic_row(Sorting.COPYING_MOST, _most(main, "copying"), n, "copying score, largest"),
        statistic_row(
            Sorting.CONTRAST, _least(main, "contrast"), n, "diagonal of the OV circuit, least, sd"
        ),
        statistic_row(
            Sorting.OWN_LARGEST,
            _least(main, "own_largest"),
            n,
            "share of columns of the OV circuit whose diagonal is largest, least",
        ),
        statistic_row(
            Sorting.SLOPE, _most(main, "slope"), n, "score of MID by value, Spearman, largest"
        ),
        statistic_row(
            Sorting.RANK, _most(main, "rank"), n, "rank of the next value, median, largest"
        ),
    ]


def _arm_rows(arms: pd.DataFrame, resampling: Resampling) -> list[Row]:
    by_arm = dict(iter(arms.groupby("arm")))
    nothing = arms.iloc[:0]
    plain, neurons, placed, vary, repeats, both = (
        by_arm.get(name, nothing)
        for name in (
            *("plain", "neurons", "positions", "lengths vary"),
            *("repeats", "repeats, positions"),
        )
    )

    def middle(part: pd.DataFrame, column: str) -> Estimate:
        return median_estimate(part[column].to_numpy(float), resampling)

    def apart(part: pd.DataFrame, column: str) -> float:
        """Of a run-set less the plain one's, medians."""
        if not (len(part) and len(plain)):
            return math.nan
        return middle(part, column).value - middle(plain, column).value

    def mistakes(column: str) -> float:
        """Of differing lengths over those of one length; NaN where one length has none and there
        is nothing to be better than."""
        one, other = (1 - middle(part, column).value for part in (vary, plain))
        return one / other if other > 0 else math.inf if one > 0 else math.nan

    heads = [part for arm, part in by_arm.items() if str(arm).endswith(" heads")]
    distances = [abs(apart(part, "token")) for part in heads if len(plain)]
    fewest = min((len(part) for part in (plain, *heads)), default=0)
    matched = min(len(plain), len(vary))
    return [
        statistic_row(
            Sorting.COPYING_PLAIN, middle(plain, "copying"), len(plain), "copying score, plain"
        ),
        statistic_row(
            Sorting.COPYING_NEURONS,
            middle(neurons, "copying"),
            len(neurons),
            "copying score with neurons",
        ),
        statistic_row(
            Sorting.COPYING_DROP,
            -apart(neurons, "copying"),
            min(len(plain), len(neurons)),
            "the first less the second",
        ),
        statistic_row(
            Sorting.KEPT, _most(neurons, "kept"), len(neurons), "share of neurons needed, largest"
        ),
        statistic_row(
            Sorting.HEADS_APART,
            max(distances) if distances else math.nan,
            fewest,
            "distance of the token accuracy of more heads from that of one, largest",
        ),
        statistic_row(
            Sorting.TOKEN_PLAIN,
            middle(plain, "token"),
            len(plain),
            "token accuracy at the end without positions, median",
        ),
        statistic_row(
            Sorting.TOKEN_REPEATS,
            middle(repeats, "token"),
            len(repeats),
            "the same of lists with repeats",
        ),
        statistic_row(
            Sorting.LEARNED_PLAIN,
            middle(plain, "learned"),
            len(plain),
            "step at which sorting is learnt, without positions, median",
        ),
        statistic_row(
            Sorting.LEARNED_POSITIONS,
            middle(placed, "learned"),
            len(placed),
            "step at which sorting is learnt, with positions, median",
        ),
        statistic_row(
            Sorting.LATER,
            _later(middle(placed, "learned").value, middle(plain, "learned").value),
            min(len(plain), len(placed)),
            "the second over the first",
        ),
        statistic_row(
            Sorting.LATER_REPEATS,
            _later(middle(both, "learned").value, middle(repeats, "learned").value),
            min(len(repeats), len(both)),
            "the same of lists with repeats",
        ),
        statistic_row(
            Sorting.VARY_TOKEN, apart(vary, "token"), matched, "differing lengths less one, numbers"
        ),
        statistic_row(
            Sorting.VARY_EXACT, apart(vary, "exact"), matched, "differing lengths less one, lists"
        ),
        *(
            statistic_row(
                name,
                mistakes(column),
                matched,
                f"mistakes of differing lengths over those of one, {of}",
            )
            for name, column, of in (
                (Sorting.VARY_TOKEN_ERRORS, "token", "numbers"),
                (Sorting.VARY_EXACT_ERRORS, "exact", "lists"),
            )
        ),
        statistic_row(
            Sorting.ONE_LENGTH,
            middle(plain, "exact"),
            len(plain),
            "the same of one length: lists, median",
        ),
        statistic_row(
            Sorting.LEARNED_VARY,
            middle(vary, "learned"),
            len(vary),
            "step at which sorting is learnt, differing lengths, median",
        ),
    ]


def _later(placed: float, plain: float) -> float:
    """Infinite where positions alone keep it from being learnt, NaN where nothing is."""
    if math.isinf(placed) and math.isinf(plain):
        return math.nan
    return placed / plain if plain > 0 else math.nan


def copy_rows(copies: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """S10. copies: of `sorting.Found`, a row for each run and place."""
    rows = []
    for learned, slope, probability, said in (
        (True, Sorting.COPIES_SLOPE, Sorting.COPIES_P, "with positions"),
        (False, Sorting.COPIES_SLOPE_PLAIN, Sorting.COPIES_P_PLAIN, "without positions"),
    ):
        part = copies[copies["positions"].astype(bool) == learned]
        # Places of one run share its network: what holds of networks is told by their slopes.
        slopes = [copies_slope(own)[0] for _, own in part.groupby("run_id")]
        middle, n = over_runs(slopes, "mean", resampling)
        rows += [
            statistic_row(
                slope, middle, n, f"change of attention to a copy per place, mean over runs, {said}"
            ),
            statistic_row(
                probability,
                copies_slope(part)[1],
                part["run_id"].nunique(),
                f"p-value of a line through the places of all runs, {said}",
            ),
        ]
    heavy = copies["weight"].to_numpy(float)
    return [
        *rows,
        statistic_row(
            Sorting.COPIES_WEIGHT,
            float(heavy.mean()) if len(heavy) else math.nan,
            copies["run_id"].nunique(),
            "attention to each copy of the next number, mean",
        ),
    ]


def copies_slope(copies: pd.DataFrame) -> tuple[float, float]:
    """Slope of the relative attention to a copy by its place in the list, per place, and its
    two-sided p-value, over (place, run); NaN with fewer than three or all alike."""
    from scipy.stats import linregress

    places, relative = (copies[name].to_numpy(float) for name in ("place", "relative"))
    if len(places) < 3 or np.ptp(places) == 0:
        return math.nan, math.nan
    found = linregress(places, relative)
    return float(found.slope), float(found.pvalue)


def _least(part: pd.DataFrame, column: str) -> float:
    return float(part[column].min()) if len(part) else math.nan


def _most(part: pd.DataFrame, column: str) -> float:
    return float(part[column].max()) if len(part) else math.nan
