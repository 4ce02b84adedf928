"""Networks that add powers, built by hand: an adder whose numbers have other names. By powers it is
the adder, by numbers it is not."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.exponents.measures import Measured, progress_measures
from fittest.analysis.exponents.network_statistics import statistics
from fittest.analysis.exponents.networks import Taken, embedding_exponent, taken_apart
from fittest.analysis.exponents.settings import MechanismSettings, NetworkSettings
from fittest.analysis.exponents.watch_statistics import (
    fall_steps,
    formation_end,
    rise,
    watched,
)
from fittest.analysis.exponents.watch_statistics import statistics as watch_statistics
from fittest.analysis.statistics.intervals import Resampling
from fittest.tasks import Powers
from fittest.tasks.powers import powers

sys.path.insert(0, str(Path(__file__).parents[1] / "circuits"))
from planted import adder, some_pairs

P, ALPHAS = 13, {2: 6.0, 5: 9.0}
TRAIN = some_pairs(P)
SETTINGS = NetworkSettings(
    covered=0.95, most_keys=10, largest=5, neurons_shown=3, shown=(), embeddings=()
)
R = Resampling(50, 0, 0.95)


def adder_of_powers(a: int) -> dict[str, np.ndarray]:
    """The adder with the row of t^a in the place of t."""
    parameters = adder(P, ALPHAS)
    table = parameters["embedding.weight"].copy()
    table[:P] = table[powers(P, a)]
    return {**parameters, "embedding.weight": table}


def taken(a: int, b: int | None = None, shown: bool = False) -> Taken:
    task = Powers(p=P, exponents=(a, a if b is None else b))
    return taken_apart(task, adder_of_powers(a), TRAIN, SETTINGS, shown, shown)


def measured(a: int, parameters: dict[str, np.ndarray] | None = None) -> Measured:
    task = Powers(p=P, exponents=(a, a))
    return progress_measures(7, parameters or adder_of_powers(a), task, TRAIN, sorted(ALPHAS))


def test_by_powers_a_relabelled_network_is_the_plain_one() -> None:
    plain, other = taken(1).network, taken(5).network
    assert plain["test_accuracy"] == other["test_accuracy"] == 1
    assert plain["keys"] == other["keys"] and 5 in plain["keys"]
    for name in ("gini_embedding", "block", "periodic_neurons", "periodic_heads"):
        assert other[f"{name}_powered"] == pytest.approx(plain[f"{name}_powered"])
        assert plain[f"{name}_raw"] == pytest.approx(plain[f"{name}_powered"])
    for name in ("block", "gini_embedding"):
        assert other[f"{name}_raw"] != pytest.approx(other[f"{name}_powered"], rel=1e-4)
    assert other["gini_map"] == pytest.approx(plain["gini_map"])


def test_what_is_taken_away() -> None:
    found = taken(1).network
    # One head attends to all three tokens alike, the other never to the sign.
    assert found["attention_to_sign"] == pytest.approx(1 / 6, abs=1e-3)
    # Without the sign the first head carries one and a half times the sum; nothing goes around.
    assert found["masked_test_accuracy"] < 0.7
    assert found["unskipped_test_accuracy"] == 1


def test_even_powers_have_cosines_alone() -> None:
    found = taken(2).network
    assert found["cosine_share"] == pytest.approx(1)
    assert found["test_accuracy"] == 1
    assert 0.1 < taken(5).network["cosine_share"] < 0.9


def test_fewer_values_of_a_power_leave_more_to_chance() -> None:
    found = {a: taken(a).network for a in (1, 5, 2, 4)}
    for row in found.values():
        assert row["block_powered"] <= row["periodic_neurons_powered"] <= 1
        assert 0 <= row["embedding_in_keys"] <= 1 and 0 <= row["embedding_in_any"] <= 1
        assert row["periodic_chance_raw"] == found[1]["periodic_chance_raw"] < 0.5
    chance = [found[a]["periodic_chance_powered"] for a in (1, 5, 2, 4)]
    assert chance[0] == pytest.approx(chance[1]) and chance[1] < chance[2] < chance[3]


def test_maps_are_kept_of_shown_networks_only() -> None:
    shown, other = taken(5, shown=True), taken(5)
    assert len(shown.norm_maps) == 2 * P * P and len(shown.embedding_maps) == 2 * P * 8
    assert len(shown.pair_maps) == (2 + 3) * P * P
    assert other.norm_maps == other.pair_maps == other.embedding_maps == []
    assert len(other.spectra) == 3 * P


def test_embeddings_are_looked_at_by_the_powers_that_are_a_permutation() -> None:
    assert embedding_exponent(113, 4, 5) == 5
    assert embedding_exponent(113, 8, 9) == 9
    assert embedding_exponent(113, 3, 4) == 3


# -- over training -------------------------------------------------------------------------------


def test_measures_of_the_adder() -> None:
    for a in (1, 5):
        found = measured(a)
        rows = {row["basis"]: row for row in found.measures}
        powered = rows["powered"]
        whole = TRAIN.mean() * powered["train_loss"] + (~TRAIN).mean() * powered["test_loss"]
        assert powered["restricted_loss"] == pytest.approx(whole, rel=1e-3)
        # All that the neurons write are these waves.
        assert powered["excluded_loss"] == pytest.approx(math.log(P), rel=1e-4)
        values = {(row["basis"], row["k"]): row["coefficient"] for row in found.frequencies}
        assert [values["powered", k] for k in (2, 5)] == pytest.approx([6, 9], rel=1e-4)
        assert sum(row["squares"] for row in found.squares) == pytest.approx(
            powered["squared_weights"]
        )
        if a == 1:
            assert rows["raw"] == {**powered, "basis": "raw"}
        else:
            assert rows["raw"]["restricted_test_loss"] > 10 * powered["restricted_test_loss"]
            assert rows["raw"]["excluded_loss"] < powered["excluded_loss"]


def test_squares_have_uneven_answers_and_the_same_measures() -> None:
    found = {row["basis"]: row for row in measured(2).measures}
    assert found["powered"]["excluded_loss"] > 100 * found["powered"]["train_loss"]
    assert found["powered"]["restricted_test_loss"] < 10 * found["powered"]["test_loss"] + 1e-6


def test_phases_by_hand() -> None:
    steps = [0, 100, 200, 300, 400]
    assert formation_end(steps, [3, 9, 10, 9.5, 1], 0.9) == 300
    assert rise(steps, [3, 0.1, 0.5, 2, 7], 100, 300) == pytest.approx(20)
    assert math.isnan(rise(steps, [1] * 5, 100, 900))
    losses = [1.0, 100.0, 10.0, 1.0, 0.01]
    assert fall_steps(steps, losses, (0.1, 0.5, 0.9)) == (200, 300, 400)
    assert all(math.isnan(step) for step in fall_steps(steps, [1, 2, 3, 4, 5], (0.5,)))


def test_a_run_that_groks_as_the_report_says() -> None:
    steps = np.arange(0, 2001, 100)
    late = 1 / (1 + np.exp((steps - 1000) / 25))
    early = np.exp(-np.clip(steps - 200, 0, None) / 60)
    rows = {
        "run_id": "x",
        "runset": "w",
        "seed": 598,
        "p": 13,
        "a": 3,
        "b": 3,
        "step": steps,
        "train_loss": 1e-6,
        "test_loss": 1e-6 + 5 * late,
        "train_accuracy": 1.0,
        "test_accuracy": 1 - late,
        "restricted_loss": 5 * early,
        "restricted_test_loss": 1e-6 + 5 * early,
        "excluded_loss": 1e-4 + 5 * (1 - early) ** 4,
        "notebook_loss": 1.0,
        "squared_weights": 1000 + 1000 * late,
    }
    measures = pd.concat([pd.DataFrame(rows).assign(basis=basis) for basis in ("raw", "powered")])
    outcomes = pd.DataFrame(
        [{"run_id": "x", "outcome": "grokked", "t_mem": 200.0, "t_gen": 1100.0}]
    )
    table = watched(measures, outcomes, 0.9)
    values = {row["name"]: row["value"] for row in watch_statistics(table, R)}
    assert values["watched.rise"] > 1000
    assert values["watched.lead"] > 0.1 and values["watched.wider"] > 1
    assert values["watched.norm_left"] == pytest.approx(0.5, abs=0.01)
    assert values["watched.norm_step"] == pytest.approx(1000 / 1100, abs=0.05)
    assert values["watched.norm_step_formed"] == values["watched.norm_step"]
    assert values["watched.phases"] == 1
    assert values["watched.lead_grokked"] == values["watched.lead"]
    assert values["watched.wider_grokked"] == values["watched.wider"]
    # Weights that fall from their start are another fall, before anything is formed.
    start = 3000 * np.exp(-np.tile(steps, 2) / 100)
    early = measures.assign(squared_weights=measures["squared_weights"] + start)
    values = {
        row["name"]: row["value"] for row in watch_statistics(watched(early, outcomes, 0.9), R)
    }
    assert values["watched.norm_step"] < 0.2
    assert values["watched.norm_step_formed"] == pytest.approx(1000 / 1100, abs=0.05)
    # One that generalises without a plateau leads nothing, and is formed before it memorises.
    smooth = watched(
        measures.assign(test_loss=1e-6 + 5 * np.exp(-np.tile(steps, 2) / 100)),
        outcomes.assign(outcome="immediate"),
        0.9,
    )
    values = {row["name"]: row["value"] for row in watch_statistics(smooth, R)}
    assert values["watched.phases"] == 0 and values["watched.rise"] > 1000
    assert math.isnan(values["watched.lead_grokked"]) and not math.isnan(values["watched.lead"])
    never = watched(measures, outcomes.assign(outcome="memorised", t_gen=math.inf), 0.9)
    assert all(math.isnan(row["value"]) for row in watch_statistics(never, R))


def test_statistics_of_networks() -> None:
    mechanisms = MechanismSettings(
        **{"first": (1, 1), "novel": ((5, 5),), "compared": (5, 5), "square": (2, 2)},
        least_steps=1000,
        spared=0.02,
    )
    rows = []
    for a in (1, 5, 2, 4):
        row = {"run_id": f"r{a}", "p": P, "a": a, "b": a, "step": 2000, **taken(a).network}
        rows.append(row)
    networks = pd.DataFrame(rows)
    outcomes = pd.DataFrame({"run_id": networks["run_id"], "outcome": "grokked"})
    found = {row["name"]: row for row in statistics(networks, outcomes, mechanisms, R)}
    assert found["networks.block_powered"]["value"] == pytest.approx(1)
    assert found["networks.block_raw"]["value"] != pytest.approx(1, abs=0.01)
    assert found["networks.cosines"]["value"] == pytest.approx(1)
    assert found["networks.cosines"]["n"] == 2
    assert found["networks.unskipped"]["value"] == 1
    assert found["networks.sign_loss"]["value"] > 0.2
    assert found["networks.sign_loss_median"]["value"] > 0.2
    assert found["networks.sign_spared"]["value"] == 0
    # The plain adder is the least periodic of these, in its neurons.
    assert found["networks.periodic"]["value"] == networks.loc[0, "periodic_neurons_raw"]
    chances = networks[["periodic_chance_raw", "periodic_chance_powered"]].to_numpy()
    assert found["networks.periodic_chance"]["value"] == chances.max()
    # One run of many that needs the sign is seen, and does not speak for them.
    spared = networks.assign(masked_test_accuracy=networks["test_accuracy"])
    spared.loc[0, "masked_test_accuracy"] -= 0.3
    some = {row["name"]: row["value"] for row in statistics(spared, outcomes, mechanisms, R)}
    assert some["networks.sign_loss"] == pytest.approx(0.3)
    assert some["networks.sign_loss_median"] == 0 and some["networks.sign_spared"] == 0.75
    # Runs are judged by their steps: two that were short may be anything.
    short = networks.assign(step=[2000, 2000, 999, 500], gini_map=[0.8, 0.7, 0.2, 0.3])
    parts = {row["name"]: row for row in statistics(short, outcomes, mechanisms, R)}
    ginis = [parts[f"networks.map_gini{end}"] for end in ("", "_long", "_short")]
    assert [(row["value"], row["n"]) for row in ginis] == [(0.2, 4), (0.7, 2), (0.2, 2)]
    none = statistics(networks, outcomes.assign(outcome="memorised"), mechanisms, R)
    assert all(math.isnan(row["value"]) and row["n"] == 0 for row in none)
    assert len(statistics(networks.head(0), outcomes, mechanisms, R)) == len(none)
