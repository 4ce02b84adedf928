"""Table 1 and its statistics, of outcomes that are made up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.analysis.exponents.multiples import problem_of, problem_strata
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
from fittest.analysis.exponents.trends import (
    difference_p,
    fall_p,
    falls,
    rank_correlation,
    sooner_p,
)
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
    assert seen[Sums.STEPS_WITHIN] == 9 and seen[Sums.STEPS_WITHIN_OTHER] == 8
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
    # (8, 9) and (7, 7) generalise at once, which is neither a yes nor a no.
    assert seen[Sums.FLAGS] == 8 and seen[Sums.FLAGS_AT_ONCE] == 10
    assert seen[Sums.STEPS_WITHIN] < 9
    assert seen[Sums.TREND_P] > 0.2 and seen[Sums.DIFFERENCE_P] > 0.2
    assert seen[Sums.MIRRORED_P] > 0.2
    assert seen[Sums.SEVEN_IMMEDIATE] == 1 and seen[Sums.SEVEN_GROKKED] == 0
    assert seen[Sums.UNEVEN_GENERALISED] == pytest.approx(4 / 6)
    assert seen[Sums.EVEN_PAIRS_GENERALISED] == 1 and seen[Sums.EVEN_PAIRS_LEFT] == 1
    assert seen[Sums.FOURTH_FAST] == 0
    assert seen[Sums.SLOWER_RATIO] < 1 < seen[Sums.MULTIPLES_RATIO]


@pytest.mark.parametrize(
    ("times", "strict", "loose"),
    [
        ([NEVER, NEVER, NEVER], 10, 10),
        ([NEVER, NEVER, 240.0], 10, 10),
        ([240.0, 250.0, NEVER], 9, 10),
        ([9000.0, 9500.0, 250.0], 9, 9),
        # As many as not: no majority does without generalising, nor groks.
        ([NEVER, 9000.0], 9, 10),
    ],
)
def test_no_is_of_what_does_not_generalise(times: list[float], strict: int, loose: int) -> None:
    seen = found({**AS_PRINTED, (113, 7, 7): times}, {})
    assert (seen[Sums.FLAGS], seen[Sums.FLAGS_AT_ONCE]) == (strict, loose)


def cut(table: pd.DataFrame, at: dict[tuple[int, int, int], int]) -> pd.DataFrame:
    """Runs of some sums, the first so many of each, are cut while their test loss falls."""
    made = table.copy()
    for (p, a, b), number in at.items():
        rows = made.index[(made["p"] == p) & (made["a"] == a) & (made["b"] == b)][:number]
        made.loc[rows, ["outcome", "t_gen", "cut_short"]] = ["memorised", NEVER, 1.0]
    return made


def test_a_run_that_is_cut_under_way_speaks_neither_for_nor_against_evenness() -> None:
    table = planted({**AS_PRINTED, (113, 2, 2): [3000.0, 300.0], (113, 8, 8): [NEVER]})

    def of(given: pd.DataFrame) -> dict[str, dict[str, float]]:
        return {row["name"]: row for row in statistics(given, given, SETTINGS, R)}

    # (2, 2) groks once and is immediate once: it has uneven answers.
    seen = of(table)
    assert seen[Sums.EVEN_GROKKED]["value"] == 1 and seen[Sums.EVEN_CUT]["value"] == 0
    assert seen[Sums.UNEVEN_GROKKED]["value"] == pytest.approx(1 / 6)
    seen = of(cut(table, {(101, 7, 7): 1, (113, 2, 2): 1}))
    assert seen[Sums.EVEN_GROKKED]["value"] == 1 and seen[Sums.EVEN_GROKKED]["n"] == 26
    assert seen[Sums.EVEN_CUT]["value"] == seen[Sums.UNEVEN_CUT]["value"] == 1
    assert seen[Sums.UNEVEN_GROKKED]["value"] == 0 and seen[Sums.UNEVEN_GROKKED]["n"] == 5
    assert seen[Sums.EVEN_MEMORISED]["value"] > 0
    # A run that memorises to its end without a fall is what the report does not have.
    never = table.copy()
    never.loc[never["p"] == 101, ["outcome", "t_gen"]] = ["memorised", NEVER]
    assert of(never)[Sums.EVEN_GROKKED]["value"] == pytest.approx(24 / 27)


def test_the_least_share_rests_on_the_runs_of_its_modulus() -> None:
    table = planted({**AS_PRINTED, (103, 7, 7): [2000.0] * 5})
    rows = statistics(table, cut(table, {(101, 7, 7): 1}), SETTINGS, R)
    seen = {row["name"]: row for row in rows}
    assert seen[Sums.SEVEN_ELSEWHERE]["value"] == pytest.approx(2 / 3)
    assert seen[Sums.SEVEN_ELSEWHERE]["n"] == 3
    assert (seen[Sums.SEVEN_CUT]["value"], seen[Sums.SEVEN_CUT]["n"]) == (1, 8)


def test_multiples_of_the_report_are_not_told_from_uneven_answers() -> None:
    """Whatever its sums do: the multiples among them are uneven, or all of one problem."""
    slow: Planted = {(113, a, a): [9000.0 + a] for a in (1, 3, 5, 9)}
    others: Planted = {(113, 3, 4): [4000.0, 4400.0], (113, 4, 5): [4100.0, 4300.0]}
    sooner: Planted = {(113, 2, 2): [1000.0, 1100.0], (113, 6, 6): [1200.0, 1300.0]}
    sooner |= {(113, 4, 7): [300.0], (113, 2, 7): [2000.0], (113, 4, 8): [160.0]}
    seen = found({**slow, **others}, sooner)
    assert math.isnan(seen[Sums.MULTIPLES_P]) and seen[Sums.MULTIPLES_LEAST_P] == 1
    assert seen[Sums.MULTIPLES_RATIO] < 1 < seen[Sums.MULTIPLES_RATIO_EVEN]


MULTIPLE = [(1, 1), (1, 3), (1, 5), (1, 9), (1, 2), (1, 6)]
NO_MULTIPLE = [(3, 5), (5, 9), (3, 2), (5, 2), (5, 6), (9, 2)]
"""All even; in either, the first with a product of divisors of 1, the last four or two of 2."""


def problems(multiple: float, other: float, seeds: int = 2) -> Planted:
    """Six problems of each kind, those of which pairs can be looked up ten times sooner."""
    return {
        (113, *pair): [
            (base + 10 * at + seed) / (10 if pair[1] % 2 == 0 else 1) for seed in range(seeds)
        ]
        for pairs, base in ((MULTIPLE, multiple), (NO_MULTIPLE, other))
        for at, pair in enumerate(pairs)
    }


def test_multiples_are_compared_with_problems_that_are_alike_but_for_that() -> None:
    seen = found(problems(5000, 9000), {})
    assert seen[Sums.MULTIPLES_P] < 0.05
    assert seen[Sums.MULTIPLES_LEAST_P] == pytest.approx(1 / 15**2)
    assert found(problems(9000, 5000), {})[Sums.MULTIPLES_P] > 0.5
    assert found(problems(9000, 9000), {})[Sums.MULTIPLES_P] > 0.05
    # What differs between strata alone is no difference between kinds.
    fewer = problems(9000, 9000)
    for pair in ((3, 5), (5, 9), (1, 2), (1, 6)):
        del fewer[(113, *pair)]
    seen = found(fewer, {})
    assert math.isnan(seen[Sums.MULTIPLES_P]) and seen[Sums.MULTIPLES_RATIO] > 2


def test_a_problem_counts_once_however_many_runs_and_names_it_has() -> None:
    table = planted(problems(5000, 9000, seeds=9))
    rows = {row["name"]: row for row in statistics(table, table, SETTINGS, R)}
    assert rows[Sums.MULTIPLES_P]["n"] == 12
    # (3, 9) is (1, 3) and (9, 6) is (3, 2): two more names, no more problems.
    more = planted({**problems(5000, 9000), (113, 9, 3): [5000.0], (113, 9, 6): [900.0]})
    rows = {row["name"]: row for row in statistics(more, more, SETTINGS, R)}
    assert rows[Sums.MULTIPLES_P]["n"] == 12
    assert rows[Sums.MULTIPLES_LEAST_P]["value"] == pytest.approx(1 / 15**2)


def test_sums_that_are_one_problem() -> None:
    same = [(1, 1), (3, 3), (5, 5), (9, 9)]
    assert len({problem_of((113, *one)) for one in same}) == 1
    assert problem_of((113, 4, 5)) == problem_of((113, 5, 4)) != problem_of((113, 3, 4))
    assert problem_of((113, 2, 2)) == problem_of((113, 6, 6)) != problem_of((113, 4, 4))
    assert problem_of((113, 7, 7)) != problem_of((113, 1, 1)) != problem_of((101, 1, 1))
    assert problem_of((101, 7, 7)) == problem_of((101, 1, 1))
    # Modulo 13 one problem is (1, 2), a multiple, and (7, 2), none: it says nothing about them.
    assert problem_of((13, 1, 2)) == problem_of((13, 7, 2))
    both: Planted = {(13, 1, 2): [900.0], (13, 7, 2): [800.0], (13, 1, 1): [700.0]}
    assert problem_strata(planted(both)) == [([700.0], [])]


def test_all_exponents_that_grok_are_put_in_one_order() -> None:
    assert found(AS_PRINTED, {})[Sums.EXPONENT_CORRELATION] < -0.3
    later: Planted = {(113, a, a): [1000.0 * a] * 3 for a in (1, 3, 5, 9)}
    assert found(later, {})[Sums.EXPONENT_CORRELATION] == pytest.approx(1)


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
    assert math.isnan(row["over_other"]) and row["cut_short"] == 0
    assert summaries.iloc[2]["over_other"] == pytest.approx(10)
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


def test_sooner_within_strata_only() -> None:
    one = ([1, 2, 3], [4, 5, 6])
    assert sooner_p([one, one], R) < 0.01 and sooner_p([one[::-1], one[::-1]], R) > 0.99
    # Between strata they differ, within them they do not.
    level = ([1, 4, 2], [3, 1.5, 2.5])
    high = ([101, 104, 102], [103, 101.5, 102.5])
    assert sooner_p([level, high], R) > 0.2
    assert math.isnan(sooner_p([([1], []), ([], [2])], R))


def test_rank_correlation_takes_never_as_latest() -> None:
    assert rank_correlation([0, 1, 2], [10, 20, math.inf]) == pytest.approx(1)
    assert math.isnan(rank_correlation([1, 1], [1, 2]))
    assert np.isfinite(rank_correlation([1, 2, 2], [3, 1, 1]))
