"""Untrained embeddings: the derived table, expected means and trends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.completeness import untrained as cr
from fittest.analysis.statistics.intervals import Resampling

RESAMPLING = Resampling(draws=100, seed=0, confidence=0.95)


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return cr.completeness_range([2, 4, 8, 16, 32, 64, 128], 100)


def test_the_derived_table(drawn: pd.DataFrame) -> None:
    """Methods 2.3, to 5 % from d = 4 on."""
    shares = drawn.assign(
        minimum=drawn["minimum"] / drawn["mean"], maximum=drawn["maximum"] / drawn["mean"]
    )
    means = shares.groupby(["task", "d"])[["minimum", "maximum"]].mean()
    for task, table in cr.DERIVED.items():
        for d, expected in table.items():
            if d >= 4:
                assert means.loc[(task, d)].tolist() == pytest.approx(expected, rel=0.05)


def test_means_are_as_expected(drawn: pd.DataFrame) -> None:
    part = drawn[drawn["d"] >= 4].groupby(["task", "d"])[["mean", "expected"]].mean()
    assert (part["mean"] / part["expected"]).to_numpy() == pytest.approx(1, abs=0.08)
    at = drawn[(drawn["d"] == 8) & (drawn["seed"] == 0)].set_index("task")["expected"]
    assert at["remainder"] == pytest.approx(33 * 8)
    assert at["xor"] == 96 * 8
    assert at["modular_addition"] == pytest.approx(np.sqrt(59 * 8))


def test_trends(drawn: pd.DataFrame) -> None:
    rows = {r["name"]: r["value"] for r in cr.range_rows(drawn, 4, RESAMPLING)}
    for task in cr.TASKS:
        assert rows[f"range.{task}.spearman_minimum"] > 0.8
        assert rows[f"range.{task}.spearman_maximum"] < -0.8
        assert rows[f"range.{task}.table_deviation"] < 0.05
        assert rows[f"range.{task}.mean_deviation"] < 0.08


def test_extremes_are_in_units_of_their_own_mean(drawn: pd.DataFrame) -> None:
    lines = cr.by_dimension(drawn, RESAMPLING)
    assert len(lines) == 3 * 7 * 3
    ours = lines[(lines["task"] == "xor") & (lines["d"] == 8)].set_index("statistic")["y"]
    part = drawn[(drawn["task"] == "xor") & (drawn["d"] == 8)]
    for name in ("minimum", "maximum"):
        assert ours[name] == pytest.approx((part[name] / part["mean"]).mean())
    # The mean itself in units of its expectation.
    assert ours["mean"] == pytest.approx((part["mean"] / (96 * 8)).mean())
    assert (lines["y_lo"] <= lines["y"]).all() and (lines["y"] <= lines["y_hi"]).all()


def test_one_dimension_or_few_seeds_have_no_trend() -> None:
    rows = {
        r["name"]: r["value"] for r in cr.range_rows(cr.completeness_range([4], 2), 4, RESAMPLING)
    }
    assert np.isnan(rows["range.xor.spearman_minimum"])
