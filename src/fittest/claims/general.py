"""Measures for any paper: rows of statistics tables, and what follows from two of them."""

from __future__ import annotations

import math
from dataclasses import replace

from fittest.claims.measures import Evidence, Measured, measure

ROWS = ("row", "over", "minus")
"""Parameters that name a row of the statistics table that the parameter `table` names."""


def _row(evidence: Evidence, table: str, row: str, counts: str = "n") -> Measured:
    found = evidence.tables.row(table, row)
    n = found["n"]
    return Measured(
        float(found["value"]),
        float(found["ci_lo"]),
        float(found["ci_hi"]),
        0 if math.isnan(n) else int(n),
        counts,
    )


@measure("statistic")
def statistic(evidence: Evidence, table: str, row: str, counts: str = "n") -> Measured:
    """A row of a statistics table as it stands. counts: what its n is of, which the table does not
    say; `n` for nothing."""
    return _row(evidence, table, row, counts)


@measure("verdict")
def verdict(evidence: Evidence, table: str, row: str) -> Measured:
    """The verdict on another paper's claim: 1 reproduced, 0.5 partly, 0 not; told by what led to
    it, the row's note."""
    found = _row(evidence, table, row)
    return replace(found, words=str(evidence.tables.row(table, row)["note"]))


@measure("ratio")
def ratio(evidence: Evidence, table: str, row: str, over: str, counts: str = "n") -> Measured:
    """One row's value over another's; without an interval. n is the smaller one, of `counts`."""
    top, bottom = _row(evidence, table, row), _row(evidence, table, over)
    value = top.value / bottom.value if bottom.value else math.nan
    return Measured(value, n=min(top.n, bottom.n), of=counts)


@measure("difference")
def difference(evidence: Evidence, table: str, row: str, minus: str) -> Measured:
    """One row's value minus another's; without an interval. n is the smaller one."""
    first, second = _row(evidence, table, row), _row(evidence, table, minus)
    return Measured(first.value - second.value, n=min(first.n, second.n), of="n")


@measure("rate_difference")
def rate_difference(evidence: Evidence, table: str, row: str, minus: str) -> Measured:
    """Difference of two rates with the interval of Newcombe (1998, method 10), which combines
    the Wilson intervals of both; n is the smaller one."""
    one, two = _row(evidence, table, row), _row(evidence, table, minus)
    gap = one.value - two.value
    low = gap - math.hypot(one.value - one.lo, two.hi - two.value)
    high = gap + math.hypot(one.hi - one.value, two.value - two.lo)
    return Measured(gap, low, high, min(one.n, two.n), "n")


@measure("cell")
def cell(
    evidence: Evidence,
    table: str,
    column: str,
    where: dict[str, float | str],
    counts: str,
    interval: tuple[str, str] | None = None,
) -> Measured:
    """One cell of a table: `column` of the row whose columns equal `where`; n from `counts`, the
    interval from two columns if named. NaN where there is no such row."""
    rows = evidence.tables.get(table)
    for name, wanted in where.items():
        rows = rows[rows[name] == wanted]
    if len(rows) != 1:
        return Measured(math.nan, of=counts)
    found = rows.iloc[0]
    low, high = (float(found[name]) for name in interval) if interval else (math.nan, math.nan)
    return Measured(float(found[column]), low, high, int(found[counts]), counts)
