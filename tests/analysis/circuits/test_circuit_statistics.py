"""Statistics of circuits and of measures, on networks built by hand and on made-up curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planted import adder, some_pairs
from test_planted import SETTINGS

from fittest.analysis.circuits.final import TABLES, circuit
from fittest.analysis.progress.circuit_statistics import circuit_rows
from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.head_statistics import (
    carried_rows,
    head_rows,
    opposite_heads,
    products_of,
)
from fittest.analysis.progress.measure_statistics import (
    COLUMNS,
    excluded_rows,
    formed_rows,
    measured_runs,
)
from fittest.analysis.progress.names import Circuits, Formed, FormedExcluded, OtherCircuits
from fittest.analysis.progress.other_statistics import other_rows
from fittest.analysis.progress.summaries import odd_run
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table

P = 13
R = Resampling(draws=20, seed=1, confidence=0.95)
HEADS = HeadSettings(one_frequency=0.8, opposite=0.2, itself=0.02, linear=0.9, reach=4.5)
NAMES = ("circuits", "ablations", "reads", "neurons", "clusters", "heads", "head_components")
RUNS = ({3: 9.0, 5: 8.0}, {1: 9.0, 4: 8.0, 6: 7.0})


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """Statistics by name of two networks with other key frequencies."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for seed, alphas in enumerate(RUNS):
        made = circuit(adder(P, alphas), some_pairs(P), SETTINGS)
        named = {"run_id": str(seed), "runset": "main", "seed": seed, "p": P}
        for name, some in made.rows.items():
            rows[name] += [{**named, **row} for row in some]
    tables = {name: pd.DataFrame(rows[name]).reindex(columns=TABLES[name]) for name in TABLES}
    table = statistics_table(circuit_rows(*(tables[name] for name in NAMES), HEADS, R))
    assert set(table["name"]) == {str(name) for name in Circuits}
    return dict(zip(table["name"], table["value"], strict=True))


def test_what_two_planted_circuits_have_in_common(found: dict[str, float]) -> None:
    wanted = {
        Circuits.RUNS: 2,
        Circuits.KEYS_LEAST: 2,
        Circuits.KEYS_MOST: 3,
        Circuits.KEY_SETS: 2,
        Circuits.LOGITS: 1,
        Circuits.READS_MEAN: 1,
        Circuits.READS_BALANCE: 1,
        Circuits.READS_BALANCE_MOST: 1,
        Circuits.SPECTRUM: 1,
        Circuits.SPECTRUM_LARGEST: 1,
        Circuits.FITTED: 1,
        Circuits.SUMS: 1,
        Circuits.KEY_BLOCKS: 1,
        Circuits.SUMS_MOST: 1,
        Circuits.KEY_BLOCKS_MOST: 1,
        Circuits.DIRECTIONS: 1,
        Circuits.DIRECTIONS_MOST: 1,
        Circuits.KEYS_ALONE: 1,
        Circuits.HARMLESS: 1,
        Circuits.WITHOUT_KEYS: 1,
        Circuits.COMPLEMENT: 1,
        Circuits.COMPLEMENT_ALONE: 1,
        Circuits.DIRECTIONS_ALONE: 1,
        Circuits.LOSS_TIMES: found[Circuits.LOSS_TIMES],
        Circuits.AROUND_HEADS_RATIO: 1,
        Circuits.AROUND_HEADS_LOST: 0,
        Circuits.ITSELF_ZERO: 1,
        Circuits.LINEAR: 1,
        Circuits.LINEAR_LOST: 0,
        Circuits.SKIP_ZERO: 1,
        Circuits.SKIP_MEAN: 1,
        Circuits.SKIP_OTHERS: 1,
        Circuits.SKIP: 1,
        Circuits.SKIP_ACCURACY: 1,
        Circuits.ITSELF: 1 / 3,
        Circuits.POLYNOMIALS_DROP: 0,
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-9), name
    assert found[Circuits.NECESSARY] > 5
    assert found[Circuits.RESIDUAL_SQUARED] < 1e-20
    assert found[Circuits.LOOKUP_BEST] == pytest.approx(1)
    assert found[Circuits.HEADS_ZERO] > 1
    # Without its keys a network guesses 0 for all sums, and its loss is many times the whole one.
    assert found[Circuits.COMPLEMENT_ACCURACY] < 0.2 and found[Circuits.COMPLEMENT_RATIO] > 5
    # Its first head counts on a third of its attention going to the sign: A12 does not touch that.
    assert found[Circuits.LINEAR_NOT_ITSELF] > 10 and found[Circuits.NOT_ITSELF_RUNS] == 0


