"""Table 1 and its statistics, of outcomes that are made up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.outcomes import COLUMNS
from fittest.analysis.exponents.sum_statistics import statistics
from fittest.analysis.exponents.sums import (
    MIXED,
    TABLE1,
    SumSettings,
    majority,
    sum_table,
    table1,
)
from fittest.analysis.exponents.trends import difference_p, fall_p, falls, rank_correlation
from fittest.analysis.statistics.intervals import Resampling
from small_world import REPOSITORY

SETTINGS = SumSettings(
    **yaml.safe_load((REPOSITORY / "config/analysis/exponents.yaml").read_text())["sums"]
)
R = Resampling(draws=300, seed=1, confidence=0.95)
Planted = dict[tuple[int, int, int], list[float]]


def planted(times: Planted, runset: str = "one", steps: int = 20_000) -> pd.DataFrame:
    """SUM_COLUMNS of runs that generalise then: within 300 steps of memorising, `immediate`."""
    rows: list[dict[str, Any]] = []
    for (p, a, b), each in times.items():
        for seed, time in enumerate(each):
            outcome = "grokked" if time > 500 else "immediate"
            rows.append(
                dict.fromkeys(COLUMNS, 0.0)
                | {
                    "run_id": f"{runset}{p}{a}{b}{seed}",
                    "runset": runset,
                    "task": "powers",
                    **dict(zip(("p", "a", "b", "seed"), (p, a, b, 598 + seed), strict=True)),
                    "steps": steps,
                    "outcome": outcome if math.isfinite(time) else "memorised",
                    "t_mem": 200.0,
                    "t_gen": time,
                }
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return sum_table(table.astype(dict.fromkeys(("p", "a", "b"), "Int64")), 0.3)


NEVER = math.inf
AS_PRINTED: Planted = {
    (row.p, row.a, row.b): [NEVER if row.step is None else row.step * x for x in (0.9, 1, 1.1)]
    for row in SETTINGS.table1
}
EVEN: Planted = {(113, a, a): [3000.0 + 100 * a, 3100.0 + 100 * a] for a in (2, 6, 8)}


def found(printed: Planted, others: Planted) -> dict[str, float]:
    first, second = planted(printed, steps=100_000), planted(others, "two", 100_000)
    every = pd.concat([first, second], ignore_index=True)
    rows = statistics(first, every, SETTINGS, R)
    return {row["name"]: row["value"] for row in rows}


def test_a_world_as_the_report_says() -> None:
    others = {**EVEN, (113, 4, 4): [250.0, 260.0], (103, 7, 7): [900.0]}
    seen = found(AS_PRINTED, others)
    assert seen[Sums.FLAGS] == seen[Sums.FLAGS_AT_ONCE] == 10
    assert seen[Sums.STEPS_WITHIN] == 9
    assert seen[Sums.TREND_P] < 0.05 and seen[Sums.DIFFERENCE_P] < 0.05
    assert (seen[Sums.TREND_FIRST], seen[Sums.TREND_LAST]) == (18100, 1600)
    assert seen[Sums.EVEN_MEMORISED] == 0
    assert seen[Sums.SEVEN_GROKKED] == 0 and seen[Sums.SEVEN_MEMORISED] == 1
    assert seen[Sums.SEVEN_ELSEWHERE] == 1
    assert seen[Sums.EVEN_PAIRS_GENERALISED] == 4 and seen[Sums.EVEN_PAIRS_LEFT] == 0
    assert seen[Sums.FOURTH_AT_ONCE] == 1 and seen[Sums.FOURTH_FAST] == 1
    assert seen[Sums.SLOWER_RATIO] == pytest.approx(70_000 / 1600)


def test_a_world_in_which_symmetry_decides() -> None:
    """Equal exponents are one task, (7, 7) is looked up at once, even pairs are slow."""
    same = [11_000.0, 9000.0, 14_000.0]
    times: Planted = {(113, a, a): [same[(i + a) % 3] for i in range(3)] for a in (1, 3, 5, 9)}
    times |= {(113, 7, 7): [240.0, 250.0, 260.0], (101, 7, 7): same}
    times |= {(113, 3, 4): [4000.0] * 3, (113, 5, 4): [3000.0, 3500.0, 5000.0]}
    times |= {(113, 4, 5): [3100.0, 3400.0, 5100.0], (113, 8, 9): [400.0, 450.0, NEVER]}
    seen = found(times, {(113, 2, 2): [NEVER, NEVER], (113, 4, 4): [9000.0]})
    assert seen[Sums.FLAGS] == 9 and seen[Sums.FLAGS_AT_ONCE] == 10
    assert seen[Sums.STEPS_WITHIN] < 9
    assert seen[Sums.TREND_P] > 0.2 and seen[Sums.DIFFERENCE_P] > 0.2
    assert seen[Sums.MIRRORED_P] > 0.2
    assert seen[Sums.SEVEN_IMMEDIATE] == 1 and seen[Sums.SEVEN_GROKKED] == 0
    assert seen[Sums.UNEVEN_GENERALISED] == pytest.approx(4 / 6)
    assert seen[Sums.EVEN_PAIRS_GENERALISED] == 1 and seen[Sums.EVEN_PAIRS_LEFT] == 1
    assert seen[Sums.FOURTH_FAST] == 0
    assert seen[Sums.SLOWER_RATIO] < 1 < seen[Sums.MULTIPLES_RATIO]


def test_nothing_is_trained() -> None:
    seen = found({}, {})
    assert set(seen) == {str(name) for name in Sums}
    assert all(math.isnan(value) for value in seen.values())
    assert table1(planted({}), SETTINGS, R).empty


def test_table_1() -> None:
    table = table1(planted({**AS_PRINTED, (113, 3, 3): [9000.0, NEVER, 12_000.0]}), SETTINGS, R)
    assert list(table.columns) == TABLE1
    summaries = table[table["seed"].isna()]
    assert len(summaries) == 10 and len(table) == 40
    row = summaries.iloc[1]
    assert (row["a"], row["paper_step"], row["not_reached"]) == (3, 10_000, 1)
    # The run that is not there yet is the latest, not left out.
    assert row["t_gen"] == 12_000 and row["over_paper"] == pytest.approx(1.2)
    assert (row["t_gen_min"], row["t_gen_max"]) == (9000, math.inf)
    assert summaries.iloc[5]["outcome"] == "memorised"
    assert summaries.iloc[5][["gcd_a", "missing"]].tolist() == [7, 16]


def test_majority() -> None:
    assert majority(["grokked", "grokked", "memorised"]) == "grokked"
    assert majority(["grokked", "memorised"]) == MIXED == majority([])


def test_falls_by_hand() -> None:
    assert falls([[5, 6], [3, 4], [1, 2]]) == 12
    assert falls([[1], [1]]) == 0.5
    assert falls([[math.inf], [3]]) == 1


def test_p_values() -> None:
    down = [[9, 10, 11], [6, 7, 8], [3, 4, 5], [0, 1, 2]]
    assert fall_p(down, R) < 0.02 and fall_p(down[::-1], R) > 0.98
    assert difference_p(down) == pytest.approx(0.0156, abs=1e-3)
    assert difference_p([[1, 2, 3], [4, 5, 6]]) == pytest.approx(0.1)  # exact
    assert difference_p([[math.inf] * 3, [math.inf] * 3]) == 1
    assert math.isnan(difference_p([[1.0], []])) and math.isnan(fall_p([[1.0]], R))


def test_rank_correlation_takes_never_as_latest() -> None:
    assert rank_correlation([0, 1, 2], [10, 20, math.inf]) == pytest.approx(1)
    assert math.isnan(rank_correlation([1, 1], [1, 2]))
    assert np.isfinite(rank_correlation([1, 2, 2], [3, 1, 1]))
