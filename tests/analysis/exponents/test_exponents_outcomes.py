"""Outcomes of curves that are made up: grokked, at once, memorised, not fit."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.exponents.outcomes import (
    COLUMNS,
    first_held,
    median_outcome,
    median_step,
    on_grid,
    outcome,
    run_outcomes,
    steepest_fall,
)
from fittest.analysis.exponents.settings import OutcomeSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.models import TransformerSettings
from fittest.runs.run import Run
from fittest.tasks import Powers, Primality

RULES = OutcomeSettings(
    memorised=0.99,
    generalised=0.99,
    held=0.95,
    hold=500,
    delay=300,
    gap=0.5,
    window=200,
    fine=10,
    fine_until=2000,
    coarse=50,
)
STEPS = np.arange(0, 6001, 10)


def curves(memorised: float, generalised: float, least: float = 0.0) -> pd.DataFrame:
    """Accuracies that jump to 1 at two steps, the test one from `least`; losses likewise."""
    train, test = STEPS >= memorised, STEPS >= generalised
    return pd.DataFrame(
        {
            "run_id": "x",
            "step": STEPS,
            "train_loss": np.where(train, 1e-6, 4.0),
            "test_loss": np.where(test, 1e-6, 20.0),
            "train_accuracy": train.astype(float),
            "test_accuracy": np.where(test, 1.0, least),
        }
    )


@pytest.mark.parametrize(
    ("memorised", "generalised", "least", "expected"),
    [
        (200, 4000, 0.0, "grokked"),
        (200, 450, 0.0, "immediate"),  # too soon after
        (200, 4000, 0.7, "immediate"),  # never far behind
        (200, math.inf, 0.0, "memorised"),
        (math.inf, math.inf, 0.0, "not fit"),
        (200, 5600, 0.0, "memorised"),  # too late to tell whether it stays
    ],
)
def test_outcome(memorised: float, generalised: float, least: float, expected: str) -> None:
    found = outcome(curves(memorised, generalised, least), RULES)
    assert found["outcome"] == expected
    # A test loss that has fallen by then is no sign of a run that only memorises.
    assert found["cut_short"] == (generalised == 5600)
    assert found["t_mem"] == memorised


def test_a_run_is_cut_short_while_its_test_loss_falls() -> None:
    rows = curves(200, math.inf)
    falling = rows.assign(test_loss=np.linspace(20, 8, len(rows)))
    assert outcome(falling, RULES)["cut_short"]
    assert not outcome(rows.assign(test_loss=np.linspace(20, 11, len(rows))), RULES)["cut_short"]
    # Nor one that has fallen and come back, nor one that never memorised.
    back = rows.assign(test_loss=np.where(np.arange(len(rows)) % 300 == 150, 1.0, 20.0))
    assert not outcome(back, RULES)["cut_short"]
    unfit = curves(math.inf, math.inf).assign(test_loss=falling["test_loss"])
    assert not outcome(unfit, RULES)["cut_short"]


def test_times_of_a_run_that_grokked() -> None:
    found = outcome(curves(205, 4004), RULES)
    assert (found["t_mem"], found["t_gen"]) == (210, 4050)  # grids of 10 and of 50 steps
    assert found["t_half"] == 4050
    assert found["t_drop"] == pytest.approx(4000, abs=100)
    assert found["widest_gap"] == 1 and found["largest_test_loss"] == 20
    assert found["test_loss"] == 1e-6 and found["test_accuracy"] == 1


def test_a_jump_that_does_not_last_is_none() -> None:
    rows = curves(200, 3000)
    rows.loc[rows["step"].between(3200, 3400), "test_accuracy"] = 0.5
    found = outcome(rows, RULES)
    assert found["t_gen"] == 3450
    shares = np.ones(len(STEPS))
    shares[STEPS == 400] = 0.93
    assert first_held(STEPS, shares, 0.99, 0.95, 500) == 410
    assert first_held(STEPS, shares, 0.9, 0.95, 500) == 0  # not asked for more than it is
    assert first_held(STEPS, 0 * shares, 0.9, 0.95, 500) == math.inf


def test_the_grid_is_that_of_the_definition() -> None:
    grid = STEPS[on_grid(STEPS, RULES)]
    assert (np.diff(grid[grid <= 2000]) == 10).all() and (np.diff(grid[grid >= 2000]) == 50).all()


def test_no_fall_and_short_runs() -> None:
    assert steepest_fall([0, 100, 200, 300], [1, 2, 3, 4], 200) == math.inf
    assert steepest_fall([0, 100], [4, 1], 200) == math.inf
    short = curves(20, math.inf).head(7)
    assert outcome(short, RULES)["outcome"] == "memorised"


def test_rows_of_runs() -> None:
    grokked = Run(task=Powers(p=13, exponents=(3, 4)), model=TransformerSettings())
    other = Run(task=Primality(), model=TransformerSettings())
    runs = pd.DataFrame(
        {
            "run_id": [run.run_id for run in (grokked, other)],
            "runset": ["one", "two"],
            "failed": False,
            "config": [run.model_dump_json() for run in (grokked, other)],
        }
    )
    rows = pd.concat(
        [
            curves(200, 4000).assign(run_id=grokked.run_id),
            curves(200, math.inf).assign(run_id=other.run_id),
        ]
    )
    table = run_outcomes(runs, rows, RULES)
    assert list(table.columns) == COLUMNS
    assert list(table["outcome"]) == ["grokked", "memorised"]
    assert table.loc[0, ["p", "a", "b"]].tolist() == [13, 3, 4]
    assert table.loc[1, ["a", "b"]].isna().all()
    assert run_outcomes(runs.head(0), rows, RULES).empty


def test_medians_count_those_who_are_not_there_yet() -> None:
    table = pd.DataFrame({"steps": 6000, "t_gen": [1000.0, 2000.0, math.inf]})
    resampling = Resampling(draws=100, seed=0, confidence=0.95)
    assert median_outcome(table, "t_gen", resampling).value == 2000
    assert median_step(table.iloc[1:], "t_gen") == 2000
    assert math.isnan(median_step(table.head(0), "t_gen"))
    assert median_outcome(table.iloc[2:], "t_gen", resampling).value == math.inf
