"""Statistics of the report's table 1: its flags, its steps, and their order (exponents methods 2.3,
E01 to E03, E05)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import median_outcome, median_step
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.exponents.sums import GENERALISED, of
from fittest.analysis.exponents.trends import difference_p, fall_p, rank_correlation
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Row, statistic_row


def table_rows(runs: pd.DataFrame, settings: SumSettings) -> list[Row]:
    """E01, E02. The report's "No" is of what does not generalise (its 3.3.2; exponents methods
    6.3).

    runs: SUM_COLUMNS of the runs of table 1.
    """
    strict = loose = within = other = there = timed = 0
    for row in settings.table1:
        part = of(runs, (row.p, row.a, row.b))
        if len(part) == 0:
            continue
        there += 1
        late, at_all = (_of_most(part["outcome"], these) for these in (("grokked",), GENERALISED))
        # Half of the runs decide neither way: they are no yes, and no "does not generalise".
        strict += late is True if row.grokked else at_all is False
        loose += at_all is True if row.grokked else late is not True
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
        statistic_row(
            Sums.FLAGS, counted(strict, there), there, "rows of table 1 that agree", rows
        ),
        statistic_row(
            Sums.FLAGS_AT_ONCE,
            counted(loose, there),
            there,
            "the same, where generalising without a plateau agrees with a yes and with a no",
            rows,
        ),
        statistic_row(
            Sums.STEPS_WITHIN,
            counted(within, timed),
            timed,
            f"rows whose median t_gen is within {settings.factor:g} times the report's",
            steps,
        ),
        statistic_row(
            Sums.STEPS_WITHIN_OTHER,
            counted(other, timed),
            timed,
            "the same, of a step that may be a misprint in its other reading",
            steps,
        ),
    ]


def _of_most(outcomes: Iterable[str], these: tuple[str, ...]) -> bool | None:
    """Whether more than half of the outcomes are among these; None where exactly half are."""
    marks = [one in these for one in outcomes]
    return None if 2 * sum(marks) == len(marks) else 2 * sum(marks) > len(marks)


def counted(count: int, among: int) -> float:
    """A count, NaN where there is nothing to count."""
    return count if among else math.nan


def trend_rows(
    runs: pd.DataFrame, p: int, settings: SumSettings, resampling: Resampling
) -> list[Row]:
    """E03, E05. runs: SUM_COLUMNS of the runs of table 1. p: the report's main modulus."""
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
