"""The tables that measures may read, by name, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fittest.store import read_table

if TYPE_CHECKING:
    import pandas as pd


class UnavailableError(Exception):
    """A measure cannot be taken here, and why: its claim is then not evaluated."""


class MissingTableError(UnavailableError):
    """A table that a measure reads was not computed, such as one of runs that were left out.

    Attributes:
        table: its name.
    """

    def __init__(self, table: str) -> None:
        super().__init__(f"these results lack what it is measured on ({table})")
        self.table = table


class Tables:
    """Named tables. `<run-set>.runs` and `<run-set>.frequencies`, and analysis products."""

    def __init__(self, paths: Mapping[str, str | Path]) -> None:
        """paths: name -> Parquet file."""
        self._paths = dict(paths)
        self._read: dict[str, pd.DataFrame] = {}

    def get(self, name: str) -> pd.DataFrame:
        """The table `name`. UnavailableError where no such table is known, MissingTableError where
        it was not computed."""
        if name not in self._read:
            path = self._paths.get(name)
            if path is None:
                raise UnavailableError(f"there is no table {name} yet")
            if not Path(path).exists():
                raise MissingTableError(name)
            self._read[name] = read_table(path)
        return self._read[name]

    def runs(self, runset: str) -> pd.DataFrame:
        """A row per run of a run-set that did not fail."""
        table = self.get(f"{runset}.runs")
        return table[~table["failed"].astype(bool)]

    def frequencies(self, runset: str) -> pd.DataFrame:
        """A row per run and frequency, of the runs that did not fail."""
        table = self.get(f"{runset}.frequencies")
        return table[table["run_id"].isin(self.runs(runset)["run_id"])]

    def row(self, table: str, name: str) -> pd.Series:
        """The row called `name` of a statistics table (name, value, ci_lo, ci_hi, n)."""
        found = self.get(table)
        rows = found[found["name"] == name]
        if len(rows) == 0:
            raise UnavailableError(f"{table} has no row {name}")
        if len(rows) > 1:
            raise UnavailableError(f"{table} has {len(rows)} rows {name}")
        return rows.iloc[0]