def test_without_runs_all_is_unknown() -> None:
    empty = [pd.DataFrame(columns=TABLES[name]) for name in NAMES]
    rows = {row["name"]: row for row in circuit_rows(*empty, HEADS, R)}
    assert math.isnan(rows[Circuits.LOGITS]["value"]) and rows[Circuits.RUNS]["value"] == 0


def test_other_settings() -> None:
    circuits = pd.DataFrame(
        [
            ("frac", "a", "fractions", 1e-7, 1.0, 0.7, 0.8, 0.9, 0.0, [1, 2]),
            ("frac", "b", "fractions", 1e-7, 1.0, 0.6, 0.7, 0.7, 0.0, [1, 2, 3]),
            ("layers2", "c", "two layers", 0.5, 0.9, 0.15, 0.2, 0.2, 0.0, list(range(1, 20))),
            ("p109", "d", "p = 109", 1e-7, 1.0, 0.75, 0.9, 0.97, 0.0, [4]),
            ("dropout", "e", "dropout", 0.3, 0.996, 0.25, 0.5, 0.8, 0.2, [5]),
            ("dropout", "g", "dropout", 0.3, 0.996, 0.24, 0.55, 0.9, 0.5, [5]),
            ("dropout", "f", "dropout", 2.0, 0.5, 0.9, 0.9, 0.1, 0.2, [5]),
            ("p109", "h", "p = 109", 20.0, 0.05, 0.3, 0.3, 0.08, 0.0, list(range(1, 9))),
            ("frac", "i", "fractions", 1e-3, 1.0, 0.7, 0.8, 0.9, 0.0, [1, 2]),
        ],
        columns=[
            *("runset", "run_id", "group", "test_loss", "test_accuracy"),
            *("gini_embedding", "gini_map", "logits_explained", "dropout", "keys"),
        ],
    )
    # The last one ends in a slingshot: its losses are a million times those of the others.
    circuits["slingshot"] = circuits["run_id"] == "i"
    ratios = {"a": 6.0, "b": 4.0, "i": 1.5, "h": 99.0}
    sizes = {"i": 1e6}
    ablations = pd.DataFrame(
        [
            (row.runset, row.run_id, name, times * sizes.get(row.run_id, 1.0), accuracy)
            for row in circuits.itertuples()
            for name, times, accuracy in (
                ("none", 1.0, 1.0),
                ("skip_mean", ratios.get(row.run_id, 2.0), 0.9 if row.run_id == "b" else 1.0),
            )
        ],
        columns=["runset", "run_id", "ablation", "loss", "accuracy"],
    )
    table = statistics_table(other_rows(circuits, ablations, 0.1, 0.99, R))
    values = dict(zip(table["name"], table["value"], strict=True))
    assert set(values) == {str(name) for name in OtherCircuits}
    assert values[OtherCircuits.P109] == pytest.approx(0.97)
    # The one of two layers and the second with dropout do not generalise, and are not compared.
    assert values[OtherCircuits.SPARSER] == pytest.approx(0.6 - 0.25)
    assert values[OtherCircuits.SPARSER_MAP] == pytest.approx(0.7 - 0.55)
    assert values[OtherCircuits.KEYS_MOST] == 3
    assert values[OtherCircuits.LOGITS] == pytest.approx(0.9)
    # Nor is that of p = 109, whose share is no part of the mean.
    # Of those with a dropout of 0.2 the one that generalises.
    assert values[OtherCircuits.LESS_EXPLAINED] == pytest.approx(0.9 - 0.8)
    assert values[OtherCircuits.LOGITS_LEAST] == pytest.approx(0.7)
    # Of loss ratios the median of a group counts, which one run in a slingshot does not make.
    assert values[OtherCircuits.SKIP] == pytest.approx(4)
    assert values[OtherCircuits.SKIP_RUNS] == 3 and values[OtherCircuits.SLINGSHOTS] == 1
    assert values[OtherCircuits.SKIP_OTHERS] == pytest.approx(2)
    assert values[OtherCircuits.SKIP_MEANS] == pytest.approx(2)
    assert values[OtherCircuits.SKIP_DROP] == pytest.approx(0.1 / 3)
    rows = table.set_index("name")
    assert rows.loc[str(OtherCircuits.SKIP), "n"] == 3, "groups"


