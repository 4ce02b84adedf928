"""Arms of the ablation, their measures, and the shares that claims are judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.fates.slingshots import slingshots, spikes
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.ablation import (
    ARMS,
    Measures,
    arm_table,
    arms,
    by_seed,
    curves,
)
from fittest.analysis.survival.ablation_statistics import Criteria, ablation_rows
from fittest.analysis.survival.names import Primes
from fittest.analysis.survival.sweep_statistics import (
    frozen_rows,
    moduli_rows,
    no_decay_rows,
    trend_rows,
)
from fittest.runs.run import Run

R = Resampling(draws=100, seed=0, confidence=0.95)
MEASURES = Measures(solved_loss=1e-3, tail=100, after=200, factor=100, refractory=200, rise=10)
CRITERIA = Criteria(circles=3, low_loss=1e-6, spikes=2, accuracy=0.01)
STEPS = np.arange(0, 2001, 100)
CALM = np.full(len(STEPS), 1e-7)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1, 1, 1, 1, 1], 0),
        ([1, 1, 1, 101, 1], 1),
        ([1, 1, 1, 99, 1], 0),
        # Up to step 200 nothing counts, and what rose before is no rise after.
        ([1, 101, 1, 1, 1], 0),
        ([1, 1, 101, 101, 101], 0),
        # One long rise is one; two within the refractory window are one.
        ([1, 1, 1, 101, 300, 101, 1], 1),
        ([1, 1, 1, 101, 1, 101, 1], 2),
        # A new minimum lowers the bar.
        ([1, 1, 1, 0.1, 50], 1),
        ([], 0),
    ],
    ids=str,
)
def test_slingshots(losses: list[float], expected: int) -> None:
    steps = 100 * np.arange(len(losses))
    assert slingshots(steps, losses, after=200, factor=100, refractory=200) == expected


def test_rises_within_the_refractory_window_are_one() -> None:
    losses = [1, 1, 1, 101, 1, 101, 1, 101]
    steps = 100 * np.arange(len(losses))
    assert slingshots(steps, losses, after=200, factor=100, refractory=300) == 2
    assert slingshots(steps, losses, after=200, factor=100, refractory=200) == 3


def run_of(seed: int, intervention: dict | None = None) -> Run:
    seeds = {"embedding": seed, "mlp": seed, "split": seed}
    return Run.model_validate({"seeds": seeds, "intervention": intervention})


def world(
    seeds: int, counts: dict[str, int], losses: dict[str, np.ndarray]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables of the ablation and of base, which holds a run more, and all trajectories."""
    names = {v: k for k, v in ARMS.items()}
    rows, parts = {"kept": [], "base": []}, []
    for seed in range(seeds + 1):
        for arm in "O" if seed == seeds else "OABCD":
            recipe = None
            if arm != "O":
                select, count = names[arm]
                recipe = {"kind": "keep", "select": select, "count": count, "of": "base"}
            run = run_of(seed, recipe)
            rows["base" if arm == "O" else "kept"].append(
                {
                    "run_id": run.run_id,
                    "seed_embedding": seed,
                    "config": run.model_dump_json(),
                    "failed": False,
                    "first": None if arm == "O" else 4,
                    "second": 9 if arm in "BD" else None,
                    "survivors": [4],
                    "n_2mean": counts[arm],
                    "n_rel": counts[arm],
                    "test_loss": losses[arm][-1],
                    "test_accuracy": 1.0,
                }
            )
            parts.append(
                pd.DataFrame({"run_id": run.run_id, "step": STEPS, "test_loss": losses[arm]})
            )
    return pd.DataFrame(rows["kept"]), pd.DataFrame(rows["base"]), pd.concat(parts)


def spiky(times: int) -> np.ndarray:
    losses = np.full(len(STEPS), 1e-6)
    losses[5 : 5 + 3 * times : 3] = 1.0
    return losses


def falling(at: int) -> np.ndarray:
    return np.where(STEPS < at, 1.0, 1e-7)


AS_IN_THE_PAPER = (
    {"O": 4, "A": 4, "B": 2, "C": 3, "D": 5},
    {"O": falling(300), "A": spiky(2), "B": falling(100), "C": spiky(3), "D": spiky(2)},
)


def table_of(seeds: int, counts: dict, losses: dict) -> pd.DataFrame:
    kept, base, trajectory = world(seeds, counts, losses)
    return arm_table(arms(kept, base), trajectory, MEASURES)


