"""The table of statistics: declared names, one bootstrap, one rate, one way to print."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.papers import constants, statistics_of
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    cluster_bootstrap,
    mean_estimate,
    median_estimate,
    number,
    over_runs,
    rate,
    share,
    wilson,
)
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import (
    Statistics,
    printed,
    statistic_row,
    statistics_table,
    verdict_row,
)
from small_world import REPOSITORY

R = Resampling(draws=400, seed=3, confidence=0.9)
PAPERS = ("survival", "completeness")


class Shown(StatisticName):
    RUNS = "shown.runs"
    MEAN_OF_D = "shown.mean_of_d"


def test_a_name_that_is_not_declared_cannot_be_written() -> None:
    assert Shown.of("mean_of_d") is Shown.MEAN_OF_D
    assert statistic_row(Shown.RUNS, 3, 3, "")["name"] == "shown.runs"
    with pytest.raises(ValueError, match=r"shown\.maen_of_d"):
        Shown.of("maen_of_d")
    assert Shown.has("runs") and not Shown.has("failed")


@pytest.mark.parametrize("paper", PAPERS)
def test_names_say_their_group_and_no_two_tables_share_one(paper: str) -> None:
    tables = statistics_of(paper)
    assert len(tables) >= 3
    for one, other in combinations(tables.values(), 2):
        assert not one & other
    assert all(name.count(".") >= 1 for names in tables.values() for name in names)


def test_a_paper_without_a_wing_declares_nothing() -> None:
    assert statistics_of("nobody") == {}
    assert set(constants()) == {path.stem for path in (REPOSITORY / "config/analysis").iterdir()}


def test_rows_are_found_by_their_declared_names() -> None:
    rows = [statistic_row(Shown.RUNS, 3, 3, ""), statistic_row(Shown.MEAN_OF_D, Estimate(1), 3, "")]
    later = statistics_table([statistic_row(Shown.RUNS, 4, 4, "")])
    read = Statistics(statistics_table(rows), later)
    assert read[Shown.RUNS]["value"] == 4 and read["shown.mean_of_d"]["value"] == 1
    assert len(read) == 2 and read.get("shown.none") is None
    with pytest.raises(ValueError, match=r"same name: shown\.runs"):
        statistics_table([rows[0], rows[0]])
    assert verdict_row("S01", 1.0, 5, "reproduced")["name"] == "S01"


@pytest.mark.parametrize("middle", ["mean", "median"])
def test_means_and_medians_have_the_interval_of_any_statistic(middle: str) -> None:
    """One rule for the ends, whoever asks: the same draws give the same interval."""
    values = np.random.default_rng(1).exponential(size=23)
    reduce = {"mean": np.mean, "median": np.median}[middle]
    general = cluster_bootstrap(lambda i: float(reduce(values[i])), np.arange(23), R)
    estimate = {"mean": mean_estimate, "median": median_estimate}[middle]
    assert estimate(values, R) == general
    with_gaps = np.concatenate([values, [np.nan]])
    assert over_runs(with_gaps, middle, R) == (general, 23)  # type: ignore[arg-type]
    assert np.isnan(estimate(with_gaps, R).value)


def test_infinite_values_are_values() -> None:
    """A step that some runs never reach counts as infinitely late."""
    late = median_estimate([1.0, 2.0, np.inf, np.inf, np.inf], R)
    assert late.value == np.inf and late.hi == np.inf and late.lo in (1.0, 2.0)
    never = over_runs([np.inf, np.inf], "median", R)[0]
    assert (never.value, never.lo, never.hi) == (np.inf, np.inf, np.inf)


def test_nothing_to_resample() -> None:
    for empty in (mean_estimate([], R), cluster_bootstrap(lambda i: 1 / len(i), [], R)):
        assert np.isnan([empty.value, empty.lo, empty.hi]).all()
    alone = mean_estimate([3.0], R)
    assert alone.value == 3 and np.isnan(alone.lo)
    with pytest.raises(ValueError, match="at least one draw"):
        mean_estimate([1.0, 2.0], Resampling(0, 0, 0.9))


def test_a_rate_comes_with_its_interval_or_not_at_all() -> None:
    found = rate(15, 148, 0.95)
    assert (found.lo, found.hi) == tuple(float(x) for x in wilson(15, 148, 0.95))
    assert share([True, False, True, True], 0.95) == rate(3, 4, 0.95)
    nothing = share([], 0.95)
    assert np.isnan([nothing.value, nothing.lo, nothing.hi]).all()


@pytest.mark.parametrize(
    ("estimate", "digits", "text"),
    [
        (Estimate(0.766, 0.7, 0.812), 2, "0.77 [0.70, 0.81]"),
        (Estimate(0.766, 0.7, 0.812), None, "0.766 [0.7, 0.812]"),
        (Estimate(0.5), 1, "0.5"),
        (Estimate(0.0001, 0.00005, 0.0002), 2, "1.0e-04 [5.0e-05, 2.0e-04]"),
        (Estimate(0.0), 2, "0.00"),
        (Estimate(np.inf, 100.0, np.inf), 0, "inf [100, inf]"),
        (Estimate(np.nan), 2, "undefined"),
    ],
)
def test_estimates_are_printed_in_one_way(estimate: Estimate, digits: int, text: str) -> None:
    assert estimate.printed(digits) == text
    if digits is not None:
        row = {"value": estimate.value, "ci_lo": estimate.lo, "ci_hi": estimate.hi}
        assert printed(row, digits) == text


def test_what_is_missing_is_said() -> None:
    assert printed(None) == "undefined"
    assert Estimate(np.nan).printed(nothing="–") == "–"
    assert number(np.nan) == "" and number(0.126, 2) == "0.13"
    assert pd.isna(statistic_row(Shown.RUNS, 3, 3, "")["ci_lo"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6567.0, "6570"),
        (-6567.0, "-6570"),
        (999.6, "1000"),
        (98_100.0, "98100"),
        (999_900.0, "1e+06"),
        (0.01234, "0.0123"),
        (1.2e-5, "1.2e-05"),
        (np.inf, "inf"),
    ],
)
def test_three_digits_are_plain_below_a_million(value: float, text: str) -> None:
    assert number(value) == text
    assert Estimate(value, value, np.inf).printed(None) == f"{text} [{text}, inf]"