def test_the_run_that_is_odd() -> None:
    assert odd_run([2.0, 9.0, 3.0, 8.0], [0, 4, 1, 4]) == (4, 3)
    assert odd_run([2.0], [7])[0] == 7 and math.isnan(odd_run([2.0], [7])[1])
    assert all(math.isnan(value) for value in odd_run([], []))


def curves(**changed: Any) -> pd.DataFrame:
    """Measures of a run with t1 = 1000, t2 = 2000 and t3 = 3000, as the paper sees them."""
    steps = np.arange(0, 4001, 100)
    excluded = np.interp(steps, [0, 1000, 2000, 3000], [0, -6, 2, 2.5])
    columns = {
        "run_id": "a",
        "step": steps,
        "excluded_loss": np.exp(excluded),
        "excluded_largest": np.exp(excluded / 2),
        "train_loss": np.where(steps <= 2000, 3e-7, 1e-7),
        "train_accuracy": np.where(steps < 500, 0.5, 1.0),
        "test_loss": np.where(steps < 1000, 4.0, np.where(steps < 2500, 5.0, 0.01)),
        "restricted_loss": np.where(steps < 1500, 5.0, 0.01),
        "test_accuracy": np.where(steps < 2400, 0.1, 1.0),
        "restricted_accuracy": np.where(steps < 1400, 0.1, 1.0),
        "gini_map": np.interp(steps, [0, 1000, 2000, 3000], [0.1, 0.2, 0.3, 0.7]),
        "gini_embedding": np.interp(steps, [1000, 2000, 3000], [0.2, 0.4, 0.9]),
        "squared_weights": np.interp(steps, [1000, 2000, 3000], [1000, 900, 600]),
    }
    return pd.DataFrame({**columns, **changed})


FREQUENCIES = pd.DataFrame(
    [
        {"run_id": "a", "step": step, "k": k, "alpha": size * min(step / 3000, 1)}
        for step in range(0, 4001, 100)
        for k, size in ((3, 4.0), (5, 8.0))
    ]
)
PHASES = pd.DataFrame([{"run_id": "a", "seed": 0, "t1": 1000.0, "t2": 2000.0, "t3": 3000.0}])


SHARES = (
    *(Formed.PLATEAU, Formed.RISES_FIRST, Formed.RISES_FIRST_HALF, Formed.LEADS),
    *(Formed.SINGLE_RISES_FIRST, Formed.SINGLE_RISES_FIRST_HALF),
    *(Formed.ACCURACY_LEADS, Formed.GINI, Formed.GINI_EMBEDDING, Formed.WEIGHTS),
    Formed.TRAIN_LOWER,
)


def formed(table: pd.DataFrame) -> dict[str, float]:
    return {one["name"]: one["value"] for one in formed_rows(table, 200, 2, 5, R)}


