"""Sorting: networks planted to sort, others drawn, and none at all, from tables to figures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import load_script, names_of

from fittest.analysis.exponents.constants import Constants
from fittest.analysis.exponents.other_names import Sorting as Names
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Statistics
from fittest.data import Fresh
from fittest.models import TransformerSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import read_table
from fittest.tasks import Sorting
from planted_runs import curve, runs_table, stored, weight_rows
from planted_sorters import sorter
from small_world import REPOSITORY

R = Resampling(draws=50, seed=1, confidence=0.95)
CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/exponents.yaml").read_text()))
RULES = CONSTANTS.lists.model_copy(update={"lists": 50, "kept": (0.0, 0.5, 1.0)})
FIGURES = {
    "plot_figS10_sort_curves": ("plot_sort_curves", ("curves", "runs", "stats")),
    "plot_figS11_sort_attention": ("plot_sort_attention", ("maps", "copies", "stats")),
    "plot_figS12_sort_ov": ("plot_sort_outputs", ("maps", "runs", "stats")),
    "plot_figS13_sort_ablations": ("plot_sort_arms", ("runs", "kept", "stats")),
}
FILES = {
    "runs": "runs.parquet",
    "copies": "copies.parquet",
    "stats": "stats.parquet",
    "copying": "copying.csv",
    "curves": "curves.csv",
    "maps": "maps.csv",
    "kept": "kept.csv",
}


def sort_run(seed: int, model: dict[str, Any] | None = None, **task: Any) -> Run:
    sizes = {"d": 24, "heads": 1, "head_size": 24, "mlp": None, "positions": "none"}
    return Run(
        task=Sorting(**{"length": 6, "vocabulary": 14, **task}),
        model=TransformerSettings(**{**sizes, "biases": False, **(model or {})}),
        data=Fresh(size=8, test_size=8),
        seeds=Seeds(embedding=seed, mlp=seed, split=seed),
        steps=1000,
    )


def sort_curve(run: Run, learned: float, best: float) -> pd.DataFrame:
    """Accuracies that reach their best at a step."""
    steps = np.arange(0, 1001, 50)
    there = np.where(steps >= learned, best, 0.2)
    values = {"test_accuracy": there, "test_exact": there**4, "train_accuracy": there}
    losses = {"train_loss": 1.01 - there, "test_loss": 1.01 - there + 0.001, "train_exact": there}
    return curve(run, steps, {**values, **losses})


Planted = list[tuple[str, Run, dict[str, np.ndarray], float, float]]


def planted(effect: bool) -> Planted:
    """Run-set, run, parameters, step of learning and best accuracy. Without the effect networks
    are as they were drawn."""
    more = {"vocabulary": 15, "shortest": 1}
    wanted: list[tuple[str, Run, float, float]] = [
        ("sort_fixed", sort_run(1), 300, 0.995),
        ("sort_fixed", sort_run(2), 300, 1.0),
        ("sort_variable", sort_run(3, **more), 300, 0.998),
        ("sort_arms", sort_run(4), 400, 0.99),
        ("sort_arms", sort_run(4, {"d": 48, "heads": 2}), 400, 0.995 if effect else 0.7),
        ("sort_arms", sort_run(4, {"mlp": 20}), 400, 0.99),
        ("sort_arms", sort_run(4, {"positions": "learned"}), 200 if effect else 800, 0.99),
        ("sort_arms", sort_run(4, repeats=True), 400, 0.99),
        ("sort_arms", sort_run(4, {"positions": "learned"}, repeats=True), 400, 0.99),
        ("sort_arms", sort_run(4, **more), 400, 0.999 if effect else 0.9),
    ]
    made: Planted = []
    for runset, run, learned, best in wanted:
        drawn = dict(initial_parameters(run, run.task.build()))
        if effect and run.model.heads == 1:
            drawn |= sorter(run, place=-0.5).parameters
            table = drawn["unembedding.weight"]
            noise = np.random.default_rng(run.seeds.mlp).normal(0, 0.05, table.shape)
            drawn["unembedding.weight"] = table + noise
        if run.model.mlp is not None:
            # What neurons write against what the head does, or nothing.
            drawn["layers.0.mlp_out.weight"] = np.zeros((run.model.d, 20))
        made.append((runset, run, drawn, learned, best))
    return made


def analysed(folder: Path, runs: Planted) -> tuple[Statistics, dict[str, str]]:
    """Statistics and all files, with every figure drawn."""
    rows = [sort_curve(run, learned, best) for _, run, _, learned, best in runs]
    trajectory = pd.concat(rows) if rows else pd.DataFrame({"run_id": [], "step": []})
    kept = [row for _, run, given, *_ in runs for row in weight_rows(run, run.steps, given)]
    weights = pd.DataFrame(kept, columns=["run_id", "step", "parameter", "shape", "values"])
    made = {name: str(folder / file) for name, file in FILES.items()}
    load_script("analyse_sorting", "exponents").analyse_sorting(
        [stored(runs_table([(r, run) for r, run, *_ in runs]), folder / "given.parquet", "runs")],
        [stored(trajectory, folder / "trajectory.parquet", "trajectory")],
        [stored(weights, folder / "weights.parquet", "weights")],
        made,
        RULES,
        50,
        R,
    )
    for name, (function, inputs) in FIGURES.items():
        figure = folder / f"{name}.pdf"
        plot = getattr(load_script(name, "exponents"), function)
        plot(*(made[one] for one in inputs), str(figure))
        assert figure.read_bytes().startswith(b"%PDF")
    return Statistics(read_table(made["stats"])), made


def value(found: Statistics, name: str) -> float:
    return float(found[f"sorting.{name}"]["value"])


def test_networks_planted_to_sort(tmp_path: Path) -> None:
    found, made = analysed(tmp_path, planted(effect=True))
    assert set(found) == names_of(Names)
    assert value(found, "fixed_token") == 0.995
    assert value(found, "fixed_exact") == pytest.approx(0.995**4)
    assert value(found, "variable_token") == 0.998
    assert value(found, "gap") == pytest.approx(0.001)
    assert value(found, "long_token") == 1 and value(found, "longest") == 6
    assert 0.7 < value(found, "copying_least") <= value(found, "copying_most") <= 1
    assert value(found, "contrast") > 3
    assert value(found, "slope") == pytest.approx(-1) and value(found, "rank") == 1
    assert value(found, "heads_apart") == pytest.approx(0.005)
    assert value(found, "own_largest") == 1
    assert value(found, "later") == 0.5 and value(found, "later_repeats") == 1
    assert value(found, "token_plain") == value(found, "token_repeats") == 0.99
    assert value(found, "vary_token_errors") == pytest.approx(0.1)
    assert value(found, "vary_exact_errors") == pytest.approx(0.1, abs=0.01)
    # Of two tasks with two runs and one: the worst of both is no more than one of each.
    for name in ("gap", "copying_least", "own_largest", "slope", "copies_slope", "copies_p"):
        assert found[f"sorting.{name}"]["n"] == 1, name
    assert value(found, "vary_token") == pytest.approx(0.009)
    assert value(found, "vary_exact") == pytest.approx(0.999**4 - 0.99**4)
    assert value(found, "one_length") == pytest.approx(0.99**4)
    assert value(found, "learned_vary") == 400
    assert value(found, "copies_slope") < -0.1 and value(found, "copies_p") < 0.05
    assert math.isnan(float(found["sorting.copies_slope"]["ci_hi"])), "one network tells of itself"
    assert value(found, "copies_slope_plain") == pytest.approx(0, abs=1e-6)
    assert value(found, "kept") == 0
    table = pd.read_csv(made["copying"])
    # A row per head, and one for both together.
    assert table.groupby("run_id").size().max() == 3 and len(table) == 2 * 10 + 1
    runs = read_table(made["runs"]).set_index("run_id")
    assert list(runs["arm"])[3:] == [
        *("plain", "2 heads", "neurons", "positions", "repeats", "repeats, positions"),
        "lengths vary",
    ]


def test_networks_that_do_none_of_it(tmp_path: Path) -> None:
    found, _ = analysed(tmp_path, planted(effect=False))
    assert value(found, "copying_least") < 0.5
    assert abs(value(found, "contrast")) < 3
    assert value(found, "slope") > -0.5 and value(found, "rank") > 2
    assert value(found, "long_token") < 0.5
    assert value(found, "heads_apart") == pytest.approx(0.29)
    assert value(found, "later") == 2
    assert value(found, "own_largest") < 0.9
    assert value(found, "vary_token") < 0 and value(found, "vary_token_errors") > 5
    assert value(found, "copies_slope") > -0.1


def test_without_a_mistake_nothing_can_be_better(tmp_path: Path) -> None:
    runs = [
        (runset, run, given, learned, 1.0)
        for runset, run, given, learned, _ in planted(effect=False)
    ]
    found, _ = analysed(tmp_path, runs)
    assert value(found, "vary_token") == 0 and value(found, "one_length") == 1
    assert math.isnan(value(found, "vary_token_errors"))
    assert math.isnan(value(found, "vary_exact_errors"))


def test_nothing_trained_is_no_error(tmp_path: Path) -> None:
    found, made = analysed(tmp_path, [])
    assert math.isnan(value(found, "fixed_token")) and math.isnan(value(found, "later"))
    assert len(pd.read_csv(made["copying"])) == 0


def test_what_was_never_learnt_is_no_step(tmp_path: Path) -> None:
    runs = [
        (runset, run, given, math.inf, best)
        for runset, run, given, _, best in planted(effect=False)
    ]
    found, _ = analysed(tmp_path, runs)
    assert math.isinf(value(found, "learned_plain")) and math.isnan(value(found, "later"))
