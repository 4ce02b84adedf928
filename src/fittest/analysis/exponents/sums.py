"""Sums of two powers: what became of their runs, row by row of the report's table 1 (exponents
methods 2.2, 2.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.outcomes import (
    COLUMNS,
    OUTCOMES,
    TIMES,
    median_outcome,
    median_step,
)
from fittest.analysis.exponents.sum_settings import PrintedRow, SumSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.tasks.residues import residues

Key = tuple[int, int, int]
"""p, a, b."""
FACTS = ["gcd_a", "gcd_b", "chi_square", "missing", "coverage"]
"""Of the numbers alone: gcd(a, p - 1), gcd(b, p - 1), X^2, remainders without a pair, kappa."""
SUM_COLUMNS = [*COLUMNS, *FACTS]
GENERALISED = ("grokked", "immediate")
MIXED = "mixed"
"""The majority of runs of which no outcome has more than half."""


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
    *("t_gen", "t_gen_lo", "t_gen_hi", "t_gen_min", "t_gen_max", "not_reached", "cut_short"),
    *("over_paper", "over_other"),
    *(name for name in TIMES if name != "t_gen"),
    *("steps", *FACTS),
]
"""Of table 1: for each row one of all seeds (`seed` empty), then one of each. t_gen: median by
Kaplan and Meier with its interval; not_reached: runs whose budget of `steps` ended before;
cut_short: those of them that were under way; over_paper: t_gen over the report's; over_other: over
its other reading, where it may be a misprint."""


def table1(table: pd.DataFrame, settings: SumSettings, resampling: Resampling) -> pd.DataFrame:
    """TABLE1: rows of the report in its order, then sums that it has not.

    table: SUM_COLUMNS of the runs of table 1.
    """
    printed = {(row.p, row.a, row.b): row for row in settings.table1}
    order = [*(key for key in printed if len(of(table, key))), *keys(table)]
    rows: list[dict[str, Any]] = []
    for key in dict.fromkeys(order):
        runs = of(table, key)
        said = printed.get(key)
        told = {
            **dict(zip(("p", "a", "b"), key, strict=True)),
            "paper_grokked": None if said is None else said.grokked,
            "paper_step": None if said is None else said.step,
            **{name: runs[name].iloc[0] for name in FACTS},
        }
        rows.append({**told, **_summary(runs, None, said, resampling)})
        for seed, one in runs.groupby("seed"):
            rows.append({**told, **_summary(one, seed, said, resampling)})
    made = pd.DataFrame(rows, columns=TABLE1)
    return made.astype({"seed": "Int64", "paper_step": "Int64"})


def _summary(
    runs: pd.DataFrame, seed: Any, said: PrintedRow | None, resampling: Resampling
) -> dict[str, Any]:
    printed = (None, None) if said is None else (said.step, said.other_step)
    middle = median_outcome(runs, "t_gen", resampling)
    others = {name: median_step(runs, name) for name in TIMES}
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
        "cut_short": int(runs["cut_short"].astype(bool).sum()),
        **{
            name: math.nan if step is None else middle.value / step
            for name, step in zip(("over_paper", "over_other"), printed, strict=True)
        },
        "steps": int(runs["steps"].min()),
    }