def test_measures_of_a_run_as_the_paper_sees_it() -> None:
    table = measured_runs(curves(), FREQUENCIES, PHASES, 113, 1, 5)
    assert list(table.columns) == COLUMNS
    row = table.iloc[0]
    assert row["excluded_rise"] == pytest.approx(math.exp(8))
    assert row["excluded_formed"] == pytest.approx(2 * math.exp(2) / math.log(113))
    assert row["train_accuracy"] == 1
    assert row["excluded_kept"] == pytest.approx(math.exp(0.5))
    assert row["test_kept"] == row["test_kept_half"] == 1
    # From e^-6 to e^2 within a thousand steps 1 nat is passed at 1750, half of ln 113 at 1858; by
    # the largest single one, from e^-3 to e, at 1750 and 1965.
    assert (row["excluded_lead"], row["excluded_lead_half"]) == (700, 600)
    assert (row["single_lead"], row["single_lead_half"]) == (700, 500)
    assert row["single_before"] == pytest.approx(math.exp(1.1))
    assert row["test_after"] == 1
    assert (row["lead"], row["accuracy_lead"]) == (1000, 1000)
    assert row["gini_cleanup"] == pytest.approx(4 * row["gini_formation"])
    assert row["weights_formation"] == pytest.approx(-0.1)
    assert row["weights_cleanup"] == pytest.approx(-0.3)
    assert row["alpha_least"] == 4 and row["alpha_formed"] == pytest.approx(2 / 3)
    assert row["alpha_jump"] == pytest.approx(1 / 30) and row["alpha_fall"] == 0
    guess = math.log(113)
    assert row["early_excluded"] == pytest.approx(math.exp(-6) / guess)
    assert (row["early_restricted"], row["early_test"]) == (5 / guess, 5 / guess)
    assert row["early_gini"] == pytest.approx(0.1 / 0.6)
    assert row["train_after"] == pytest.approx(1 / 3)
    values = formed(table)
    assert set(values) == set(Formed)
    assert values[Formed.TEST_RISES] == 0
    for name in SHARES:
        assert values[name] == 1, name


def test_a_rise_from_nothing_to_next_to_nothing_is_none() -> None:
    """Tenfold and more before the test loss falls, and no more than a tenth of a nat."""
    small = {
        f"excluded_{name}": 1e-3 * curves()[f"excluded_{name}"] for name in ("loss", "largest")
    }
    table = measured_runs(curves(**small), FREQUENCIES, PHASES, 113, 1, 5)
    assert table["excluded_rise"].iloc[0] > 1000
    values = formed(table)
    for name in (Formed.RISES_FIRST, Formed.SINGLE_RISES_FIRST, Formed.PLATEAU):
        assert values[name] == 0, name
    assert values[Formed.EXCLUDED] < 0.1 and values[Formed.SINGLE_BEFORE] < 0.1


def test_a_test_loss_that_rises_again() -> None:
    """Tenfold after cleanup, or before it."""
    steps = curves()["step"]
    for at, share in ((3000, 1), (1000, 0)):
        again = curves()["test_loss"] * np.where((steps > at) & (steps < at + 900), 10.0, 1.0)
        table = measured_runs(curves(test_loss=again), FREQUENCIES, PHASES, 113, 1, 5)
        assert formed(table)[Formed.TEST_RISES] == share


def test_what_depends_on_the_end_of_memorisation_is_there_by_both_readings() -> None:
    early = measured_runs(curves(), FREQUENCIES, PHASES.assign(t1=500.0), 113, 1, 5)
    rows = excluded_rows(formed_rows(early, 200, 2, 5, R))
    assert {row["name"] for row in rows} == {str(name) for name in FormedExcluded}
    values = {row["name"]: row["value"] for row in rows}
    assert values[FormedExcluded.EARLY_EXCLUDED] == pytest.approx(math.exp(-3) / math.log(113))
    assert values[FormedExcluded.EARLY_TEST] == pytest.approx(4 / math.log(113))


