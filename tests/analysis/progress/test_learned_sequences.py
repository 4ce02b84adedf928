"""How far other tasks are learned, slingshots before a fall, and how clear drops of answers are."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.analysis.progress.answers import digit_rows, token_drops
from fittest.analysis.progress.constants import Constants
from fittest.analysis.progress.names import DigitsFresh, DigitsSample, RepeatFresh
from fittest.analysis.progress.sequences import change_rows, fall_rows, loss_range
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Row
from fittest.data import Fresh
from fittest.models import TransformerSettings
from fittest.runs.optimisers import AdamW
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.tasks import RepeatedSubsequence, SkipTrigram
from small_world import REPOSITORY

CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/progress.yaml").read_text()))
R = Resampling(draws=50, seed=0, confidence=0.95)
STEPS = np.arange(0, 6001, 10)
GUESS, FLOOR = math.log(128), math.log(128) / 16


def run(task: RepeatedSubsequence | SkipTrigram) -> Run:
    return Run(
        task=task,
        model=TransformerSettings(d=8, heads=2, head_size=4, mlp=None),
        optimiser=AdamW(weight_decay=1.0),
        seeds=Seeds(embedding=0, mlp=0, split=0),
        data=Fresh(size=16),
        steps=int(STEPS[-1]),
    )


def found(rows: list[Row]) -> dict[str, float]:
    return {str(row["name"]): float(row["value"]) for row in rows}


def each(losses: np.ndarray) -> list[np.ndarray]:
    """Of every step: those since the row before all alike."""
    counts = np.diff(STEPS, prepend=0)
    return [np.full(n, x) for n, x in zip(counts, losses, strict=True)]


def test_the_first_token_of_a_copy_cannot_be_known() -> None:
    assert loss_range(run(RepeatedSubsequence())) == pytest.approx((GUESS, FLOOR))
    guess, floor = loss_range(run(SkipTrigram()))
    assert guess == pytest.approx(math.log(10)) and floor == 0


@pytest.mark.parametrize(("end", "left"), [(FLOOR, 0.0), ((GUESS + FLOOR) / 2, 0.5), (GUESS, 1)])
def test_how_near_its_floor_a_loss_ends(end: float, left: float) -> None:
    """Each falls in one sharp change, and only the first of them is the task learned."""
    one = run(RepeatedSubsequence())
    losses = end + (GUESS - end) / (1 + np.exp((STEPS - 2000) / 20))
    rows = pd.DataFrame(
        {
            "run_id": one.run_id,
            "step": STEPS,
            "train_loss": losses,
            "train_losses": each(losses),
            "test_accuracy": 1 - left,
        }
    )
    runs = pd.DataFrame({"run_id": [one.run_id], "config": [one.model_dump_json()]})
    told = found(change_rows("repeat_inf", runs, rows, CONSTANTS.changes, R))
    assert told[RepeatFresh.END] == pytest.approx(end, abs=1e-6)
    assert told[RepeatFresh.LEFT] == pytest.approx(left, abs=1e-6)
    assert told[RepeatFresh.ACCURACY] == 1 - left
    if left < 1:
        assert told[RepeatFresh.WIDTH] < 0.05 and told[RepeatFresh.LATER] < 0.01


@pytest.mark.parametrize("shot", [True, False])
def test_slingshots_before_a_fall(shot: bool) -> None:
    """One at 3900, 100 steps before the test loss falls; another after it counts in neither."""
    losses = np.where(STEPS < 300, 2.3, 1e-6)
    test = np.where(STEPS < 4000, 3.0, 0.1)
    if shot:
        losses[(STEPS == 3900) | (STEPS == 5000)] = 0.05
    rows = pd.DataFrame(
        {
            "run_id": "a",
            "step": STEPS,
            "train_loss": losses,
            "test_loss": test,
            "train_losses": each(losses),
        }
    )
    told = found(fall_rows("digits_fin", rows, CONSTANTS.changes, CONSTANTS.outcomes, R))
    assert told[DigitsSample.FALLEN] == 4000 and told[DigitsSample.RATIO] == pytest.approx(30)
    assert told[DigitsSample.SHOTS] == (1 if shot else 0)
    if shot:
        # The losses of ten steps are high in the row that ends there.
        assert told[DigitsSample.SINCE] == pytest.approx(100, abs=10)
    else:
        assert math.isnan(told[DigitsSample.SINCE])


def test_a_drop_that_few_steps_do_not_hold_is_clear_in_more_of_them() -> None:
    """One answer falls within 30 steps; the other within 200, half of it in each hundred."""
    sharp = np.interp(STEPS, [1000, 1030], [0.69, 0.0])
    slow = np.interp(STEPS, [3000, 3200], [2.3, 0.0])
    rows = pd.DataFrame(
        {"run_id": "a", "step": STEPS, "train_token_losses": list(np.stack([sharp, slow], 1))}
    )
    runs = pd.DataFrame({"run_id": ["a"], "seed": [0]})
    rules = CONSTANTS.changes
    drops = token_drops(runs, rows, rules)
    wider = token_drops(runs, rows, rules.model_copy(update={"window": 2 * rules.window}))
    table = digit_rows(drops, wider, rules, R)
    told = found(table)
    assert told[DigitsFresh.DOMINANT] == 0.5 and told[DigitsFresh.DOMINANT_WIDER] == 1
    assert 1 <= told[DigitsFresh.LEAST_CLEAR] < rules.stands_out
    # Answers of one run are no sample of runs: one run, and no interval.
    [row] = [one for one in table if one["name"] == DigitsFresh.DOMINANT]
    assert row["n"] == 1 and math.isnan(row["ci_lo"])
