"""The stop rule, and what figure S1 says of stop rules, on trajectories with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from fittest.analysis.fates.settle import SettleRule, stop_position
from fittest.analysis.survival.horizon import horizon_agreement, rule_agreement
from fittest.runs.parts import Stop
from fittest.training.record import Rows

STEPS = np.arange(0, 10_001, 100)
P = 59
K = 29


def trajectory(run_id: str, curves: dict[int, np.ndarray], dead: float = 5.0) -> pd.DataFrame:
    """A run whose frequencies follow `curves` (k -> signal per step); all others stay at `dead`."""
    signals = np.full((len(STEPS), K), dead)
    for k, curve in curves.items():
        signals[:, k - 1] = curve
    mean = 2 * signals.sum(axis=1) / P
    return pd.DataFrame(
        {
            "run_id": run_id,
            "step": STEPS,
            "signals": [row.astype(np.float32) for row in signals],
            "signal_mean": mean.astype(np.float32),
        }
    )


def constant(level: float) -> np.ndarray:
    return np.full(len(STEPS), level)


def dying(at: int, level: float = 60.0, pace: float = 800.0) -> np.ndarray:
    """A survivor that loses ground ever faster and is gone at step `at`."""
    left = np.clip((at - STEPS) / pace, 0, 1)
    return 5.0 + (level - 5.0) * left


def step_of(rows: pd.DataFrame, stop: Stop) -> int | None:
    position = stop_position(rows, stop, 2.0)
    return None if position is None else int(rows["step"].iloc[position])


def test_a_run_at_rest_stops_at_the_first_step_allowed() -> None:
    rows = trajectory("a", {2: constant(90), 5: constant(80)})
    assert step_of(rows, Stop(first=2500)) == 2500


def test_a_change_restarts_the_window() -> None:
    late = np.where(STEPS < 2300, 5.0, 90.0)
    rows = trajectory("a", {2: constant(90), 5: late})
    assert step_of(rows, Stop(first=2500, window=500)) == 2800


def test_without_survivors_a_run_goes_on() -> None:
    assert step_of(trajectory("a", {}, dead=5.0), Stop(first=500)) is None


def test_survivors_close_to_the_dead_go_on() -> None:
    rows = trajectory("a", {2: constant(30), 5: constant(30)}, dead=8.0)
    assert step_of(rows, Stop(first=2500, separation=3)) == 2500
    assert step_of(rows, Stop(first=2500, separation=5)) is None


def test_a_survivor_that_loses_ground_keeps_its_run_going() -> None:
    rows = trajectory("a", {2: constant(90), 5: constant(85), 7: dying(3500, pace=2000)})
    plain = Stop(first=2000)
    assert step_of(rows, plain) == 2000
    # The plain rule is wrong here: frequency 7 is on its way out.
    position = stop_position(rows, Stop(first=2000, decline=0.01), 2.0)
    assert position is not None
    at_stop = rows.iloc[position]
    assert at_stop["step"] > 2000
    assert at_stop["signals"][6] < 2 * at_stop["signal_mean"]


def test_a_weak_survivor_keeps_its_run_going() -> None:
    rows = trajectory("a", {2: constant(90), 5: constant(85), 7: constant(40)})
    assert step_of(rows, Stop(first=2000)) == 2000
    assert step_of(rows, Stop(first=2000, weakest=0.6)) is None


def test_common_decay_is_not_a_loss_of_ground() -> None:
    decay = np.exp(-STEPS / 5000)
    rows = trajectory("a", {2: 90 * decay, 5: 80 * decay}, dead=1.0)
    assert step_of(rows, Stop(first=2500, decline=0.001)) == 2500


def test_runs_of_an_ensemble_are_judged_apart() -> None:
    still = trajectory("a", {2: constant(90)})
    moving = trajectory("b", {2: constant(90), 7: dying(3500, pace=2000)})
    rule = SettleRule(Stop(first=1000, decline=0.01), 2.0)
    alone = [step_of(rows, Stop(first=1000, decline=0.01)) for rows in (still, moving)]
    first: dict[int, int] = {}
    for position, step in enumerate(STEPS.tolist()):
        pair = [rows.iloc[position] for rows in (still, moving)]
        columns = {
            "signals": torch.tensor(np.stack([row["signals"] for row in pair])),
            "signal_mean": torch.tensor([row["signal_mean"] for row in pair]),
        }
        done = rule.settled(Rows(step, torch.tensor([0, 1]), columns))
        for run in done.nonzero().flatten().tolist():
            first.setdefault(run, step)
    assert [first[0], first[1]] == alone


def test_agreement_counts_late_deaths() -> None:
    table = pd.concat(
        [
            trajectory("a", {2: constant(90), 5: constant(85)}),
            trajectory("b", {2: constant(90), 7: dying(6000)}),
        ]
    )
    by_step = horizon_agreement(table, [2000, 8000, 20_000], 2.0, 0.95).set_index("step")
    assert list(by_step.index) == [2000, 8000]
    assert by_step.loc[2000, "sets_equal"] == 0.5
    assert by_step.loc[2000, "count_offset"] == 0.5
    assert by_step.loc[2000, "labels_equal"] == pytest.approx(1 - 1 / (2 * K))
    assert by_step.loc[8000, "sets_equal"] == 1.0


def test_rules_are_compared_by_agreement_and_saving() -> None:
    table = pd.concat(
        [
            trajectory("a", {2: constant(90), 5: constant(85)}),
            trajectory("b", {2: constant(90), 5: constant(85), 7: dying(6000, pace=4000)}),
        ]
    )
    rules = {"early": Stop(first=2500), "guarded": Stop(first=2500, decline=0.01)}
    by_rule = rule_agreement(table, rules, 2.0, 0.95).set_index("rule")
    assert by_rule.loc["early", "sets_equal"] == 0.5
    assert by_rule.loc["early", "share_of_steps"] == pytest.approx(0.25)
    assert by_rule.loc["guarded", "sets_equal"] == 1.0
    assert by_rule.loc["guarded", "share_of_steps"] > 0.25
    assert by_rule.loc["guarded", "unstopped"] == 0.0