def test_a_run_that_generalises_without_forming_anything_first() -> None:
    flat = curves(
        excluded_loss=1.0,
        excluded_largest=1.0,
        train_loss=3e-7,
        restricted_loss=curves()["test_loss"],
        restricted_accuracy=curves()["test_accuracy"],
        gini_map=0.1 + curves()["step"] * 1e-4,
        gini_embedding=0.1 + curves()["step"] * 1e-4,
        squared_weights=1000.0 + curves()["step"],
    )
    sudden = FREQUENCIES.assign(alpha=np.where(FREQUENCIES["step"] < 2500, 0.0, 4.0))
    values = formed(measured_runs(flat, sudden, PHASES, 113, 1, 5))
    assert values[Formed.RISE] == 1
    assert math.isnan(values[Formed.TEST_KEPT])
    assert values[Formed.ALPHA_JUMP] == 1 and values[Formed.ALPHA_FORMED] == 0
    assert values[Formed.ALPHA_JUMP_SEED] == 0 and math.isnan(values[Formed.ALPHA_JUMP_OTHERS])
    for name in SHARES:
        assert values[name] == 0, name


def test_a_coefficient_that_overshoots() -> None:
    """It rises as smoothly, and ends at six tenths of its peak."""
    step = FREQUENCIES["step"]
    peak = np.where(
        (FREQUENCIES["k"] == 3) & (step > 1500), 4 - (step - 1500).clip(0, 1500) / 940, 0
    )
    over = FREQUENCIES.assign(alpha=np.where(peak > 0, peak, FREQUENCIES["alpha"].clip(upper=8)))
    over.loc[(over["k"] == 3) & (step <= 1500), "alpha"] *= 2
    values = formed(measured_runs(curves(), over, PHASES, 113, 10, 5))
    assert values[Formed.ALPHA_FALL] == pytest.approx(1500 / 940 / 4, rel=0.01)
    assert values[Formed.ALPHA_JUMP] < 0.2


def test_a_circuit_that_dissolves_does_not_level_off() -> None:
    """Excluded loss that falls while it should rise, and Gini coefficients that fall ever faster:
    ratios of slopes alone would take them for a rise that levels off, and for a sharp one."""
    steps = curves()["step"]
    falling = curves(
        excluded_loss=np.exp(np.interp(steps, [1000, 2000, 3000], [0, -6, 1])),
        gini_map=np.interp(steps, [1000, 2000, 3000], [0.9, 0.8, 0.4]),
        gini_embedding=np.interp(steps, [1000, 2000, 3000], [0.9, 0.8, 0.4]),
    )
    values = formed(measured_runs(falling, FREQUENCIES, PHASES, 113, 1, 5))
    assert values[Formed.RISE] < 1
    assert values[Formed.PLATEAU] == values[Formed.GINI] == values[Formed.GINI_EMBEDDING] == 0
    # From a Gini coefficient that stands still in circuit formation any rise is sharp.
    sudden = curves(gini_map=np.interp(steps, [2000, 3000], [0.2, 0.7]))
    assert formed(measured_runs(sudden, FREQUENCIES, PHASES, 113, 1, 5))[Formed.GINI] == 1


def test_a_run_without_phases_shows_nothing() -> None:
    never = PHASES.assign(t2=np.nan, t3=np.nan)
    table = measured_runs(curves(), FREQUENCIES, never, 113, 1, 5)
    values = formed(table)
    assert math.isnan(values[Formed.RISE]) and math.isnan(values[Formed.ALPHA_FORMED])
    assert math.isnan(values[Formed.ALPHA_JUMP])
    for name in (Formed.GINI, Formed.WEIGHTS, Formed.PLATEAU, Formed.TRAIN_LOWER):
        assert values[name] == 0, name
    nothing = formed_rows(table.iloc[:0], 200, 2, 5, R)
    assert all(math.isnan(one["value"]) or one["name"] == Formed.RUNS for one in nothing)


