"""Greatest common divisors: networks that answer by rule, and none at all, from tables to
figures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import load_script, names_of

from fittest.analysis.exponents.other_names import DIVISORS
from fittest.analysis.exponents.settings import DivisorSettings
from fittest.analysis.statistics.table import Statistics
from fittest.data import Sample
from fittest.models import EncoderDecoderSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.parts import Recording
from fittest.runs.run import Run
from fittest.store import read_table
from fittest.tasks import Gcd
from planted_runs import curve, runs_table, stored, weight_rows

RULES = DivisorSettings(largest=12, each={"smoke": 10}, known=0.95, trained=0.95, within=0.5)
FILES = {
    "runs": "runs.parquet",
    "checkpoints": "checkpoints.parquet",
    "stats": "stats.parquet",
    "curves": "curves.csv",
    "divisors": "divisors.csv",
}


def gcd_run(distribution: str, end: bool = False) -> Run:
    return Run(
        task=Gcd(largest=1000, distribution=distribution, end=end),
        model=EncoderDecoderSettings(
            d=8, encoder_layers=1, decoder_layers=1, heads=2, mlp=16, pad=11
        ),
        data=Sample(examples=64, size=16, test_size=8),
        steps=80,
        recording=Recording(every=20, checkpoints_every=40, dense_until=0),
    )


def says(run: Run, digit: int, strength: float) -> dict[str, np.ndarray]:
    """A network that answers one digit, more or less surely."""
    given = dict(initial_parameters(run, run.task.build()))
    given["unembedding.weight"] = np.zeros_like(given["unembedding.weight"])
    bias = np.zeros_like(given["unembedding.bias"])
    bias[digit] = strength
    given["unembedding.bias"] = bias
    return given


def analysed(folder: Path, runs: list[tuple[str, Run]]) -> tuple[Statistics, dict[str, str]]:
    steps = np.array([0, 20, 40, 60, 80])
    rows = [
        curve(
            run,
            steps,
            {
                "train_loss": np.linspace(2, 0.1, 5),
                "test_loss": np.linspace(2, 3, 5),
                "train_exact": [0.1, 0.5, 0.96, 0.99, 0.99],
                "test_exact": [0.1, 0.5, 0.5, 0.5, 0.5],
            },
        )
        for _, run in runs
    ]
    trajectory = pd.concat(rows) if rows else pd.DataFrame({"run_id": [], "step": []})
    # First 1, which one divisor is, then 2; ever more sure.
    said = {0: (1, 1.0), 40: (1, 20.0), 80: (2, 40.0)}
    kept = [
        row
        for _, run in runs
        for step, (digit, strength) in said.items()
        for row in weight_rows(run, step, says(run, digit, strength))
    ]
    weights = pd.DataFrame(kept, columns=["run_id", "step", "parameter", "shape", "values"])
    made = {name: str(folder / file) for name, file in FILES.items()}
    load_script("analyse_divisors", "exponents").analyse_divisors(
        [stored(runs_table(runs), folder / "given.parquet", "runs")],
        [stored(trajectory, folder / "trajectory.parquet", "trajectory")],
        [stored(weights, folder / "weights.parquet", "weights")],
        made,
        RULES,
        RULES.pairs("smoke"),
    )
    for name, function, first in (
        ("plot_figS8_gcd_losses", "plot_divisor_losses", "curves"),
        ("plot_figS9_gcd_per_k", "plot_by_divisor", "divisors"),
    ):
        figure = folder / f"{name}.pdf"
        plot = getattr(load_script(name, "exponents"), function)
        plot(made[first], made["runs"], made["stats"], str(figure))
        assert figure.read_bytes().startswith(b"%PDF")
    return Statistics(read_table(made["stats"])), made


def test_networks_that_answer_one_digit(tmp_path: Path) -> None:
    runs = [
        ("gcd_uniform", gcd_run("uniform")),
        ("gcd_uniform", gcd_run("uniform", end=True)),
        ("gcd_log_uniform", gcd_run("log_uniform")),
    ]
    found, made = analysed(tmp_path, runs)
    assert set(found) == names_of(*DIVISORS.values())
    for name in DIVISORS:
        # Sure and wrong costs more than undecided.
        assert found[f"{name}.overfit"]["value"] > 5
        assert found[f"{name}.train"]["value"] == 0.99
        assert found[f"{name}.known"]["value"] == 1
        assert found[f"{name}.known_smooth"]["value"] == 1
        # 2 is known from the last checkpoint on; 1, which was, is no stage.
        assert found[f"{name}.stages"]["value"] == found[f"{name}.stages_half"]["value"] == 1
        # From 1 and 11 of twelve to 2 alone.
        assert found[f"{name}.rise"]["value"] == pytest.approx(-1 / 12, abs=0.02)
    assert found["gcd_uniform.unaided"]["value"] == 0
    assert found["gcd_uniform.unaided"]["n"] == 1
    assert math.isnan(found["gcd_log_uniform.unaided"]["value"])
    table = read_table(made["runs"])
    assert list(table["epoch"]) == [4, 4, 4]
    assert list(table["learned"]) == [40, 40, 40]
    divisors = pd.read_csv(made["divisors"])
    assert set(divisors["divisor"]) == set(range(1, 13)) and len(divisors) == 3 * 3 * 12


def test_no_runs_on_divisors_are_no_error(tmp_path: Path) -> None:
    found, _ = analysed(tmp_path, [])
    assert math.isnan(found["gcd_uniform.overfit"]["value"])
    assert found["gcd_uniform.overfit"]["n"] == 0
