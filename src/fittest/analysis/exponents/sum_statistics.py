"""Which of the report's sentences on sums of powers hold of what became of their runs (exponents
methods 2.3, E01 to E11)."""

from __future__ import annotations

import math

import pandas as pd

from fittest.analysis.exponents.multiples import multiple_rows
from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import median_step
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.exponents.sums import GENERALISED, keys, of
from fittest.analysis.exponents.table1_statistics import counted, table_rows, trend_rows
from fittest.analysis.exponents.trends import rank_correlation
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
        *table_rows(printed, settings),
        *trend_rows(printed, main, settings, resampling),
        *_evenness_rows(every, resampling),
        *_seven_rows(every, main, settings, resampling),
        *_even_rows(every, main, settings, resampling),
        *multiple_rows(every[every["p"] == main], settings, resampling),
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
                counted(len(part) - len(ended), len(part)),
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
            counted(int(others["cut_short"].astype(bool).sum()), len(others)),
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
            counted(sum(math.isfinite(medians[key]) for key in pairs), len(pairs)),
            len(pairs),
            "pairs of one even exponent of which half of the runs generalise",
        ),
        statistic_row(
            Sums.EVEN_PAIRS_LEFT,
            counted(sum(not math.isfinite(medians[key]) for key in pairs), len(pairs)),
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