def test_excluded_loss_that_goes_on_rising_does_not_level_off() -> None:
    """Nor does one that was never lower. A rise that is over before the test loss has fallen is no
    rise while that stands still."""
    steps = curves()["step"]
    on = np.exp(np.interp(steps, [1000, 2000, 3000], [-6, 2, 3]))
    values = formed(measured_runs(curves(excluded_loss=on), FREQUENCIES, PHASES, 113, 1, 5))
    assert values[Formed.RISE] > 100 and values[Formed.PLATEAU] == 0
    still = formed(measured_runs(curves(excluded_loss=1.0), FREQUENCIES, PHASES, 113, 1, 5))
    assert still[Formed.PLATEAU] == 0
    with_it = np.interp(steps, [1000, 1300], [20.0, 1.0])
    fallen = formed(measured_runs(curves(test_loss=with_it), FREQUENCIES, PHASES, 113, 1, 5))
    assert fallen[Formed.TEST_KEPT] == pytest.approx(0.05)


def test_a_slingshot_is_no_rise_of_the_excluded_loss() -> None:
    """It lifts what is excluded with the rest, for a checkpoint or two: no circuit formed."""
    flat = np.where(np.arange(0, 4001, 100) < 1000, 1.0, 1e-6)
    shot = np.where(np.isin(np.arange(0, 4001, 100), [1500, 1600]), 5.0, flat)
    for losses in (shot, np.where(np.arange(0, 4001, 100) >= 1500, 5.0, flat)):
        runs = curves(excluded_loss=losses, excluded_largest=losses)
        values = formed(measured_runs(runs, FREQUENCIES, PHASES, 113, 1, 5))
        for name in (Formed.RISES_FIRST, Formed.SINGLE_RISES_FIRST):
            assert values[name] == float(losses is not shot), name


def test_a_network_that_uses_its_frequencies_from_the_start() -> None:
    early = curves(excluded_loss=9.0, restricted_loss=0.01, test_loss=0.01, gini_map=0.7)
    early.loc[early["step"] == 0, "gini_map"] = 0.1
    values = formed(measured_runs(early, FREQUENCIES, PHASES, 113, 1, 5))
    assert values[Formed.EARLY_EXCLUDED] > 1 and values[Formed.EARLY_GINI] == 1
    assert values[Formed.EARLY_RESTRICTED] < 0.01 and values[Formed.EARLY_TEST] < 0.01


def test_ends_are_not_those_of_one_checkpoint() -> None:
    """The last one lies in a slingshot."""
    spoilt = curves(), FREQUENCIES.copy()
    spoilt[0].loc[spoilt[0]["step"] == 4000, ["train_loss", "gini_map"]] = [3.0, 0.0]
    spoilt[1].loc[spoilt[1]["step"] == 4000, "alpha"] = -1.0
    values = formed(measured_runs(*spoilt, PHASES, 113, 1, 5))
    assert values[Formed.ALPHA] == 4 and values[Formed.TRAIN_LOWER] == 1
    assert values[Formed.EARLY_GINI] == pytest.approx(0.1 / 0.6)


def heads(*rows: tuple[int, int, float, float, float]) -> pd.DataFrame:
    """Heads of runs: run, k, alpha, beta and the share of k in what is carried."""
    table = pd.DataFrame(rows, columns=["run_id", "k", "alpha", "beta", "ov_share"])
    table["head"] = table.groupby("run_id").cumcount()
    shown = {"itself": 0.001, "itself_sd": 0.001, "itself_most": 0.01, "pattern_explained": 0.99}
    shown |= {"divided_explained": 0.99, "lookup_explained": 0.95, "linear_explained": 0.97}
    shown |= {"lowest": -5.0, "highest": 4.0, "ov_entropy": 1.0}
    return table.assign(**shown)


