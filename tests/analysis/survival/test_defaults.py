"""Snapshots of default runs, geometry of embeddings, differences between precisions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fittest import fourier
from fittest.analysis.circles.geometry import geometry
from fittest.analysis.survival.precision import precision_differences
from fittest.analysis.survival.snapshots import run_snapshots


def planted(p: int = 59, d: int = 128, ks: tuple[int, ...] = (2, 8, 22)) -> np.ndarray:
    frames = fourier.random_directions(p, d, np.random.default_rng(0), "full")
    sizes = {k: 50.0 - 4 * index for index, k in enumerate(ks)}
    return fourier.construct(p, d, sizes, frames, 1.0, "full")


def test_geometry_of_planted_circles() -> None:
    row = geometry({"a": planted()}, {"a": [2, 8, 22]}).iloc[0]
    # A circle of signal s lies in its own plane with radius sqrt(2) s / p, plus leaks of others.
    assert row["radius_alive"] == pytest.approx(np.sqrt(2) * 46 / 59, rel=0.2)
    assert row["radius_dead"] < row["radius_alive"] / 3
    assert row["angle_error"] < 0.3 and row["step_violations"] == 0 and row["survivors"] == 3
    assert 0.5 < row["purity_pca"] <= 1 and row["circularity_alive"] > 0.8
    assert row["singular_ratio"] < 0.2


def test_geometry_of_one_exact_circle() -> None:
    frames = fourier.random_directions(13, 4, np.random.default_rng(0), "full")
    embedding = fourier.construct(13, 4, {5: 10.0}, frames, 0.0, "full")
    row = geometry({"a": embedding}, {"a": [5]}).iloc[0]
    assert row["angle_error"] == pytest.approx(0, abs=1e-9)
    assert row["purity_fft"] == pytest.approx(1) and row["purity_pca"] == pytest.approx(1)
    assert row["circularity_alive"] == pytest.approx(1)


def test_geometry_without_survivors() -> None:
    row = geometry({"a": planted()}, {"a": []}).iloc[0]
    assert row["survivors"] == 0 and np.isnan(row["radius_alive"]) and np.isnan(row["angle_error"])


def trajectory(signals: list[list[float]], steps: list[int]) -> pd.DataFrame:
    rows = [
        {
            "run_id": "a",
            "step": step,
            "signals": np.array(values),
            "test_loss": 0.1,
            "signal_mean": 2 * sum(values) / 7,
            "test_accuracy": 1.0,
        }
        for step, values in zip(steps, signals, strict=True)
    ]
    return pd.DataFrame(rows)


def test_snapshots() -> None:
    table = trajectory(
        [[10, 8, 9], [10, 7, 0.4], [10, 0.2, 0.9], [12, 0.2, 0.1]], [0, 100, 200, 300]
    )
    found = run_snapshots(table, [100, 150], 2.0, 0.05).set_index("at")
    assert list(found.index) == ["100", "end"] and found.loc["end", "step"] == 300
    assert found.loc["end", "n_2mean"] == 1 and not found.loc["end", "largest_dies"]
    assert found.loc["end", "separation"] == pytest.approx(60)
    assert found.loc["end", "dead_share"] == pytest.approx((0.2 / 8 + 0.1 / 9) / 2)
    # At step 200 the two dead ones stand at 0.025 and 0.1 of their start: only step 300 is below.
    assert found.loc["end", "dead_below"] == 300 and np.isnan(found.loc["100", "dead_below"])


def test_precision_differences() -> None:
    base = pd.DataFrame(
        {
            "run_id": ["a", "a"],
            "step": [0, 1],
            "train_loss": [1.0, 0.0],
            "test_loss": [2.0, 0.0],
            "signals": [np.array([3.0, 4.0]), np.array([0.0, 0.0])],
        }
    )
    other = base.assign(train_loss=[1.1, 0.0], signals=[np.array([3.0, 4.4]), np.zeros(2)])
    configs = [json.dumps({"arithmetic": {"dtype": f"float{n}"}, "p": 5}) for n in (32, 64)]
    runs = pd.DataFrame({"run_id": ["a", "b"], "config": configs})
    found = precision_differences(pd.concat([other.assign(run_id="b"), base]), runs)
    assert found["run_id"].tolist() == ["a", "a"]
    assert found["train_loss"].tolist() == pytest.approx([0.1 / 1.1, 0])
    assert found["signals"].tolist() == pytest.approx([0.4 / 4.4, 0])
    assert found["test_loss"].tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"arithmetic\.dtype"):
        precision_differences(base, runs[:1])
