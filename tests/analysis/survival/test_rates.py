"""Survival tables and statistics from hand-made outcomes (survival methods 2.4, 2.11, 2.12)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.fates.runs import complete, run_rows
from fittest.analysis.statistics.intervals import Resampling, wilson
from fittest.analysis.survival.names import FixedEmbedding
from fittest.analysis.survival.rate_figure import survival_figure_table
from fittest.analysis.survival.rate_statistics import (
    manual_rows,
    perturb_rows,
    survival_rows,
)
from fittest.analysis.survival.rates import (
    manual_outcomes,
    manual_rates,
    perturb_rates,
    pooled_by_deviation,
    survival_rates,
)

RESAMPLING = Resampling(200, 0, 0.95)
RULE = "alive_2mean"


def world(plan: list[tuple[dict, list[int]]], ks: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs with given columns, and the k's alive at their ends."""
    runs, rows = [], []
    for index, (columns, alive) in enumerate(plan):
        run_id = f"r{index}"
        runs.append({"run_id": run_id, "failed": False, "settled": True, **columns})
        for k in range(1, ks + 1):
            fate = None if columns.get("failed") else k in alive
            start = 80.0 + 5 * k + columns.get("seed_embedding", 0)
            rows.append({"run_id": run_id, "k": k, "signal0": start, RULE: fate})
    return pd.DataFrame(runs), pd.DataFrame(rows)


def fixed() -> tuple[pd.DataFrame, pd.DataFrame]:
    plan = [({"seed_embedding": e}, alive) for e in (0, 1) for alive in ([4], [3, 4], [4], [2])]
    return world([*plan, ({"seed_embedding": 1, "failed": True}, [])])


def test_rates_over_trials_leave_failed_runs_out():
    runs, frequencies = fixed()
    rates = survival_rates(runs, frequencies, RULE, 0.95)
    assert len(runs) - len(complete(runs)) == 1
    assert len(rates) == 8 and (rates["trials"] == 4).all()
    first = rates[rates["seed_embedding"] == 0]
    assert first["rate"].tolist() == [0, 0.25, 0.25, 0.75]
    assert first["signal0"].tolist() == [85, 90, 95, 100]
    assert first["power0"].tolist() == [85**2, 90**2, 95**2, 100**2]
    assert rates["rate_hi"].iloc[3] == pytest.approx(float(wilson(3, 4, 0.95)[1]))


def test_trials_must_share_their_embedding():
    runs, frequencies = fixed()
    frequencies.loc[0, "signal0"] += 1
    with pytest.raises(ValueError, match="different initial signals"):
        survival_rates(runs, frequencies, RULE, 0.95)


def test_missing_labels_are_refused():
    runs, frequencies = fixed()
    runs["failed"] = False
    with pytest.raises(ValueError, match="not marked as failed"):
        survival_rates(runs, frequencies, RULE, 0.95)


def perturbed(signal_of: tuple[float, float] = (80.0, 90.0)) -> pd.DataFrame:
    plan = [
        (
            {
                "seed_embedding": seed,
                "frequency": 2,
                "factor": factor,
                "signal0_unperturbed_k": signal_of[seed],
                "signal0_unperturbed_other_mean": 87.0,
            },
            [2] if trial < lives else [1],
        )
        for seed in (0, 1)
        for factor, lives in ((0.9, 0), (1.0, 1 + seed), (1.1, 3))
        for trial in range(4)
    ]
    return perturb_rates(*world(plan), RULE, 0.95)


def test_perturbed_frequency_against_its_deviation():
    rates = perturbed()
    assert rates["factor"].tolist() == [0.9, 1.0, 1.1] * 2
    assert rates["survived"].tolist() == [0, 1, 3, 0, 2, 3]
    assert rates["deviation"].tolist() == pytest.approx([-15, -7, 1, -6, 3, 12])
    pooled = pooled_by_deviation(rates, 3, 0.95)
    assert pooled["deviation"].tolist() == pytest.approx([-11, -2.5, 7.5])
    # Sorted by deviation, two and two: (0 + 1) / 8, (0 + 3) / 8, (2 + 3) / 8.
    assert pooled["survived"].tolist() == [1, 3, 5] and pooled["trials"].tolist() == [8] * 3
    assert pooled_by_deviation(rates.iloc[:0], 3, 0.95).empty


def test_perturb_statistics_select_their_factors():
    rows = {row["name"]: row for row in perturb_rows(perturbed(), 1.1, 0.9, RESAMPLING)}
    assert rows["perturb.rate_strong"]["value"] == 6 / 8 and rows["perturb.rate_strong"]["n"] == 8
    assert rows["perturb.rate_weak"]["value"] == 0
    assert rows["perturb.rate_largest_factor"]["value"] == 6 / 8
    assert rows["perturb.logistic_slope"]["value"] > 0
    low, zero, high = (
        rows[f"perturb.logistic_at_{name}"]["value"] for name in ("lowest", "zero", "highest")
    )
    assert low < zero < high