MAIN = ((35, -0.26, -0.14, 0.97), (42, 0.27, -0.04, 0.4), (52, 0.29, -0.05, 0.9))
"""The paper's heads 0 to 2 (table 2, figure 11)."""


def test_heads_of_both_kinds_as_in_the_paper() -> None:
    paper = heads(*((0, *one) for one in MAIN), (0, 42, -0.26, 0.04, 0.4))
    assert products_of(paper, HEADS) == 2
    assert opposite_heads(paper, HEADS) == {1, 3}
    values = {row["name"]: row["value"] for row in head_rows(paper, HEADS, R)}
    assert values[Circuits.HEADS_PRODUCT] == values[Circuits.HEADS_OPPOSITE] == 2
    assert values[Circuits.HEADS_BOTH] == 1
    assert values[Circuits.SIGMOID_REACH] == 5 and values[Circuits.SIGMOID_WIDE] == 1
    assert values[Circuits.ITSELF_LITTLE] == 1 and math.isnan(values[Circuits.ITSELF_PURE])


def test_heads_of_neither_kind() -> None:
    """Of one frequency and the same sign, or of opposite signs and other frequencies."""
    same = heads((0, 42, 0.27, -0.04, 0.3), (0, 42, 0.26, 0.04, 0.3), (0, 35, -0.27, 0.04, 0.3))
    assert products_of(same, HEADS) == 0 and opposite_heads(same, HEADS) == set()
    two = (1, 35, 0.2, 0.1, 0.9), (1, 35, -0.2, -0.1, 0.1)
    mixed = pd.concat([same, heads(*two, (1, 42, 0.2, 0.1, 0.9))])
    values = {row["name"]: row for row in head_rows(mixed, HEADS, R)}
    assert values[Circuits.HEADS_BOTH]["value"] == 0.5
    assert values[Circuits.HEADS_OPPOSITE]["value"] == 1
    assert values[Circuits.HEADS_BOTH]["n"] == 2


def test_what_amplifies_does_not_multiply() -> None:
    """Two heads of one frequency, each of which carries it alone, cancel each other's attention."""
    pair = heads((0, 34, 0.007, -0.278, 0.88), (0, 34, -0.006, 0.276, 0.87), (0, 54, 0.2, 0.1, 0.9))
    assert opposite_heads(pair, HEADS) == {0, 1} and products_of(pair, HEADS) == 1
    alone = {row["name"]: row["value"] for row in head_rows(pair.iloc[:2], HEADS, R)}
    assert alone[Circuits.HEADS_PRODUCT] == 0 and alone[Circuits.HEADS_BOTH] == 0


def test_one_head_whose_scores_are_no_wave_is_the_least() -> None:
    """In a run with other heads, of which the best and the middle one do not tell."""
    some = heads(*((0, *one) for one in MAIN), (0, 42, -0.26, 0.04, 0.4))
    some["lookup_explained"] = [0.99, 0.98, 0.97, 0.3]
    values = {row["name"]: row["value"] for row in head_rows(some, HEADS, R)}
    assert values[Circuits.LOOKUP_LEAST] == 0.3
    assert values[Circuits.LOOKUP_BEST] == 0.99 and values[Circuits.LOOKUP] > 0.97
    values = {row["name"]: row["value"] for row in head_rows(some.iloc[:3], HEADS, R)}
    assert values[Circuits.LOOKUP_LEAST] == 0.97


def test_far_and_linear_is_asked_of_one_head() -> None:
    """Half the heads reach far and half are linear, none is both."""
    some = heads(*((0, *one) for one in MAIN), (0, 42, -0.26, 0.04, 0.4))
    apart = some.assign(highest=[5.2, 5.4, 3.3, 3.4], lowest=-3.0)
    apart["linear_explained"] = [0.8, 0.85, 0.98, 0.97]
    values = {row["name"]: row["value"] for row in head_rows(apart, HEADS, R)}
    assert values[Circuits.SIGMOID_WIDE] == 0 and values[Circuits.SIGMOID_REACH] > 4


