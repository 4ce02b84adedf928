"""Which of the report's sentences on sums of powers hold of what became of their runs (exponents
methods 2.3, E01 to E11)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import median_outcome, median_step
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.exponents.sums import GENERALISED, keys, majority, of
from fittest.analysis.exponents.trends import difference_p, fall_p, rank_correlation, sooner_p
from fittest.analysis.statistics.intervals import NOTHING, Resampling, rate, share
from fittest.analysis.statistics.table import Row, statistic_row


def statistics(
    printed: pd.DataFrame,
    every: pd.DataFrame,
    settings: SumSettings,
    resampling: Resampling,
) -> list[Row]:
    """Rows of the group Sums.

    Args:
        printed: SUM_COLUMNS of the runs of table 1. every: of all runs on sums, each once.
    """
    main = settings.table1[0].p
    return [
        *_table_rows(printed, settings),
        *_trend_rows(printed, main, settings, resampling),
        *_evenness_rows(every, resampling),
        *_seven_rows(every, main, settings, resampling),
        *_even_rows(every, main, settings, resampling),
        *_group_rows(every, main, settings, resampling),
    ]


def _table_rows(runs: pd.DataFrame, settings: SumSettings) -> list[Row]:
    strict = loose = within = other = there = timed = 0
    for row in settings.table1:
        part = of(runs, (row.p, row.a, row.b))
        if len(part) == 0:
            continue
        there += 1
        found = majority(list(part["outcome"]))
        wide = majority(["grokked" if o in GENERALISED else o for o in part["outcome"]])
        strict += (found == "grokked") == row.grokked
        loose += wide == "grokked" if row.grokked else found != "grokked"
        if row.step is not None:
            timed += 1
            median = median_step(part, "t_gen")
            near = [
                1 / settings.factor <= median / step <= settings.factor
                for step in (row.step, row.other_step or row.step)
            ]
            within, other = within + near[0], other + near[1]
    rows = len(settings.table1)
    steps = sum(row.step is not None for row in settings.table1)
    return [
        statistic_row(Sums.FLAGS, _of(strict, there), there, "rows of table 1 that agree", rows),
        statistic_row(
            Sums.FLAGS_AT_ONCE,
            _of(loose, there),
            there,
            "the same, where generalising without a plateau agrees with a yes, too",
            rows,
        ),
        statistic_row(
            Sums.STEPS_WITHIN,
            _of(within, timed),
            timed,
            f"rows whose median t_gen is within {settings.factor:g} times the report's",
            steps,
        ),
        statistic_row(
            Sums.STEPS_WITHIN_OTHER,
            _of(other, timed),
            timed,
            "the same, of a step that may be a misprint in its other reading",
            steps,
        ),
    ]


def _of(count: int, among: int) -> float:
    return count if among else math.nan


def _trend_rows(
    runs: pd.DataFrame, p: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    groups = [of(runs, (p, *one))["t_gen"].to_numpy(float) for one in settings.trend]
    there = all(len(group) for group in groups)
    count = sum(map(len, groups))
    fallen = fall_p(groups, resampling) if there else math.nan
    differ = difference_p(groups) if there else math.nan
    mirrored = [of(runs, (p, *one))["t_gen"].to_numpy(float) for one in settings.mirrored]
    alike = difference_p(mirrored) if all(len(one) for one in mirrored) else math.nan
    first, last = (
        median_outcome(of(runs, (p, *one)), "t_gen", resampling)
        for one in (settings.trend[0], settings.trend[-1])
    )
    grokked = runs[(runs["p"] == p) & (runs["outcome"] == "grokked")]
    size = (grokked["a"] + grokked["b"]).to_numpy(float)
    names = ", ".join(map(str, settings.trend))
    printed = {(row.p, row.a, row.b): row.step for row in settings.table1}
    said = [printed.get((p, *one)) for one in settings.trend]
    return [
        statistic_row(Sums.TREND_P, fallen, count, f"one-sided p of a fall over {names}"),
        statistic_row(Sums.DIFFERENCE_P, differ, count, f"p of a difference between {names}"),
        statistic_row(
            Sums.TREND_FIRST, first, len(groups[0]), "median t_gen of the first", said[0]
        ),
        statistic_row(Sums.TREND_LAST, last, len(groups[-1]), "median t_gen of the last", said[-1]),
        statistic_row(
            Sums.EXPONENT_CORRELATION,
            rank_correlation(size, grokked["t_gen"]),
            len(grokked),
            f"Spearman's, of a + b and t_gen, of all runs of table 1 modulo {p} that grok",
        ),
        statistic_row(
            Sums.MIRRORED_P,
            alike,
            sum(map(len, mirrored)),
            "two-sided p of a difference between exchanged exponents",
        ),
    ]


def _evenness_rows(runs: pd.DataFrame, resampling: Resampling) -> list[Row]:
    even = runs[runs["chi_square"] == 0]
    uneven = runs[runs["chi_square"] > 0]
    general = runs["outcome"].isin(GENERALISED)
    level = resampling.confidence
    rows = []
    for part, grokked, cut, kind in (
        (even, Sums.EVEN_GROKKED, Sums.EVEN_CUT, "even"),
        (uneven, Sums.UNEVEN_GROKKED, Sums.UNEVEN_CUT, "uneven"),
    ):
        ended = part[~part["cut_short"].astype(bool)]
        hits = share(ended["outcome"] == "grokked", level)
        said = f"share of runs with {kind} answers that grok, without those cut under way"
        rows += [
            statistic_row(grokked, hits, len(ended), said),
            statistic_row(
                cut,
                _of(len(part) - len(ended), len(part)),
                len(part),
                f"runs with {kind} answers that are cut while their test loss falls",
            ),
        ]
    return [
        *rows,
        statistic_row(
            Sums.EVEN_MEMORISED,
            share(even["outcome"] == "memorised", level),
            len(even),
            "share of runs with even answers that memorise and do not generalise in their steps",
        ),
        statistic_row(
            Sums.UNEVEN_GENERALISED,
            share(uneven["outcome"].isin(GENERALISED), level),
            len(uneven),
            "share of runs with uneven answers that generalise",
        ),
        statistic_row(
            Sums.UNEVENNESS_CORRELATION,
            rank_correlation(runs["chi_square"], runs["t_gen"]),
            len(runs),
            "Spearman's, of X^2 and t_gen; never is latest",
        ),
        statistic_row(
            Sums.COVERAGE_CORRELATION,
            rank_correlation(runs["coverage"], runs["t_gen"]),
            len(runs),
            f"Spearman's, of kappa and t_gen; {int(general.sum())} runs generalise",
        ),
    ]


def _seven_rows(
    runs: pd.DataFrame, main: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    exponents = settings.uneven
    here = of(runs, (main, *exponents))["outcome"]
    others = runs[(runs["a"] == exponents[0]) & (runs["b"] == exponents[1]) & (runs["p"] != main)]
    words = f"share of {exponents} modulo {main}: "
    level = resampling.confidence
    return [
        statistic_row(name, share(here == outcome, level), len(here), f"{words}{outcome}")
        for name, outcome in (
            (Sums.SEVEN_GROKKED, "grokked"),
            (Sums.SEVEN_IMMEDIATE, "immediate"),
            (Sums.SEVEN_MEMORISED, "memorised"),
        )
    ] + [
        _least_share(others, f"least share of {exponents} that groks, of the other moduli", level),
        statistic_row(
            Sums.SEVEN_CUT,
            _of(int(others["cut_short"].astype(bool).sum()), len(others)),
            len(others),
            f"runs on {exponents} modulo others that are cut while their test loss falls",
        ),
    ]


def _least_share(runs: pd.DataFrame, note: str, level: float) -> Row:
    """Of the modulus with the least share, whose runs it counts."""
    found = [
        (rate(int((part["outcome"] == "grokked").sum()), len(part), level), len(part))
        for _, part in runs.groupby("p")
    ]
    least, n = min(found, key=lambda one: one[0].value, default=(NOTHING, 0))
    return statistic_row(Sums.SEVEN_ELSEWHERE, least, n, note)


def _even_rows(
    runs: pd.DataFrame, main: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    even = runs[(runs["p"] == main) & (runs["a"] == runs["b"]) & (runs["a"] % 2 == 0)]
    pairs = list(dict.fromkeys(keys(even)))
    medians = {key: median_step(of(runs, key), "t_gen") for key in dict.fromkeys(keys(runs))}
    fourth = of(runs, (main, *settings.fourth))
    at_once = share(fourth["outcome"] == "immediate", resampling.confidence)
    place = math.nan
    if len(fourth):
        mine = medians[(main, *settings.fourth)]
        place = sum(one < mine for one in medians.values()) / len(medians)
        place = place if math.isfinite(mine) else 1.0
    fast = at_once.value > 0.5 or place < settings.fastest
    return [
        statistic_row(
            Sums.EVEN_PAIRS_GENERALISED,
            _of(sum(math.isfinite(medians[key]) for key in pairs), len(pairs)),
            len(pairs),
            "pairs of one even exponent of which half of the runs generalise",
        ),
        statistic_row(
            Sums.EVEN_PAIRS_LEFT,
            _of(sum(not math.isfinite(medians[key]) for key in pairs), len(pairs)),
            len(pairs),
            "pairs of one even exponent of which they do not",
        ),
        statistic_row(
            Sums.FOURTH_AT_ONCE, at_once, len(fourth), f"share of {settings.fourth}: immediate"
        ),
        statistic_row(
            Sums.FOURTH_FAST,
            float(fast) if len(fourth) else math.nan,
            len(medians),
            "1 where most are immediate or the pair is among the fastest third",
        ),
    ]


def _group_rows(
    runs: pd.DataFrame, main: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    here = runs[runs["p"] == main]
    multiple = (here["a"] % here["b"] == 0) | (here["b"] % here["a"] == 0)
    even = here["chi_square"] == 0
    # Equal products are equal chances that a test pair can be looked up.
    strata = [
        tuple(part.loc[which, "t_gen"].to_numpy(float) for which in (mine, ~mine))
        for _, part in here.groupby(here["gcd_a"] * here["gcd_b"])
        for mine in (multiple[part.index],)
    ]
    both = sum(sum(map(len, pair)) for pair in strata if all(map(len, pair)))
    slow, fast = (of(runs, (main, *one)) for one in settings.slower)
    return [
        _ratio_row(
            Sums.MULTIPLES_RATIO,
            (here[multiple], here[~multiple]),
            "median t_gen where one exponent is a multiple of the other, over the others'",
        ),
        _ratio_row(
            Sums.MULTIPLES_RATIO_EVEN,
            (here[multiple & even], here[~multiple & even]),
            "the same of runs with even answers",
        ),
        statistic_row(
            Sums.MULTIPLES_P,
            sooner_p(strata, resampling),
            both,
            "one-sided p that multiples are sooner, among runs of which as much can be looked up",
        ),
        _ratio_row(
            Sums.SLOWER_RATIO,
            (slow, fast),
            f"median t_gen of {settings.slower[0]} over that of {settings.slower[1]}",
        ),
    ]


def _ratio_row(name: Sums, groups: Iterable[pd.DataFrame], note: str) -> Row:
    top, bottom = list(groups)
    one, other = (median_step(part, "t_gen") for part in (top, bottom))
    both_never = math.isinf(one) and math.isinf(other)
    found = math.nan if both_never or other == 0 else one / other
    return statistic_row(name, found, min(len(top), len(bottom)), note)
