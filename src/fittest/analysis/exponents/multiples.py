"""Whether sums of which one exponent is a multiple of the other are learnt sooner (exponents
methods 2.3, E11)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import median_step
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.exponents.sums import Key, keys
from fittest.analysis.exponents.trends import sooner_p
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Row, statistic_row

Stratum = tuple[Sequence[float], Sequence[float]]
"""Median steps of the problems that are multiples, and of those that are not."""


def problem_of(key: Key) -> Key:
    """One name for all sums that are one learning problem: those which a unit k modulo p - 1 takes
    to each other, (k a, k b) for (a, b), as x^k renames the numbers, and those with operands
    exchanged."""
    p, a, b = key
    units = [k for k in range(1, p) if math.gcd(k, p - 1) == 1]
    # Exponents from 1 to p - 1: the power 0 would take 0 to 1.
    renamed = ([(k * one - 1) % (p - 1) + 1 for one in (a, b)] for k in units)
    first, second = min(sorted(pair) for pair in renamed)
    return p, first, second


def multiple_rows(runs: pd.DataFrame, settings: SumSettings, resampling: Resampling) -> list[Row]:
    """E11. runs: SUM_COLUMNS of the runs of the report's main modulus."""
    multiple = _multiple(runs)
    even = runs["chi_square"] == 0
    strata = problem_strata(runs)
    compared = sum(sum(map(len, pair)) for pair in strata if all(map(len, pair)))
    slow, fast = (runs[(runs["a"] == one[0]) & (runs["b"] == one[1])] for one in settings.slower)
    return [
        _ratio_row(
            Sums.MULTIPLES_RATIO,
            (runs[multiple], runs[~multiple]),
            "median t_gen where one exponent is a multiple of the other, over the others'",
        ),
        _ratio_row(
            Sums.MULTIPLES_RATIO_EVEN,
            (runs[multiple & even], runs[~multiple & even]),
            "the same of runs with even answers",
        ),
        statistic_row(
            Sums.MULTIPLES_P,
            sooner_p(strata, resampling),
            compared,
            "one-sided p that multiples are sooner, among learning problems that are as even and of"
            " which as much can be looked up",
        ),
        statistic_row(
            Sums.MULTIPLES_LEAST_P,
            least_p(strata),
            compared,
            "least p that an order of these problems could have",
        ),
        _ratio_row(
            Sums.SLOWER_RATIO,
            (slow, fast),
            f"median t_gen of {settings.slower[0]} over that of {settings.slower[1]}",
        ),
    ]


def problem_strata(runs: pd.DataFrame) -> list[Stratum]:
    """Learning problems by what else makes sums fast: whether answers are even, and the chance that
    a test pair can be looked up, which is equal where the products of gcd(a, p - 1) and
    gcd(b, p - 1) are. Runs of one problem have one distribution of curves: together they are one
    value, their median t_gen. A problem with pairs of both kinds says nothing about multiples and
    is left out.

    runs: SUM_COLUMNS of the runs of one modulus.
    """
    names = {key: problem_of(key) for key in dict.fromkeys(keys(runs))}
    told = runs.assign(
        problem=pd.Series([str(names[key]) for key in keys(runs)], index=runs.index, dtype=str),
        multiple=_multiple(runs),
        lookup=runs["gcd_a"] * runs["gcd_b"],
        even=runs["chi_square"] == 0,
    )
    found: dict[tuple[bool, int], tuple[list[float], list[float]]] = {}
    for _, part in told.groupby("problem"):
        if part["multiple"].nunique() > 1:
            continue
        first = part.iloc[0]
        stratum = found.setdefault((bool(first["even"]), int(first["lookup"])), ([], []))
        stratum[0 if first["multiple"] else 1].append(median_step(part, "t_gen"))
    return list(found.values())


def least_p(strata: Sequence[Stratum]) -> float:
    """The least p that ``sooner_p`` could find of as many values, if it drew all arrangements: 1
    where no stratum has both groups. NaN without strata."""
    if not strata:
        return math.nan
    return 1 / math.prod(math.comb(len(one) + len(other), len(one)) for one, other in strata)


def _multiple(runs: pd.DataFrame) -> pd.Series:
    """Whether one exponent is a multiple of the other, of each run."""
    return ((runs["a"] % runs["b"] == 0) | (runs["b"] % runs["a"] == 0)).astype(bool)


def _ratio_row(name: Sums, groups: Iterable[pd.DataFrame], note: str) -> Row:
    top, bottom = list(groups)
    one, other = (median_step(part, "t_gen") for part in (top, bottom))
    both_never = math.isinf(one) and math.isinf(other)
    found = math.nan if both_never or other == 0 else one / other
    return statistic_row(name, found, min(len(top), len(bottom)), note)
