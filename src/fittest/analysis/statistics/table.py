"""The table of statistics: a row per name, written by analyses, read by figures and claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import NOTHING, Estimate
from fittest.analysis.statistics.names import StatisticName

COLUMNS = ["name", "value", "ci_lo", "ci_hi", "n", "paper", "note"]
Row = dict[str, Any]


def statistic_row(
    name: StatisticName,
    estimate: Estimate | float,
    n: int,
    note: str,
    paper: float | None = None,
) -> Row:
    """One row of the table.

    Args:
        name: declared by the paper that writes it.
        estimate: a bare number has no interval.
        n: how many cases it rests on.
        note: what it is, in words.
        paper: the paper's value, if it gives one.
    """
    return _row(name, estimate, n, note, paper)


def verdict_row(claim: str, verdict: float, n: int, note: str) -> Row:
    """The verdict on a claim of another paper as a row, named by the claim's id."""
    return _row(claim, verdict, n, note, None)


def _row(name: str, estimate: Estimate | float, n: int, note: str, paper: float | None) -> Row:
    known = estimate if isinstance(estimate, Estimate) else Estimate(float(estimate))
    return {
        "name": str(name),
        "value": known.value,
        "ci_lo": known.lo,
        "ci_hi": known.hi,
        "n": int(n),
        "paper": np.nan if paper is None else float(paper),
        "note": note,
    }


def statistics_table(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a table (COLUMNS). ValueError where two have one name."""
    table = pd.DataFrame(list(rows), columns=COLUMNS)
    refuse_twins(table)
    return table


def refuse_twins(table: pd.DataFrame) -> None:
    """Raise ValueError where two rows of a table of statistics have one name."""
    twice = table.loc[table["name"].duplicated(), "name"].tolist()
    if twice:
        raise ValueError(f"statistics of the same name: {', '.join(twice)}")


class Statistics(Mapping[str, Mapping[str, Any]]):
    """A table of statistics, read by name: rows as mappings of its columns."""

    def __init__(self, *tables: pd.DataFrame) -> None:
        """tables: of COLUMNS; a later one's rows stand for those of the same name before."""
        self._rows: dict[str, Mapping[str, Any]] = {
            str(row["name"]): {str(key): value for key, value in row.items()}
            for table in tables
            for row in table.to_dict("records")
        }

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """The row called `name`. KeyError where there is none."""
        return self._rows[str(name)]

    def __iter__(self) -> Any:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def printed(row: Mapping[str, Any] | None, digits: int = 2) -> str:
    """Value and interval of a row for readers, in powers of ten where the value would show as 0;
    `undefined` for NaN, or where there is no row."""
    return NOTHING.printed(digits) if row is None else estimate_of(row).printed(digits)


def estimate_of(row: Mapping[str, Any]) -> Estimate:
    """Value and interval of a row of the table."""
    return Estimate(float(row["value"]), float(row["ci_lo"]), float(row["ci_hi"]))
