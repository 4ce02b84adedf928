"""Primality and precision: planted losses, real networks, and nothing at all, from tables to
figures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import load_script, names_of

from fittest.analysis.exponents.constants import Constants
from fittest.analysis.exponents.other_names import PRIMALITY, Precision
from fittest.analysis.exponents.precision import SPIKES, precision_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Statistics
from fittest.models import TransformerSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.optimisers import AdamW
from fittest.runs.parts import Arithmetic, Recording, Seeds
from fittest.runs.run import Run
from fittest.store import read_table
from fittest.tasks import Powers, Primality
from planted_runs import curve, runs_table, stored, weight_rows
from small_world import REPOSITORY

R = Resampling(draws=50, seed=1, confidence=0.95)
CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/exponents.yaml").read_text()))
STEPS = np.arange(0, 4001, 50)


def prime_run(runset: str, seed: int) -> Run:
    given = {
        "primality_token": Primality(),
        "primality_100": Primality(numbers=100),
        "primality_digits": Primality(encoding="digits", split="random"),
    }
    seeds = Seeds(embedding=seed, mlp=seed, split=seed)
    return Run(task=given[runset], model=TransformerSettings(mlp=32), seeds=seeds, steps=4000)


def prime_curve(run: Run, learns: bool) -> pd.DataFrame:
    """Train numbers are learnt; test numbers get worse, or are learnt as well."""
    fall = np.exp(-STEPS / 300)
    worse = 0.6 + STEPS / 1000.0
    return curve(
        run,
        STEPS,
        {
            "train_loss": 0.7 * fall + 1e-4,
            "test_loss": 0.7 * fall + 1e-3 if learns else worse,
            "train_accuracy": np.minimum(1, 0.8 + STEPS / 4000),
            "test_accuracy": np.minimum(1, 0.8 + STEPS / 4000) if learns else 0.8,
            "train_balanced_accuracy": np.minimum(1, 0.5 + STEPS / 2000),
            "test_balanced_accuracy": np.minimum(1, 0.5 + STEPS / 2000) if learns else 0.55,
        },
    )


def primality(folder: Path, learns: bool | None) -> tuple[Statistics, Path]:
    """Statistics and figure S5; None for no runs."""
    runs = (
        [] if learns is None else [(name, prime_run(name, s)) for name in PRIMALITY for s in (6, 7)]
    )
    rows = [prime_curve(run, bool(learns)) for _, run in runs]
    trajectory = pd.concat(rows) if rows else pd.DataFrame({"run_id": [], "step": []})
    made = [str(folder / name) for name in ("runs.parquet", "stats.parquet", "figS5.csv")]
    load_script("analyse_primality", "exponents").analyse_primality(
        [stored(runs_table(runs), folder / "given.parquet", "runs")],
        [stored(trajectory, folder / "trajectory.parquet", "trajectory")],
        *made,
        rules=CONSTANTS.outcomes,
        pieces=50,
        resampling=R,
    )
    figure = folder / "figS5.pdf"
    plot = load_script("plot_figS5_primality", "exponents").plot_primality
    plot(made[2], made[0], made[1], str(figure))
    return Statistics(read_table(made[1])), figure


def test_networks_that_overfit_are_told_from_such_that_learn_primes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    found, figure = primality(tmp_path / "a", learns=False)
    assert set(found) == names_of(*PRIMALITY.values())
    assert found["primality_token.memorised"]["value"] == 1
    assert found["primality_token.memorised"]["n"] == 2
    # 0.6 nats are more than the guess costs.
    assert found["primality_token.gain"]["value"] == pytest.approx(0.4154 - 0.6, abs=1e-3)
    assert found["primality_digits.gain"]["value"] < found["primality_token.gain"]["value"]
    assert found["primality_token.overfit"]["value"] == pytest.approx(4.6 / 0.6)
    assert found["primality_100.balanced"]["value"] == pytest.approx(0.55)
    assert figure.read_bytes().startswith(b"%PDF")
    learnt, _ = primality(tmp_path / "b", learns=True)
    assert learnt["primality_token.memorised"]["value"] == 0
    assert learnt["primality_digits.gain"]["value"] > 0.2
    assert learnt["primality_digits.balanced"]["value"] == 1


def test_no_runs_on_primality_are_no_error(tmp_path: Path) -> None:
    found, figure = primality(tmp_path, learns=None)
    assert math.isnan(found["primality_token.gain"]["value"])
    assert figure.read_bytes().startswith(b"%PDF")


# -- precision ------------------------------------------------------------------------------------


def sum_run(loss: str, seed: int, dtype: str | None = None) -> Run:
    return Run(
        task=Powers(p=13, exponents=(1, 1)),
        model=TransformerSettings(d=16, heads=2, head_size=8, mlp=32, biases=False),
        optimiser=AdamW(lr=0.001, weight_decay=1.0),
        arithmetic=Arithmetic(dtype=dtype, loss=loss),
        seeds=Seeds(embedding=seed, mlp=seed, split=seed),
        steps=6000,
        recording=Recording(every=10, checkpoints_every=2000, every_loss=True),
    )


def sum_curve(run: Run, spikes: list[int], generalises: float) -> pd.DataFrame:
    """A train loss that falls soon, with spikes; a test loss that falls at some step, or never."""
    steps = np.arange(0, 6001, 10)
    every = np.maximum(2.5 * np.exp(-np.arange(6000) / 30), 1e-6)
    for at in spikes:
        every[at : at + 20] = 1e-3
    there = (
        1 / (1 + np.exp(-(steps - generalises) / 20)) if math.isfinite(generalises) else 0 * steps
    )
    return curve(
        run,
        steps,
        {
            "test_loss": 10 * (1 - there) + 1e-4,
            "train_accuracy": (steps >= 100).astype(float),
            "test_accuracy": there.astype(float),
        },
        every,
    )


def precision(folder: Path, arms: list[tuple[Run, list[int], float]]) -> tuple[Statistics, Path]:
    """Statistics and figure S6."""
    runs = [("log_softmax", run) for run, _, _ in arms]
    rows = [sum_curve(*arm) for arm in arms]
    trajectory = pd.concat(rows) if rows else pd.DataFrame({"run_id": [], "step": []})
    weights = [
        row
        for run, _, _ in arms
        for step in (0, 2000, 4000, 6000)
        for row in weight_rows(run, step, initial_parameters(run, run.task.build()))
    ]
    kept = pd.DataFrame(weights, columns=["run_id", "step", "parameter", "shape", "values"])
    made = [
        str(folder / name)
        for name in ("runs.parquet", "spikes.parquet", "stats.parquet", "figS6.csv")
    ]
    load_script("analyse_precision", "exponents").analyse_precision(
        [stored(runs_table(runs), folder / "given.parquet", "runs")],
        [stored(trajectory, folder / "trajectory.parquet", "trajectory")],
        [stored(kept, folder / "weights.parquet", "weights")],
        *made,
        outcomes=CONSTANTS.outcomes,
        rules=CONSTANTS.spikes,
        pieces=100,
        resampling=R,
    )
    figure = folder / "figS6.pdf"
    plot = load_script("plot_figS6_precision_spikes", "exponents").plot_precision
    plot(made[3], made[0], made[2], str(figure))
    return Statistics(read_table(made[2])), figure


def test_spikes_are_counted_by_precision_and_held_against_the_fall(tmp_path: Path) -> None:
    arms = [
        (sum_run("float32", 0), [1000, 1500, 2500, 3500], math.inf),
        (sum_run("float64", 0), [2100], 2000.0),
        (sum_run("float64", 1), [1900, 5000], 2000.0),
        (sum_run("float64", 0, "float64"), [], 2000.0),
    ]
    found, figure = precision(tmp_path, arms)
    assert set(found) == names_of(Precision)
    assert found["precision.spikes_single"]["value"] == 4
    assert found["precision.spikes_double"]["value"] == 3
    assert found["precision.spikes_throughout"]["value"] == 0
    # Of the seed that both precisions have: four less three times one.
    assert found["precision.excess"]["value"] == 1 and found["precision.excess"]["n"] == 1
    assert found["precision.before"]["value"] == pytest.approx(1e-6)
    # All spikes that are near a fall are of double precision.
    near = found["precision.near_drop"]
    assert math.isnan(near["value"]) and near["n"] == 0
    assert found["precision.grokked_single"]["value"] == 0
    assert found["precision.grokked_double"]["value"] == 1
    assert found["precision.grokked_double"]["n"] == 2
    assert figure.read_bytes().startswith(b"%PDF")
    drawn = pd.read_csv(tmp_path / "figS6.csv")
    assert set(drawn["series"]) == {"loss", "gradient", "unembedding_gradient", "unembedding"}
    # Single and double precision of the same network differ, and little.
    gradient = drawn[(drawn["series"] == "gradient") & (drawn["seed"] == 0) & (drawn["step"] == 0)]
    values = gradient.set_index("arm")["value"]
    assert values["float32"] == pytest.approx(values["float64 throughout"], rel=1e-4)
    assert values.min() > 0


def near_drop(told: dict[tuple[str, str], list[bool | None]]) -> dict[str, float]:
    """The statistic of P04. told: by run and arm, of each spike whether it is near the fall."""
    table = pd.DataFrame(
        [
            {"run_id": run, "task": "powers", "name": "sum", "arm": arm, "seed": run}
            | {"spikes": len(marks), "outcome": "grokked", "t_gen": 900.0}
            for (run, arm), marks in told.items()
        ]
    )
    spikes = pd.DataFrame(
        [
            {"run_id": run, "arm": arm, "before": 1e-6, "near_drop": mark}
            for (run, arm), marks in told.items()
            for mark in marks
        ]
    ).astype({"near_drop": "boolean"})
    [row] = [
        one for one in precision_rows(table, spikes, R) if one["name"] == "precision.near_drop"
    ]
    return {key: row[key] for key in ("value", "ci_lo", "ci_hi", "n")}


def test_spikes_near_the_fall_are_told_by_run_and_of_single_precision() -> None:
    many: list[bool | None] = [True] * 9
    found = near_drop(
        {("a", "float32"): many, ("b", "float32"): many, ("c", "float64"): [False] * 9}
    )
    assert found == {"value": 1, "ci_lo": 1, "ci_hi": 1, "n": 2}
    # A run of many spikes is one run, and one that does not generalise is none.
    found = near_drop({("a", "float32"): many, ("b", "float32"): [False], ("c", "float32"): [None]})
    assert (found["value"], found["n"]) == (0.5, 2)
    assert (found["ci_lo"], found["ci_hi"]) == (0, 1)
    found = near_drop({("a", "float32"): [False] * 9, ("b", "float32"): [False, True]})
    assert found["value"] == 0.25
    assert math.isnan(near_drop({("a", "float32"): many})["ci_lo"])


def spiking(single: dict[str, int], double: dict[str, int]) -> dict[str, float]:
    """Statistics of runs with so many spikes, a run of each task and precision."""
    rows = [
        {"run_id": f"{task}{arm}", "task": task, "name": task, "arm": arm, "seed": 0}
        | {"spikes": number, "outcome": "memorised", "t_gen": math.inf}
        for arm, by_task in (("float32", single), ("float64", double))
        for task, number in by_task.items()
    ]
    spikes = pd.DataFrame(columns=SPIKES).astype({"near_drop": "boolean", "before": float})
    found = precision_rows(pd.DataFrame(rows), spikes, R)
    assert {row["n"] for row in found if row["name"] == "precision.tasks_spiking"} <= {0, 1}
    return {row["name"]: row["value"] for row in found}


def test_spikes_are_judged_by_task() -> None:
    names = ("primality", "coprimality", "modular_addition", "powers")
    none = dict.fromkeys(names, 0)
    every = spiking(dict.fromkeys(names, 9), dict.fromkeys(names, 3))
    assert every["precision.tasks_spiking"] == 3
    # Many spikes of one task are not those of all; sums of two numbers are none of the report's.
    one = spiking({**none, "modular_addition": 90, "powers": 90}, none)
    assert one["precision.tasks_spiking"] == 1 and one["precision.spikes_operands"] == 90
    assert one["precision.spikes_primality"] == 0 and one["precision.spikes_sums"] == 90
    assert one["precision.excess"] == 180
    # Nor are they where double precision has them, too.
    both = spiking(dict.fromkeys(names, 9), dict.fromkeys(names, 4))
    assert both["precision.tasks_spiking"] == 0
    # A task that was not run with both is not judged, nor all of them.
    some = spiking({"primality": 9, "powers": 9}, {"powers": 0})
    assert math.isnan(some["precision.tasks_spiking"])
    assert math.isnan(some["precision.spikes_primality"])


def test_no_runs_of_any_precision_are_no_error(tmp_path: Path) -> None:
    found, figure = precision(tmp_path, [])
    assert math.isnan(found["precision.spikes_single"]["value"])
    assert math.isnan(found["precision.near_drop"]["value"])
    assert figure.read_bytes().startswith(b"%PDF")


def test_several_operands_and_coprimality_are_drawn(tmp_path: Path) -> None:
    runs = [("operands", sum_run("float64", seed)) for seed in (0, 1)]
    rows = pd.concat([sum_curve(run, [], 2000.0) for _, run in runs])
    for name, given in (("some", runs), ("none", [])):
        made = [str(tmp_path / f"{name}.{end}") for end in ("parquet", "csv")]
        load_script("analyse_figS7_coprime_multiop", "exponents").analyse_several(
            [stored(runs_table(given), tmp_path / "given.parquet", "runs")],
            [stored(rows, tmp_path / "trajectory.parquet", "trajectory")],
            *made,
            outcomes=CONSTANTS.outcomes,
            rules=CONSTANTS.spikes,
            pieces=50,
        )
        table = read_table(made[0])
        assert list(table["outcome"]) == ["grokked"] * len(given)
        figure = tmp_path / f"{name}.pdf"
        load_script("plot_figS7_coprime_multiop", "exponents").plot_several(
            made[1], made[0], str(figure)
        )
        assert figure.read_bytes().startswith(b"%PDF")