def test_a_factor_that_was_not_tried_has_no_rate():
    rows = {row["name"]: row for row in perturb_rows(perturbed(), 1.15, 0.85, RESAMPLING)}
    assert rows["perturb.rate_strong"]["n"] == 0
    assert np.isnan(rows["perturb.rate_strong"]["value"])


def constructed() -> tuple[pd.DataFrame, pd.DataFrame]:
    fates = {0.1: [[1], [1, 3], [1, 4]], 1.0: [[1, 2], [1, 2, 3], [2]]}
    return world(
        [
            ({"seed_embedding": seed, "first": 1, "second": 2, "ratio": ratio}, alive)
            for ratio, runs in fates.items()
            for seed, alive in enumerate(runs)
        ]
    )


def test_manual_rates_by_ratio():
    outcomes = manual_outcomes(*constructed(), RULE)
    rates = manual_rates(outcomes, 0.95).set_index(["ratio", "which"])["rate"]
    assert rates[0.1, "first"] == 1 and rates[1.0, "first"] == pytest.approx(2 / 3)
    assert rates[0.1, "second"] == 0 and rates[1.0, "second"] == 1
    # A run counts once as "revived", whatever number of built-near-zero circles it has.
    assert rates[0.1, "other"] == pytest.approx(2 / 3)
    assert rates[1.0, "other"] == pytest.approx(1 / 3)


def test_manual_statistics():
    outcomes = manual_outcomes(*constructed(), RULE)
    rates = manual_rates(outcomes, 0.95)
    rows = {
        row["name"]: row
        for row in manual_rows(outcomes, rates, RESAMPLING, {"manual_first_rate": 1.0})
    }
    assert rows["manual.rate_first_pooled"]["value"] == pytest.approx(5 / 6)
    assert rows["manual.rate_first_pooled"]["paper"] == 1.0
    assert rows["manual.rate_first_lowest"]["value"] == pytest.approx(2 / 3)
    assert rows["manual.rate_other_pooled"]["value"] == pytest.approx(3 / 6)
    assert rows["manual.second_logistic_slope"]["value"] > 0
    assert rows["manual.second_spearman"]["value"] == pytest.approx(1)
    assert rows["manual.rate_second_at_largest_ratio"]["value"] == 1


def test_survival_statistics_carry_the_papers_value():
    runs, frequencies = fixed()
    rates = survival_rates(runs, frequencies, RULE, 0.95)
    paper = {"pearson_r": 0.85, "pearson_trials": 50}
    rows = {row["name"]: row for row in survival_rows(rates, RESAMPLING, paper)}
    expected = np.corrcoef(rates["signal0"], rates["rate"])[0, 1]
    row = rows["fixemb.pearson_r"]
    assert row["value"] == pytest.approx(expected) and row["paper"] == 0.85 and row["n"] == 8
    assert row["ci_lo"] <= expected <= row["ci_hi"]
    assert rows["fixemb.embeddings"]["value"] == 2
    assert rows["fixemb.trials_per_embedding"]["value"] == 4
    # Correction can only raise the correlation when the trials grow.
    assert rows["fixemb.pearson_r_noise_free"]["value"] >= expected
    assert rows["fixemb.rate_quintile_5"]["value"] > rows["fixemb.rate_quintile_1"]["value"]
    bare = {row["name"]: row for row in survival_rows(rates, RESAMPLING, {})}
    assert np.isnan(bare["fixemb.pearson_r"]["paper"])


def test_run_rows_count_failures_and_the_unsettled():
    runs, _ = fixed()
    runs.loc[0, "settled"] = False
    rows = {row["name"]: row["value"] for row in run_rows(FixedEmbedding, runs)}
    assert rows == {"fixemb.runs": 9, "fixemb.failed": 1, "fixemb.unsettled_share": 1 / 8}


def test_figure_table_holds_all_panels():
    rates = survival_rates(*fixed(), RULE, 0.95)
    manual = manual_rates(manual_outcomes(*constructed(), RULE), 0.95)
    table = survival_figure_table(rates, perturbed(), manual, 0.95)
    assert set(table["panel"]) == {"signal", "perturb", "manual"}
    assert set(table.loc[table["panel"] == "perturb", "series"]) == {
        "embedding 0",
        "embedding 1",
        "pooled",
    }
    points = table[table["series"] == "points"]
    assert points["y"].tolist() == rates["rate"].tolist()
    line = table[table["series"] == "fit"]
    assert line["x"].iloc[[0, -1]].tolist() == [rates["signal0"].min(), rates["signal0"].max()]
    assert (np.diff(line["y"]) > 0).all()


def test_figure_table_of_nothing_is_empty():
    runs, frequencies = fixed()
    runs["failed"] = True
    rates = survival_rates(runs, frequencies, RULE, 0.95)
    assert rates.empty
    nothing = manual_rates(manual_outcomes(*constructed(), RULE).iloc[:0], 0.95)
    assert survival_figure_table(rates, perturbed().iloc[:0], nothing, 0.95).empty
    assert np.isnan(survival_rows(rates, RESAMPLING, {})[2]["value"])
