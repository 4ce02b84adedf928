"""Gradients against survival, the classifier, circularity at the start, gradient norms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.circles.circularity import (
    by_dimension,
    circularity_rows,
    expected_circularity,
    random_circularity,
    start_circularity,
)
from fittest.analysis.dynamics.classifier import ClassifierSettings, boundary, classify
from fittest.analysis.dynamics.gradient_norms import (
    decay_shares,
    gradient_curves,
    gradient_norm_rows,
    gradient_peaks,
)
from fittest.analysis.dynamics.gradient_survival import (
    GRADIENTS,
    binned,
    gradient_rows,
    joint_score,
    pooled_frequencies,
)
from fittest.analysis.statistics.intervals import Resampling
from fittest.tasks import ModularAddition
from small_world import small_run

RESAMPLING = Resampling(50, 0, 0.95)
SETTINGS = ClassifierSettings(0.2, 42, 5)


def world(separation: float, rows: int = 600, embeddings: int = 6) -> pd.DataFrame:
    """Survival decided by signal and gradient alike, apart by `separation` noise units."""
    noise = np.random.default_rng(1)
    alive = np.arange(rows) % 5 == 0
    push = separation * alive
    table = pd.DataFrame(
        {
            "run_id": [f"r{i // 10}" for i in range(rows)],
            "seed_embedding": np.arange(rows) // 10 % embeddings,
            "k": np.arange(rows) % 10 + 1,
            "signal0": 80 + 4 * (noise.normal(size=rows) + push),
            "alive": alive,
        }
    )
    for name in GRADIENTS:
        table[name] = -0.002 + 0.001 * (noise.normal(size=rows) + push)
    return table


def judged(table: pd.DataFrame) -> pd.DataFrame:
    return classify(table, SETTINGS, RESAMPLING).set_index(["features", "split"])


def test_separable_fates_are_separated():
    table = judged(world(30.0))
    assert (table["accuracy"] == 1).all() and (table["auc"] == 1).all()
    assert table["majority"].between(0.7, 0.9).all()
    assert (table["gain_lo"] > 0).all()


def test_without_a_difference_the_majority_is_all_there_is():
    table = judged(world(0.0))
    assert (table["gain"].abs() < 0.03).all()
    assert (table["balanced_accuracy"] < 0.6).all()
    assert table.loc[("raw", "embeddings"), "n_test"] == 600


def test_unscaled_the_gradient_is_all_but_ignored():
    rows = world(0.0)
    rows["grad_rel_4"] = np.where(rows["alive"], 0.002, -0.002)
    table = judged(rows)
    assert table.loc[("standardised", "rows"), "accuracy"] == 1
    assert table.loc[("raw", "rows"), "gain"] == pytest.approx(0, abs=0.02)


def test_boundary_separates():
    rows = world(30.0)
    line = boundary(rows, SETTINGS, standardised=True)
    height = np.interp(rows["grad_rel_4"], line["grad_rel_4"], line["signal0"])
    assert ((rows["signal0"] > height) == rows["alive"]).all()


def test_classifier_of_too_little():
    assert len(classify(world(1.0).iloc[:0], SETTINGS, RESAMPLING)) == 0
    dead = world(1.0).assign(alive=False)
    assert len(classify(dead, SETTINGS, RESAMPLING)) == 0
    assert len(boundary(dead, SETTINGS, False)) == 0


def test_statistics_of_gradients():
    rows = world(1.5)
    bins = pd.concat(
        binned(rows[n], rows["alive"], 20, i, 0.95) for i, n in enumerate(GRADIENTS, 1)
    )
    stats = pd.DataFrame(gradient_rows(rows, bins, 10, 5, RESAMPLING)).set_index("name")
    alive = rows["alive"]
    difference = rows.loc[alive, "grad_rel_4"].mean() - rows.loc[~alive, "grad_rel_4"].mean()
    assert stats.loc["gradient.difference_4", "value"] == pytest.approx(difference)
    assert stats.loc["gradient.negative_2", "value"] == (rows["grad_rel_2"] < 0).mean()
    # Normal fates apart by 1.5: AUC = Phi(1.5 / sqrt 2) = 0.856, both together more.
    assert stats.loc["gradient.auc_4", "value"] == pytest.approx(0.856, abs=0.05)
    assert stats.loc["gradient.joint_minus_signal", "ci_lo"] > 0
    assert (stats.filter(regex="bins_spearman", axis=0)["value"] > 0.5).all()
    nothing = pd.DataFrame(gradient_rows(rows.iloc[:0], bins.iloc[:0], 10, 5, RESAMPLING))
    assert nothing["value"].isna().all() and list(nothing["name"]) == list(stats.index)
    assert np.isnan(joint_score(rows.assign(alive=True), 5)).all()


def test_bins_hold_everything_once():
    table = binned([0, 1, 1, 2, 10], [True, False, True, False, True], 10, 3, 0.95)
    assert table["n"].tolist() == [1, 2, 1, 0, 0, 0, 0, 0, 0, 1]
    assert table["rate"].dropna().tolist() == [1, 0.5, 0, 1]
    assert np.isnan(table["rate"][4]) and set(table["gradient_step"]) == {3}


def test_failed_runs_and_missing_gradients_are_left_out():
    runs = pd.DataFrame(
        {"run_id": ["a", "b", "c"], "seed_embedding": [0, 1, 2], "failed": [False, True, False]}
    )
    frequencies = pd.DataFrame(
        {
            "run_id": ["a", "b", "c"],
            "k": [1, 1, 1],
            "signal0": [80.0, 81.0, 82.0],
            **{name: [0.1, 0.1, np.nan] for name in GRADIENTS},
            "alive_2mean": pd.array([True, None, False], dtype="boolean"),
        }
    )
    assert list(pooled_frequencies(runs, frequencies, "alive_2mean")["run_id"]) == ["a"]


def test_circularity_of_random_embeddings_follows_the_formula():
    assert expected_circularity(59, 59) == pytest.approx(59 / 116)
    drawn = random_circularity(ModularAddition(p=59).build(), [16, 59, 128], 12)
    table = by_dimension(drawn, 59)
    assert (abs(table["mean"] / table["expected"] - 1) < 0.1).all()
    # Simulated means of survival methods 2.10: 0.23, 0.51, 0.69.
    assert table["mean"].tolist() == pytest.approx([0.23, 0.51, 0.69], abs=0.02)
    assert (table["max"] > table["mean"]).all()


def test_circularity_of_runs_comes_from_their_settings():
    runs = [small_run(seeds={"embedding": seed}) for seed in (0, 1)]
    described = pd.DataFrame(
        {
            "run_id": ["a", "b"],
            "config": [run.model_dump_json() for run in runs],
            "failed": [False, True],
        }
    )
    fates = pd.DataFrame({"run_id": "a", "k": [1, 2, 3], "alive_2mean": [True, False, False]})
    fates["signal0"] = [3.0, 2.0, 1.0]
    table = start_circularity(described, fates)
    assert len(table) == 3 and table["circularity"].between(0, 1).all()
    stats = pd.DataFrame(
        circularity_rows(
            pd.DataFrame(
                {
                    "d": [1, 2, 3],
                    "mean": [1.0, 2.2, 3.0],
                    "max": [1, 2, 3],
                    "expected": [1.0, 2.0, 3.0],
                }
            ),
            table,
            2,
            RESAMPLING,
        )
    ).set_index("name")["value"]
    assert stats["circularity.formula_deviation"] == pytest.approx(0.1)
    assert stats["circularity.spearman_d"] == pytest.approx(1)
    assert len(start_circularity(described.iloc[1:], fates)) == 0


def test_peak_and_late_size_of_gradients():
    steps = [0, 50, 100, 1000, 1200, 1500, 2000]
    norms = [[1.0, 2.0], [3.0, 1.0], [4.0, 10.0], [0.1, 0.2], [0.3, 0.1], [0.5, 0.1], [9.0, 9.0]]
    rows = pd.DataFrame({"run_id": "a", "step": steps, "gradient_signals": norms})
    silent = pd.DataFrame({"run_id": "b", "step": steps, "gradient_signals": [None] * 7})
    both = pd.concat([rows, silent])
    peaks = gradient_peaks(both, {"a": [2], "b": [1]}, (1000, 1500), 1000)
    assert len(peaks) == 1
    found = peaks.iloc[0]
    assert (found["peak_step"], found["peak"], found["late"]) == (100, 10.0, 0.3)
    assert found["sampled_peak_step"] == 2000
    assert found["late_ratio"] == pytest.approx(0.03)
    assert found["alive_over_dead_at_peak"] == 2.5
    curves = gradient_curves(rows, [2])
    assert len(curves) == 14
    assert set(curves.loc[curves["rank"] == 1, "k"]) == {2}
    assert len(gradient_curves(silent, [2])) == 0
    nothing = decay_shares(both.assign(signals=None), {"a": [2]}, {"a": 0.005}, (1000, 2000))
    stats = pd.DataFrame(gradient_norm_rows(peaks, nothing, RESAMPLING)).set_index("name")
    assert stats.loc["embedding_gradient.peak_step", "value"] == 100
