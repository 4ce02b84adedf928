"""From trajectories to runs and frequencies, and how soon the set is final."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.fates.alive import Thresholds
from fittest.analysis.fates.summarise import summarise_runs
from fittest.analysis.survival.horizon import horizon_agreement

THRESHOLDS = Thresholds(2.0, 10.0, 0.25, 500, 1.5)
P, K = 23, 11


def trajectory(
    run_id: str, steps: list[int], deaths: dict[int, int], loss: float = 0.1
) -> pd.DataFrame:
    """Signals 80 at the start; from step 10 on 1, but for survivors with their step of death."""
    rows = []
    for step in steps:
        signals = np.full(K, 80.0 - step if step < 10 else 1.0)
        for k, death in deaths.items():
            if step < death:
                signals[k - 1] = 80.0 if step < 10 else 40.0
        rows.append(
            {
                "run_id": run_id,
                "step": step,
                "train_loss": loss,
                "test_loss": 2 * loss,
                "train_accuracy": 1.0,
                "test_accuracy": min(1.0, step / 300),
                "signals": signals.astype(np.float32),
                "signal_mean": 2 * signals.sum() / P,
            }
        )
    return pd.DataFrame(rows)


STEPS = [0, 1, 2, 3, 4, *range(100, 3001, 100)]
FOREVER = 10**9


def runs(*names: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"run_id": names, "p": P, "runset": "base"}).assign(**columns)


def test_a_run_is_reduced_to_its_end_and_start():
    table, frequencies = summarise_runs(
        trajectory("a", STEPS, {3: FOREVER, 7: FOREVER, 9: 2000}), runs("a"), THRESHOLDS
    )
    row = table.iloc[0]
    assert row["last_step"] == 3000 and row["settled"] and not row["failed"]
    assert list(row["survivors"]) == [3, 7] and row["n_2mean"] == 2 and row["n_rel"] == 2
    assert row["separation"] == pytest.approx(40) and row["runset"] == "base"
    assert row["first_full_test_accuracy"] == 300
    assert row["test_loss"] == pytest.approx(0.2)
    power = np.array([1600.0] * 2 + [1.0] * 9)
    assert row["n_eff"] == pytest.approx(power.sum() ** 2 / np.square(power).sum())
    assert frequencies["k"].tolist() == list(range(1, K + 1)) and (frequencies["gcd"] == 1).all()
    assert frequencies.set_index("k")["alive_2mean"][[3, 7, 9]].tolist() == [True, True, False]
    dead = frequencies[frequencies["k"] == 1].iloc[0]
    assert dead["signal0"] == 80 and dead["signal"] == 1
    # The signal falls by 1 a step from 80.
    assert dead[["grad_rel_1", "grad_rel_4"]].tolist() == pytest.approx([-1 / 80, -1 / 80])
    alive = frequencies[frequencies["k"] == 3].iloc[0]
    assert alive[["grad_rel_1", "grad_rel_4"]].tolist() == [0, 0] and alive["alive_abs10"]


def test_a_set_in_motion_is_not_settled():
    table, _ = summarise_runs(trajectory("a", STEPS, {3: FOREVER, 7: 2800}), runs("a"), THRESHOLDS)
    assert not table["settled"].iloc[0] and list(table["survivors"].iloc[0]) == [3]


def test_sparse_records_leave_gradients_null():
    _, frequencies = summarise_runs(
        trajectory("a", [0, 1, 100], {3: FOREVER}), runs("a"), THRESHOLDS
    )
    assert frequencies["grad_rel_1"].notna().all()
    assert frequencies[["grad_rel_2", "grad_rel_3", "grad_rel_4"]].isna().all(axis=None)
    _, late = summarise_runs(trajectory("a", [1, 2, 100], {3: FOREVER}), runs("a"), THRESHOLDS)
    assert late[["signal0", "grad_rel_2"]].isna().all(axis=None)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_failed_run_is_neither_dead_nor_alive(bad):
    broken = trajectory("b", STEPS, {3: FOREVER})
    broken.loc[5, "train_loss"] = bad
    table, frequencies = summarise_runs(
        pd.concat([trajectory("a", STEPS, {3: FOREVER}), broken]), runs("a", "b"), THRESHOLDS
    )
    assert table["failed"].tolist() == [False, True]
    row = table.iloc[1]
    assert list(row["survivors"]) == [] and pd.isna(row["n_2mean"]) and not row["settled"]
    own = frequencies["run_id"] == "b"
    assert frequencies.loc[own, "alive_2mean"].isna().all()
    assert frequencies.loc[~own, "alive_2mean"].notna().all()


def test_a_run_marked_by_its_training_stays_failed():
    table, _ = summarise_runs(
        trajectory("a", STEPS, {3: FOREVER}), runs("a", failed=True), THRESHOLDS
    )
    assert table["failed"].tolist() == [True] and table.columns.is_unique


def test_a_shorter_run_uses_a_longer_ones_beginning():
    table, _ = summarise_runs(
        trajectory("a", STEPS, {3: FOREVER, 7: 2800}), runs("a", steps=2500), THRESHOLDS
    )
    assert table["last_step"].iloc[0] == 2500 and list(table["survivors"].iloc[0]) == [3, 7]


def test_never_accurate_is_null_and_order_does_not_matter():
    shuffled = trajectory("a", [0, 100, 200], {3: FOREVER}).iloc[[2, 0, 1]]
    table, _ = summarise_runs(shuffled, runs("a"), THRESHOLDS)
    assert pd.isna(table["first_full_test_accuracy"].iloc[0])
    assert table["last_step"].iloc[0] == 200


def test_composite_moduli_tell_their_common_divisors():
    rows = trajectory("a", [0, 100], {})
    rows["signals"] = [signals[:5] for signals in rows["signals"]]
    _, frequencies = summarise_runs(rows, runs("a").assign(p=12), THRESHOLDS)
    assert frequencies["gcd"].tolist() == [1, 2, 3, 4, 1]


def test_absent_and_misshapen_trajectories_are_refused():
    with pytest.raises(ValueError, match="1 runs have no trajectory"):
        summarise_runs(trajectory("a", [0, 1], {}), runs("a", "b"), THRESHOLDS)
    with pytest.raises(ValueError, match="p = 7 has 3 frequencies, not 11"):
        summarise_runs(trajectory("a", [0, 1], {}), runs("a").assign(p=7), THRESHOLDS)


def test_no_runs_give_empty_tables_with_all_columns():
    table, frequencies = summarise_runs(trajectory("a", [0], {}), runs(), THRESHOLDS)
    assert table.empty and {"survivors", "settled", "test_loss"} <= set(table.columns)
    assert frequencies.empty and "alive_rel" in frequencies.columns


def test_horizon_counts_late_deaths():
    table = pd.concat(
        [
            trajectory("a", STEPS, {3: FOREVER, 7: FOREVER}),
            trajectory("b", STEPS, {3: FOREVER, 7: 2600}),
            trajectory("short", [0, 100], {3: FOREVER}),
        ]
    )
    found = horizon_agreement(table, [2500, 2600, 3000, 9999], 2.0, 0.95).set_index("step")
    assert list(found.index) == [2500, 2600, 3000]
    early = found.loc[2500]
    assert early["runs"] == 2 and early["sets_equal"] == 0.5
    assert early["deaths"] == 0.5 and early["births"] == 0 and early["count_offset"] == 0.5
    assert early["labels_equal"] == pytest.approx(21 / 22)
    assert found.loc[2600, "sets_equal"] == 1 and found.loc[3000, "labels_equal"] == 1
    assert horizon_agreement(table, [9999], 2.0, 0.95).empty