def test_arm_table() -> None:
    table = table_of(2, *AS_IN_THE_PAPER)
    assert table["arm"].tolist() == list("ABCDO") * 2
    rows = table[table["seed"] == 1].set_index("arm")
    assert rows.loc["B", "first_step_solved"] == 100
    assert rows.loc["O", "first_step_solved"] == 300
    assert rows["spikes"].to_dict() == {"A": 2, "B": 0, "C": 3, "D": 2, "O": 0}
    assert rows.loc["C", "late_loss"] == 1e-6
    assert rows.loc["O", "min_test_loss"] == 1e-7
    assert len(by_seed(table)) == 2
    assert len(by_seed(table[table["arm"] != "D"])) == 0


def test_an_arm_that_never_gets_there_has_no_step() -> None:
    counts, losses = AS_IN_THE_PAPER
    table = table_of(1, counts, losses | {"B": np.ones(len(STEPS))})
    assert np.isnan(table.set_index("arm").loc["B", "first_step_solved"])
    rows = {row["name"]: row for row in ablation_rows(table, CRITERIA, R, {})}
    assert rows["ablation.speed_ratio_B"]["value"] == np.inf
    assert rows["ablation.share_B_faster"]["value"] == 0
    assert rows["ablation.first_step_solved_B"]["n"] == 0


def test_a_run_recorded_more_often_is_not_found_solved_sooner() -> None:
    counts, losses = AS_IN_THE_PAPER
    kept, base, trajectory = world(1, counts, losses | {"B": falling(300)})
    seldom = base["run_id"].tolist()
    often = ~trajectory["run_id"].isin(seldom) | (trajectory["step"] % 200 == 0)
    table = arm_table(arms(kept, base), trajectory[often], MEASURES).set_index("arm")
    assert table.loc["O", "first_step_solved"] == 400
    assert table.loc["B", "first_step_solved"] == 400


def test_statistics_when_all_is_as_in_the_paper() -> None:
    paper = {"n_2mean_A": 4}
    table = table_of(3, *AS_IN_THE_PAPER)
    rows = {row["name"]: row for row in ablation_rows(table, CRITERIA, R, paper)}
    assert len(rows) == len(ablation_rows(table, CRITERIA, R, paper))
    for name in (
        *("A_grows", "B_suffices", "B_as_low", "B_faster", "B_accurate"),
        *("CD_insufficient", "ACD_spike", "ACD_rise"),
    ):
        assert rows[f"ablation.share_{name}"]["value"] == 1, name
        assert rows[f"ablation.share_{name}"]["n"] == 3
    assert rows["ablation.n_2mean_A"]["value"] == rows["ablation.n_2mean_A"]["paper"] == 4
    assert rows["ablation.speed_ratio_B"]["value"] == pytest.approx(1 / 3)
    assert rows["ablation.late_loss_ratio_C"]["value"] == pytest.approx(10)
    assert rows["ablation.spikes_O"]["value"] == 0


@pytest.mark.parametrize(
    ("counts", "losses", "broken"),
    [
        ({"A": 2}, {}, "A_grows"),
        ({"B": 3}, {}, "B_suffices"),
        ({}, {"B": np.maximum(falling(100), 1e-5)}, "B_suffices"),
        ({"B": 3}, {}, "B_as_low"),
        ({}, {"B": np.maximum(falling(100), 3e-7)}, "B_as_low"),
        ({}, {"B": falling(300)}, "B_faster"),
        ({"D": 2}, {}, "CD_insufficient"),
        ({}, {"C": CALM}, "CD_insufficient"),
        ({}, {"A": spiky(1)}, "ACD_spike"),
        ({}, {"O": spiky(2)}, "ACD_spike"),
    ],
)
def test_each_departure_is_seen(counts: dict, losses: dict, broken: str) -> None:
    table = table_of(1, AS_IN_THE_PAPER[0] | counts, AS_IN_THE_PAPER[1] | losses)
    rows = {row["name"]: row for row in ablation_rows(table, CRITERIA, R, {})}
    assert rows[f"ablation.share_{broken}"]["value"] == 0


def test_curves_of_the_lowest_seed() -> None:
    kept, base, trajectory = world(2, *AS_IN_THE_PAPER)
    table = arm_table(arms(kept, base), trajectory, MEASURES)
    shown = curves(table, trajectory)
    assert set(shown["seed"]) == {0}
    found = shown.groupby("panel")["series"].unique()
    assert set(found["strongest"]) == set("OAB")
    assert set(found["random"]) == set("OCD")
    assert len(curves(table.iloc[:0], trajectory)) == 0


