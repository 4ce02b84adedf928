"""Sums of two powers: what became of their runs, row by row of the report's table 1, and which of
its sentences hold of them (exponents methods 2.2, 2.3, E01 to E11)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import COLUMNS, OUTCOMES, TIMES, median_outcome
from fittest.analysis.exponents.trends import difference_p, fall_p, rank_correlation
from fittest.analysis.statistics.intervals import NOTHING, Estimate, Resampling, rate, share
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.settings import MAX_P, PositiveStep, Settings, Share
from fittest.tasks.residues import residues

Key = tuple[int, int, int]
"""p, a, b."""
FACTS = ["gcd_a", "gcd_b", "chi_square", "missing", "coverage"]
"""Of the numbers alone: gcd(a, p - 1), gcd(b, p - 1), X^2, remainders without a pair, kappa."""
SUM_COLUMNS = [*COLUMNS, *FACTS]
GENERALISED = ("grokked", "immediate")
MIXED = "mixed"
"""The majority of runs of which no outcome has more than half."""


class PrintedRow(Settings):
    """A row of the report's table 1."""

    p: int = Field(ge=3, le=MAX_P, description="modulus")
    a: int = Field(ge=1, description="exponent of x")
    b: int = Field(ge=1, description="exponent of y")
    grokked: bool = Field(description="what it says")
    step: PositiveStep | None = Field(default=None, description="when, in steps; null: not said")


class SumSettings(Settings):
    """What the report says of sums of powers, and how it is compared (exponents methods 2.3)."""

    table1: tuple[PrintedRow, ...] = Field(min_length=1, description="as printed, in its order")
    trend: tuple[tuple[int, int], ...] = Field(
        min_length=2, description="exponents in the order in which it finds them to be faster"
    )
    mirrored: tuple[tuple[int, int], tuple[int, int]] = Field(
        description="exponents that are one task with operands exchanged"
    )
    slower: tuple[tuple[int, int], tuple[int, int]] = Field(
        description="exponents, of which it finds the first pair to be slower"
    )
    uneven: tuple[int, int] = Field(description="exponents that do not grok modulo its main p")
    fourth: tuple[int, int] = Field(description="exponents that generalise at once")
    factor: float = Field(gt=1, description="times too early or too late that still agrees")
    fastest: Share = Field(description="of all pairs of exponents that counts as fastest")


def sum_table(outcomes: pd.DataFrame, train_fraction: float) -> pd.DataFrame:
    """SUM_COLUMNS: outcomes of runs on sums of powers, with facts of the numbers.

    outcomes: COLUMNS; rows without exponents are left out. A run that two run-sets share has a row
    for each.
    """
    table = outcomes[outcomes["a"].notna()].reset_index(drop=True)
    known = {key: facts_of(key, train_fraction) for key in dict.fromkeys(keys(table))}
    facts = pd.DataFrame([known[key] for key in keys(table)], columns=FACTS)
    return pd.concat([table, facts], axis=1)[SUM_COLUMNS]


def facts_of(key: Key, train_fraction: float) -> dict[str, float]:
    """FACTS of x^a + y^b modulo p."""
    found = residues(*key)
    return {
        "gcd_a": found.divisors[0],
        "gcd_b": found.divisors[1],
        "chi_square": found.chi_squared,
        "missing": found.missing,
        "coverage": found.coverage(train_fraction),
    }


def keys(table: pd.DataFrame) -> list[Key]:
    """p, a, b of each row."""
    return [(int(p), int(a), int(b)) for p, a, b in table[["p", "a", "b"]].to_numpy()]


