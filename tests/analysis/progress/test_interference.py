"""Waves and their sum, by the numbers that the paper prints (two of which it misprints)."""

from __future__ import annotations

import numpy as np
import pytest

from fittest.analysis.progress.algorithm import worked_example
from fittest.analysis.progress.interference import second_peak, wave_table, waves

KEY = (14, 35, 41, 42, 52)


@pytest.mark.parametrize(
    ("k", "x", "value"),
    [
        (14, 8, 0.998),
        (14, 16, 0.994),
        (35, 8, -0.990),
        (35, 16, 0.961),
        # As printed they belong to other places: progress methods 6.13.
        (14, 97, 0.994),
        (14, 89, 0.986),
        (52, 16, -0.651),
    ],
)
def test_values_that_the_paper_prints(k: int, x: int, value: float) -> None:
    """To its three digits, some of them cut and not rounded."""
    assert waves(113, [k])[0, x] == pytest.approx(value, abs=1e-3)


def test_one_wave_has_a_second_peak_as_high_and_five_have_none() -> None:
    assert second_peak(113, [14]) == pytest.approx(0.9985, abs=2e-4)
    assert second_peak(113, KEY) < 0.9
    # Of all frequencies the sum is flat but for its peak: -1/2 everywhere else.
    every = range(1, 57)
    assert second_peak(113, every) == pytest.approx(-0.5 / 56)


def test_the_table_holds_every_wave_and_their_mean() -> None:
    table = wave_table("a", 13, [2, 5])
    assert sorted(table["k"].unique()) == [0, 2, 5]
    total = table[table["k"] == 0]["value"].to_numpy()
    np.testing.assert_allclose(total, waves(13, [2, 5]).mean(axis=0))
    assert total[0] == 1.0


@pytest.mark.parametrize("k", [0, 7, -1])
def test_frequencies_that_there_are_not(k: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 6"):
        waves(13, [k])


def test_the_worked_example_answers_right() -> None:
    table = worked_example(113, [14, 35, 41], 100, 45)
    points = table[table["panel"] != "logits"].set_index("panel")
    assert points.loc["sum", "n"] == 32
    # The product of both rotations is that by the sum.
    angle = 2 * np.pi * 14 * 32 / 113
    assert points.loc["sum", "x"] == pytest.approx(np.cos(angle))
    assert points.loc["sum", "y"] == pytest.approx(np.sin(angle))
    logits = table[table["panel"] == "logits"]
    for k in (14, 0):
        rows = logits[logits["k"] == k]
        assert len(rows) == 113
        assert rows.loc[rows["y"].idxmax(), "n"] == 32
        assert rows["y"].max() == pytest.approx(1)
    with pytest.raises(ValueError, match="needs a frequency"):
        worked_example(113, [], 1, 2)