def test_failed_runs_and_given_frequencies_are_no_arms() -> None:
    kept, base, _ = world(1, *AS_IN_THE_PAPER)
    kept.loc[0, "failed"] = True
    given = run_of(0, {"kind": "keep", "frequencies": [1, 2]})
    kept.loc[1, "config"] = given.model_dump_json()
    assert sorted(arms(kept, base)["arm"]) == ["C", "D", "O"]


def test_statistics_of_nothing() -> None:
    """Empty tables give rows without values, so that figures and claims can say so."""
    kept, base, trajectory = world(1, *AS_IN_THE_PAPER)
    nothing = arm_table(arms(kept.iloc[:0], base), trajectory, MEASURES)
    runs = pd.DataFrame(
        columns=["run_id", "p", "d", "n_2mean", "n_rel", "n_eff", "test_accuracy", "last_step"]
    ).assign(failed=False, settled=True)
    losses = pd.DataFrame(columns=["d", "p", "share", "test_loss"])
    rows = [
        *ablation_rows(nothing, CRITERIA, R, {}),
        *trend_rows(Primes, runs, "p", R, "all"),
        *moduli_rows(runs, 2.0, R),
        *no_decay_rows(runs, R),
        *frozen_rows(losses, 20, R),
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    assert table["name"].is_unique
    measured = table[~table["name"].str.contains(".runs$|failed")]
    assert measured["value"].isna().all()


def test_no_decay() -> None:
    runs = pd.DataFrame(
        {"n_2mean": [0, 2], "n_rel": [29, 27], "n_eff": [28.0, 20.0], "test_accuracy": [0.1, 0.3]}
    ).assign(run_id=["a", "b"], failed=False, settled=False)
    rows = {row["name"]: row for row in no_decay_rows(runs, R)}
    assert rows["wd0.n_rel"]["value"] == 28
    assert rows["wd0.test_accuracy"]["value"] == pytest.approx(0.2)
    assert rows["wd0.n_eff"]["n"] == 2


def test_frozen() -> None:
    d = np.repeat([16, 32, 52, 60, 128], 2)
    loss = np.where(d >= 59, 0.01, np.where(d <= 20, 1.0, 10.0))
    table = pd.DataFrame({"d": d, "p": 59, "share": 1.0, "test_loss": loss})
    earlier = table.assign(share=0.1, test_loss=7.0)
    rows = frozen_rows(pd.concat([earlier, table]), 20, R)
    found = {row["name"]: row for row in rows}
    assert found["freeze.loss_ratio_large"]["value"] == pytest.approx(1e-3)
    assert found["freeze.loss_ratio_small"]["value"] == pytest.approx(0.1)
    assert found["freeze.loss_medium"]["n"] == 4


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1, 1, 1, 1, 1], 0),
        # Nine times is none, ten times is one; what stays up is one.
        ([1, 1, 1, 9, 1], 0),
        ([1, 1, 1, 10, 1], 1),
        ([1, 1, 1, 10, 10, 10], 1),
        # Its peak must come after step 200.
        ([1, 10, 1, 1], 0),
        # A second one counts once the first has fallen to a tenth of its peak.
        ([1, 1, 1, 100, 5, 100, 1], 2),
        ([1, 1, 1, 100, 20, 100, 1], 1),
        # From the lowest since the last spike: no new height above the lowest of the run is needed.
        ([1e-6, 1e-6, 1e-6, 1, 1e-3, 1e-2, 1e-4], 2),
        ([], 0),
    ],
    ids=str,
)
def test_spikes_to_the_eye(losses: list[float], expected: int) -> None:
    steps = 100 * np.arange(len(losses))
    assert spikes(steps, losses, after=200, factor=10) == expected


def test_losses_of_a_seed_are_compared_up_to_where_all_its_runs_are() -> None:
    kept, base, trajectory = world(1, *AS_IN_THE_PAPER)
    longer = pd.DataFrame({"run_id": base["run_id"][0], "step": [2100], "test_loss": [1e-9]})
    table = arm_table(arms(kept, base), pd.concat([trajectory, longer]), MEASURES)
    assert table.set_index("arm").loc["O", "min_test_loss"] == 1e-7