def of(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Rows of one sum."""
    p, a, b = key
    return table[(table["p"] == p) & (table["a"] == a) & (table["b"] == b)]


def majority(outcomes: Sequence[str]) -> str:
    """The outcome of more than half of the runs; MIXED where there is none."""
    found = [one for one in OUTCOMES if 2 * list(outcomes).count(one) > len(outcomes)]
    return found[0] if found else MIXED


# -- table 1 -----------------------------------------------------------------------------------

TABLE1 = [
    *("p", "a", "b", "paper_grokked", "paper_step", "seed", "runs", "outcome"),
    *(name.replace(" ", "_") for name in OUTCOMES),
    *("t_gen", "t_gen_lo", "t_gen_hi", "t_gen_min", "t_gen_max", "not_reached", "over_paper"),
    *(name for name in TIMES if name != "t_gen"),
    *("steps", *FACTS),
]
"""Of table 1: for each row one of all seeds (`seed` empty), then one of each. t_gen: median by
Kaplan and Meier with its interval; not_reached: runs whose budget of `steps` ended before;
over_paper: t_gen over the report's."""


def table1(table: pd.DataFrame, settings: SumSettings, resampling: Resampling) -> pd.DataFrame:
    """TABLE1: rows of the report in its order, then sums that it has not.

    table: SUM_COLUMNS of the runs of table 1.
    """
    printed = {(row.p, row.a, row.b): row for row in settings.table1}
    order = [*(key for key in printed if len(of(table, key))), *keys(table)]
    rows: list[Row] = []
    for key in dict.fromkeys(order):
        runs = of(table, key)
        said = printed.get(key)
        told = {
            **dict(zip(("p", "a", "b"), key, strict=True)),
            "paper_grokked": None if said is None else said.grokked,
            "paper_step": None if said is None else said.step,
            **{name: runs[name].iloc[0] for name in FACTS},
        }
        rows.append({**told, **_summary(runs, None, told["paper_step"], resampling)})
        for seed, one in runs.groupby("seed"):
            rows.append({**told, **_summary(one, seed, told["paper_step"], resampling)})
    made = pd.DataFrame(rows, columns=TABLE1)
    return made.astype({"seed": "Int64", "paper_step": "Int64"})


def _summary(
    runs: pd.DataFrame, seed: Any, paper_step: int | None, resampling: Resampling
) -> dict[str, Any]:
    middle = median_outcome(runs, "t_gen", resampling)
    others = {name: median_outcome(runs, name, resampling).value for name in TIMES}
    return {
        "seed": seed,
        "runs": len(runs),
        "outcome": majority(list(runs["outcome"])),
        **{name.replace(" ", "_"): int((runs["outcome"] == name).sum()) for name in OUTCOMES},
        **others,
        "t_gen_lo": middle.lo,
        "t_gen_hi": middle.hi,
        "t_gen_min": float(runs["t_gen"].min()),
        "t_gen_max": float(runs["t_gen"].max()),
        "not_reached": int((~np.isfinite(runs["t_gen"])).sum()),
        "over_paper": math.nan if paper_step is None else middle.value / paper_step,
        "steps": int(runs["steps"].min()),
    }


# -- statistics --------------------------------------------------------------------------------


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
        *_table_rows(printed, settings, resampling),
        *_trend_rows(printed, main, settings, resampling),
        *_evenness_rows(every, resampling),
        *_seven_rows(every, main, settings, resampling),
        *_even_rows(every, main, settings, resampling),
        *_group_rows(every, main, settings, resampling),
    ]


def _table_rows(runs: pd.DataFrame, settings: SumSettings, resampling: Resampling) -> list[Row]:
    strict = loose = within = there = timed = 0
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
            times = median_outcome(part, "t_gen", resampling).value / row.step
            within += 1 / settings.factor <= times <= settings.factor
    rows = len(settings.table1)
    steps = sum(row.step is not None for row in settings.table1)
    return [
        statistic_row(Sums.FLAGS, _of(strict, there), there, "rows of table 1 that agree", rows),
        statistic_row(
            Sums.FLAGS_AT_ONCE, _of(loose, there), there, "the same, `immediate` a yes", rows
        ),
        statistic_row(
            Sums.STEPS_WITHIN,
            _of(within, timed),
            timed,
            f"rows whose median t_gen is within {settings.factor:g} times the report's",
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
    return [
        statistic_row(
            Sums.EVEN_MEMORISED,
            share(even["outcome"] == "memorised", resampling.confidence),
            len(even),
            "share of runs with even answers that memorise and do not generalise",
        ),
        statistic_row(
            Sums.UNEVEN_GENERALISED,
            share(uneven["outcome"].isin(GENERALISED), resampling.confidence),
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
        statistic_row(
            Sums.SEVEN_ELSEWHERE,
            _least_share(others, "grokked", level),
            len(others),
            f"least share of {exponents} that groks, of the other moduli",
        )
    ]


def _least_share(runs: pd.DataFrame, outcome: str, level: float) -> Estimate:
    found = [
        rate(int((part["outcome"] == outcome).sum()), len(part), level)
        for _, part in runs.groupby("p")
    ]
    return min(found, key=lambda one: one.value, default=NOTHING)


def _even_rows(
    runs: pd.DataFrame, main: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    even = runs[(runs["p"] == main) & (runs["a"] == runs["b"]) & (runs["a"] % 2 == 0)]
    pairs = list(dict.fromkeys(keys(even)))
    medians = {
        key: median_outcome(of(runs, key), "t_gen", resampling).value
        for key in dict.fromkeys(keys(runs))
    }
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
    slow, fast = (of(runs, (main, *one)) for one in settings.slower)
    return [
        _ratio_row(
            Sums.MULTIPLES_RATIO,
            (here[multiple], here[~multiple]),
            resampling,
            "median t_gen where one exponent is a multiple of the other, over the others'",
        ),
        _ratio_row(
            Sums.SLOWER_RATIO,
            (slow, fast),
            resampling,
            f"median t_gen of {settings.slower[0]} over that of {settings.slower[1]}",
        ),
    ]


def _ratio_row(
    name: Sums, groups: Iterable[pd.DataFrame], resampling: Resampling, note: str
) -> Row:
    top, bottom = list(groups)
    one, other = (median_outcome(part, "t_gen", resampling).value for part in (top, bottom))
    both_never = math.isinf(one) and math.isinf(other)
    found = math.nan if both_never or other == 0 else one / other
    return statistic_row(name, found, min(len(top), len(bottom)), note)