def test_heads_that_attend_to_the_sign_and_what_they_carry() -> None:
    some = heads((0, 33, 0.3, -0.1, 0.97), (0, 31, -0.1, 0.3, 0.46), (0, 27, 0.1, 0.3, 0.96))
    some["itself"], some["itself_sd"] = [0.19, 0.001, 0.2], [0.18, 0.001, 0.2]
    values = {row["name"]: row["value"] for row in head_rows(some, HEADS, R)}
    assert values[Circuits.ITSELF_LITTLE] == pytest.approx(1 / 3)
    assert (values[Circuits.ITSELF_PURE], values[Circuits.OTHERS_PURE]) == (0.96, 0.46)
    assert values[Circuits.ITSELF_SPREAD] == 0.18


def carried(**shares: float) -> dict[str, float]:
    """Statistics of one head of one run that attends by k = 3, with key frequencies 3 and 5, by
    what it carries: energies of k, such as k3."""
    rows = [
        {"run_id": 0, "head": 0, "k": int(k[1:]), "wave": wave, "ov_norm": math.sqrt(share / 2)}
        for k, share in shares.items()
        for wave in ("cos", "sin")
    ]
    rows.append({"run_id": 0, "head": 0, "k": 0, "wave": "const", "ov_norm": 9.0})
    found = carried_rows(
        pd.DataFrame({"run_id": [0], "head": [0], "k": [3]}),
        pd.DataFrame(rows),
        pd.DataFrame({"run_id": [0], "keys": [[3, 5]]}),
        R,
    )
    return {row["name"]: row["value"] for row in found}


def test_what_heads_carry() -> None:
    """Its own frequency most and key ones alone; another key one; and all alike."""
    own = carried(k3=0.6, k5=0.38, k1=0.02)
    assert own[Circuits.OV_LARGEST] == 1 and own[Circuits.OV_KEYS] == pytest.approx(0.98)
    other = carried(k3=0.4, k5=0.6)
    assert other[Circuits.OV_LARGEST] == 0 and other[Circuits.OV_KEYS] == pytest.approx(1)
    alike = carried(**{f"k{k}": 1 + (k == 1) / 9 for k in range(1, 7)})
    assert alike[Circuits.OV_LARGEST] == 0 and alike[Circuits.OV_KEYS] < 0.4


def balanced(*rows: tuple[str, float, float]) -> dict[str, float]:
    """Statistics of the balance of reads of one run: part, first and second coefficient."""
    named = {"run_id": 0, "seed": 0, "explained": 0.9}
    reads = pd.DataFrame(
        [{**named, "part": part, "first": one, "second": two} for part, one, two in rows]
    )
    empty = {name: pd.DataFrame(columns=TABLES[name]) for name in NAMES} | {"reads": reads}
    return {r["name"]: r["value"] for r in circuit_rows(*(empty[n] for n in NAMES), HEADS, R)}


def test_weights_of_two_products() -> None:
    """As in the paper's table 1; and where only the sines, equal by symmetry, are balanced."""
    paper = balanced(("cos", 40.7, -43.6), ("sin", 41.8, 41.8), ("cos", 64.6, -68.5))
    assert paper[Circuits.READS_BALANCE_MOST] == pytest.approx(43.6 / 40.7)
    uneven = balanced(("cos", 20.0, -43.6), ("sin", 41.8, 41.8), ("sin", 30.0, 30.0))
    assert uneven[Circuits.READS_BALANCE] == uneven[Circuits.READS_BALANCE_MOST] == 43.6 / 20
    # Of one sign they make cos(w(a - b)).
    assert math.isinf(balanced(("cos", 40.0, 40.0))[Circuits.READS_BALANCE_MOST])
