"""The scripts of circuits on trained toy transformers: rows, checkpoints, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import load_script

from fittest.analysis.circuits.checkpoints import (
    checkpoint_steps,
    files_by_run,
    final_checkpoint,
    read_checkpoints,
)
from fittest.analysis.circuits.final import CLUSTER_COLUMNS, MAP_COLUMNS, TABLES
from fittest.analysis.circuits.measures import COLUMNS, FREQUENCY_COLUMNS, WEIGHT_COLUMNS
from fittest.analysis.circuits.runs import analysed_runs
from fittest.analysis.circuits.settings import CircuitSettings
from fittest.analysis.progress.circuit_tables import ablation_table, generalising
from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.names import TABLES as STATISTICS
from fittest.analysis.progress.names import Circuits, OtherCircuits
from fittest.analysis.statistics.intervals import Resampling
from fittest.errors import ConfigError, StoreError
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.runs.run import Run
from fittest.store import read_provenance, read_table, write_table
from small_world import REPOSITORY, train_all, write_project

CONFIG = yaml.safe_load((REPOSITORY / "config/analysis/progress.yaml").read_text())
SETTINGS = CircuitSettings(**CONFIG["circuits"])
P = 7
TOY: dict[str, Any] = {
    "task": {"p": P, "equals": "input_and_output", "train_fraction": 0.5},
    "model": {"name": "transformer", "d": 8, "heads": 2, "head_size": 4, "mlp": 12},
    "optimiser": {"lr": 0.01, "weight_decay": 1.0},
    "data": {"name": "batch"},
    "steps": 25,
    "recording": {"every": 10, "checkpoints_every": 10, "observers": ["squared_norm"]},
}
NAMES = [*TABLES, "maps", "cluster_map"]

pytestmark = pytest.mark.usefixtures("headed")


def toy(layers: int = 1, **settings: Any) -> dict[str, Any]:
    made = {**TOY, "model": {**TOY["model"], "layers": layers}, **settings}
    block = {"settings": made, "axes": {"seed": [0, 1]}}
    return {"description": "test", "scales": {"smoke": [block]}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Toy runs of one and of two layers, and of the first ones under another name."""
    runsets = {"one": toy(), "two": toy(2), "again": toy()}
    made = write_project(tmp_path_factory.mktemp("project"), runsets)
    for name in runsets:
        train_all(made, name)
        collect(made, name, made.paths.runs(name), made.paths.frequencies(name))
    return made


def paths(project: Project, kind: str, *names: str) -> list[str]:
    found = {
        "runs": lambda name: [project.paths.runs(name)],
        "weights": project.runset_weights,
        "trajectories": project.runset_inputs,
    }[kind]
    return [str(project.root / path) for name in names for path in found(name)]


@pytest.fixture(scope="module")
def made(project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What both scripts write."""
    folder = tmp_path_factory.mktemp("made")
    names = ("one", "two", "again")
    outputs = {name: folder / f"{name}.parquet" for name in NAMES}
    load_script("analyse_circuits", "progress").analyse_circuits(
        *(paths(project, kind, *names) for kind in ("runs", "weights", "trajectories")),
        {name: str(path) for name, path in outputs.items()},
        SETTINGS,
        2,
    )
    others = {name: folder / f"{name}.parquet" for name in ("measures", "frequencies", "squares")}
    load_script("analyse_measures", "progress").analyse_measures(
        *(paths(project, kind, *names) for kind in ("runs", "weights")),
        str(outputs["circuits"]),
        *(str(path) for path in others.values()),
        2,
    )
    return outputs | others


def test_every_run_has_its_rows(made: dict[str, Path]) -> None:
    for name, columns in TABLES.items():
        assert list(read_table(made[name]).columns) == columns
    circuits = read_table(made["circuits"])
    assert list(zip(circuits["runset"], circuits["seed"], strict=True)) == [
        *(("one", 0), ("again", 0), ("one", 1), ("again", 1), ("two", 0), ("two", 1))
    ]
    assert set(circuits["step"]) == {25}
    assert circuits.loc[circuits["runset"] == "two", "layers"].eq(2).all()
    heads = read_table(made["heads"])
    assert heads.groupby(["runset", "seed"]).size().tolist() == [2, 2, 2, 2]
    ablations = read_table(made["ablations"])
    assert ablations.loc[ablations["ablation"] == "none", "ratio"].eq(1).all()
    assert sorted(ablations.loc[ablations["ablation"] == "without_k", "k"].unique()) == [1, 2, 3]
    maps = read_table(made["maps"])
    assert list(maps.columns) == MAP_COLUMNS
    assert not maps.duplicated(["of", "index", "a", "b"]).any()
    assert maps["run_id"].nunique() == 1 and set(maps["of"]) == {"attention", "neuron", "logits"}
    assert list(read_table(made["cluster_map"]).columns) == CLUSTER_COLUMNS


def test_a_run_of_two_names_is_measured_once_and_listed_twice(made: dict[str, Path]) -> None:
    circuits = read_table(made["circuits"]).drop(columns="runset")
    for _, rows in circuits.groupby("run_id"):
        first, *others = rows.to_dict("records")
        for other in others:
            assert str(other) == str(first)


def test_measures_agree_with_what_training_recorded(
    project: Project, made: dict[str, Path]
) -> None:
    measures = read_table(made["measures"])
    assert list(measures.columns) == COLUMNS
    assert sorted(set(measures["step"])) == [0, 10, 20, 25]
    recorded = pd.concat(
        read_table(path, "trajectory") for path in paths(project, "trajectories", "one", "two")
    )
    both = measures.merge(recorded, on=["run_id", "step"], suffixes=("", "_recorded"))
    assert len(both) == len(measures)
    np.testing.assert_allclose(both["squared_weights"], both["squared_norm"], rtol=1e-6)
    # Training has one class more, the sign: it can only add to the loss and take right answers.
    for part in ("train", "test"):
        assert (both[f"{part}_loss"] < both[f"{part}_loss_recorded"]).all()
        assert (both[f"{part}_loss_recorded"] - both[f"{part}_loss"]).max() < 0.5
        assert (both[f"{part}_accuracy"] >= both[f"{part}_accuracy_recorded"] - 1e-12).all()
    circuits = read_table(made["circuits"])
    end = measures.merge(circuits, on=["run_id", "runset", "step"], suffixes=("", "_end"))
    assert len(end) == len(circuits)
    for name in ("test_loss", "gini_embedding", "gini_map", "logits_explained"):
        np.testing.assert_allclose(end[name], end[f"{name}_end"], rtol=1e-4, atol=1e-5)


def test_rows_of_frequencies_and_parameters(made: dict[str, Path]) -> None:
    frequencies, squares = read_table(made["frequencies"]), read_table(made["squares"])
    assert list(frequencies.columns) == FREQUENCY_COLUMNS
    assert list(squares.columns) == WEIGHT_COLUMNS
    keys = read_table(made["circuits"]).set_index(["run_id", "runset"])["keys"]
    for (run_id, runset, _), rows in frequencies.groupby(["run_id", "runset", "step"]):
        assert rows["k"].tolist() == list(keys[run_id, runset])
    measures = read_table(made["measures"])
    total = squares.groupby(["runset", "seed", "step"])["squares"].sum()
    whole = measures.set_index(["runset", "seed", "step"])["squared_weights"]
    np.testing.assert_allclose(total, whole.reindex(total.index), rtol=1e-12)


def test_checkpoints_are_read_a_few_at_a_time(project: Project) -> None:
    weights = paths(project, "weights", "one")
    run_id = next(iter(files_by_run(weights)))
    windows = list(read_checkpoints(weights, run_id, [0, 10, 20, 25], 3))
    assert [[step for step, _ in window] for window in windows] == [[0, 10, 20], [25]]
    assert windows[0][0][1]["layers.0.query"].shape == (2, 4, 8)
    with pytest.raises(StoreError, match=f"no checkpoint of run {run_id} at step 15; delete"):
        list(read_checkpoints(weights, run_id, [15]))


def test_a_run_whose_weights_are_not_given_is_named(project: Project, tmp_path: Path) -> None:
    script = load_script("analyse_circuits", "progress")
    with pytest.raises(
        StoreError, match=r"run-set `two`, seed 0: no table of weights .* two.weights"
    ):
        script.analyse_circuits(
            paths(project, "runs", "one", "two"),
            paths(project, "weights", "one"),
            paths(project, "trajectories", "one"),
            {name: str(tmp_path / f"{name}.parquet") for name in NAMES},
            SETTINGS,
            1,
        )


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"model": {**TOY["model"], "mlp": None}}, "model.mlp: null"),
        ({"model": {**TOY["model"], "attention": "constant"}}, "model.attention: constant"),
        ({"model": {**TOY["model"], "activation": "gelu"}}, "model.activation: gelu"),
        ({"model": {"name": "embedding_mlp"}, "task": {"p": P}, "recording": {}}, "task: two"),
        ({"task": {**TOY["task"], "p": 8}}, "task.p: 8 is even"),
        ({"task": {**TOY["task"], "operands": 3}}, "task: two operands"),
    ],
)
def test_other_networks_are_refused(settings: dict[str, Any], wrong: str) -> None:
    made = {**TOY, **settings}
    if settings.get("model", {}).get("name") == "embedding_mlp":
        del made["data"]
    run = Run.model_validate(made)
    row = {"run_id": run.run_id, "runset": "other", "seed_split": 0, "last_step": 25}
    table = pd.DataFrame([{**row, "failed": False, "config": run.model_dump_json()}])
    with pytest.raises(ConfigError, match=f"run-set `other`: {wrong}"):
        analysed_runs(table)


def test_steps_of_checkpoints(project: Project) -> None:
    [run, _] = [one.run for one in analysed_runs(read_table(paths(project, "runs", "one")[0]))]
    assert checkpoint_steps(run, 25) == [0, 10, 20, 25]
    none = run.model_copy(
        update={"recording": run.recording.model_copy(update={"checkpoints_every": 0})}
    )
    assert checkpoint_steps(none, 25) == [25]


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        # Quiet at its end; and in a slingshot, where the best of the last four checkpoints counts.
        (1e-6, (50, False)),
        (1e-2, (30, True)),
    ],
)
def test_which_checkpoint_stands_for_the_end(end: float, wanted: tuple[int, bool]) -> None:
    steps = [0, 10, 20, 30, 40, 50]
    trajectory = pd.DataFrame(
        {
            "step": [50, 0, 10, 20, 30, 40],
            "train_loss": [end, 5, 1e-3, 1e-6, 1e-7, 1e-7],
            "test_loss": [2.0, 5, 1e-9, 0.5, 0.1, 0.3],
        }
    )
    assert final_checkpoint(trajectory, steps, 100, 4) == wanted
    assert final_checkpoint(trajectory.iloc[:0], steps, 100, 4) == (50, False)


# -- tables and figures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def main(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tables of one run-set, as figures are given them."""
    folder = tmp_path_factory.mktemp("main")
    for path in made.values():
        table = read_table(path)
        write_table(table[table["runset"] == "one"], folder / path.name, read_provenance(path))
    return {name: folder / path.name for name, path in made.items()}


def drawn(path: Path) -> None:
    assert path.read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").stat().st_size > 2_000


def test_tables_of_the_paper(made: dict[str, Path], main: dict[str, Path], tmp_path: Path) -> None:
    inputs = {name: str(main[name]) for name in ("circuits", "ablations", "reads", "heads")}
    # As if the others were those of the paper's other settings.
    renamed = {"two": "layers2", "again": "frac"}
    for name in ("circuits", "ablations"):
        table = read_table(made[name])
        path = tmp_path / f"other_{name}.parquet"
        write_table(table.replace({"runset": renamed}), path, read_provenance(made[name]))
        inputs[f"other_{name}"] = str(path)
    outputs = {f"table{i}": str(tmp_path / f"table{i}.csv") for i in range(1, 7)}
    script = load_script("analyse_circuit_tables", "progress")
    # Toys answer nearly nothing right: with any loss they count as generalising.
    script.analyse_circuit_tables(inputs, outputs, CONFIG["tables"], 1e9, 0.99)
    tables = {name: pd.read_csv(path) for name, path in outputs.items()}
    reads = read_table(inputs["reads"])
    assert len(tables["table1"]) + len(tables["table3"]) == len(reads)
    assert set(tables["table3"]["seed"]) == {1}
    fifth, sixth = tables["table5"], tables["table6"]
    assert fifth["group"].value_counts().to_dict() == {
        "two layers": 2,
        "other shares of the data": 2,
    }
    ablations = read_table(made["ablations"])
    two = ablations[(ablations["runset"] == "two") & (ablations["ablation"] == "skip_mean")]
    row = sixth.set_index("group").loc["two layers"]
    assert row["mean_loss"] == pytest.approx(two["loss"].mean())
    assert row["mean_loss_sd"] == pytest.approx(two["loss"].std())
    assert row["networks"] == 2 and row["left_out"] == 0
    assert row["mean_ratio_median"] == pytest.approx(two["ratio"].median())
    # By what is asked of real ones none of them does: they are counted, and stand in no table.
    script.analyse_circuit_tables(inputs, outputs, CONFIG["tables"], 0.1, 0.99)
    strict = pd.read_csv(outputs["table6"]).set_index("group")
    assert len(pd.read_csv(outputs["table5"])) == 0
    assert strict["networks"].tolist() == [0, 0] and strict["left_out"].tolist() == [2, 2]
    assert strict["mean_loss"].isna().all()


def test_networks_that_do_not_generalise_in_the_paper_stand_in_no_table() -> None:
    rows = pd.DataFrame(
        {
            "runset": ["frac", "frac", "dropout", "dropout", "main", "p109"],
            "train_fraction": [0.2, 0.4, 0.3, 0.3, 0.3, 0.3],
            "dropout": [0, 0, 0.5, 0.8, 0, 0],
        }
    )
    chosen = generalising(rows, 0.4, 0.5)
    assert chosen["group"].tolist() == ["other shares of the data", "dropout 0.5", "p = 109"]


def test_the_ablation_table_has_a_row_per_other_seed() -> None:
    rows = [
        {"seed": seed, "ablation": name, "test_loss": 10 * seed + place}
        for seed in range(3)
        for place, name in enumerate(("none", "without_sums", "restricted", "sums"))
    ]
    table = ablation_table(pd.DataFrame(rows))
    assert table.to_dict("list") == {
        "seed": [1, 2],
        "test_loss": [10, 20],
        "keys_removed": [11, 21],
        "rest_removed": [12, 22],
    }


FIGURES = {
    "plot_component_norms": [{}, {"map": False, "others": True}],
    "plot_pair_maps": [{"heads": 1, "neurons": 1, "spectrum": True}, {"heads": 4}],
    "plot_heads_fourier": [{}, {"carried": True}],
}
INPUTS = {
    "plot_component_norms": ("components", "circuits"),
    "plot_pair_maps": ("maps", "circuits", "heads", "neurons"),
    "plot_heads_fourier": ("head_components", "heads", "circuits"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_circuits(main: dict[str, Path], tmp_path: Path, name: str) -> None:
    plot = getattr(load_script(name, "progress"), name)
    for index, told in enumerate(FIGURES[name]):
        figure = tmp_path / f"{index}.pdf"
        plot(*(str(main[table]) for table in INPUTS[name]), str(figure), **told)
        drawn(figure)


def test_figures_of_neurons_and_ablations(main: dict[str, Path], tmp_path: Path) -> None:
    paths = {name: str(path) for name, path in main.items()}
    fifth, sixth = tmp_path / "fig5.pdf", tmp_path / "fig6.pdf"
    load_script("plot_fig5_neuron_polynomials", "progress").plot_fig5(
        *(paths[name] for name in ("neurons", "circuits", "cluster_map", "clusters")),
        str(fifth),
        *(0.85, {"explained": 0.846}),
    )
    load_script("plot_fig6_frequency_ablation", "progress").plot_fig6(
        *(paths["ablations"], paths["circuits"], str(sixth)),
        {"whole": 2.41e-7, "blocks": 7.24e-8},
    )
    drawn(fifth)
    drawn(sixth)


@pytest.mark.parametrize("others", [False, True])
def test_figures_of_measures(main: dict[str, Path], tmp_path: Path, others: bool) -> None:
    script = load_script("plot_measures", "progress")
    run_id = read_table(main["measures"])["run_id"].iloc[0]
    phases = tmp_path / "phases.parquet"
    ends = pd.DataFrame([{"run_id": run_id, "t1": 10.0, "t2": 20.0, "t3": np.nan}])
    write_table(ends, phases, read_provenance(main["measures"]))
    measured = (str(main["measures"]), str(main["frequencies"]))
    figure = tmp_path / "figure.pdf"
    # All at once, and as figures show them: with what stands above them, without statistics.
    for kinds in (list(script.KINDS), *map(list, script.TOLD)):
        script.plot_measures(*measured, str(figure), kinds, str(phases), others=others)
        drawn(figure)


def test_panels_asked_for_by_name() -> None:
    script = load_script("plot_measures", "progress")
    assert script.kinds_of({"sparsity": True, "excluded": True, "others": True}) == [
        "excluded",
        "sparsity",
    ]


def test_the_figure_of_the_algorithm(tmp_path: Path, made: dict[str, Path]) -> None:
    table, figure = tmp_path / "fig1.parquet", tmp_path / "fig1.pdf"
    origin = read_provenance(made["circuits"])
    load_script("analyse_fig1_algorithm", "progress").analyse_fig1(
        str(table), 13, (2, 5), 4, 11, origin
    )
    load_script("plot_fig1_algorithm", "progress").plot_fig1(str(table), str(figure))
    drawn(figure)


def test_statistics_of_circuits(
    made: dict[str, Path], main: dict[str, Path], tmp_path: Path
) -> None:
    script = load_script("analyse_circuit_statistics", "progress")
    inputs = {name: str(main[name]) for name in script.TABLES}
    for name in script.OTHERS:
        path = made[name.removeprefix("other_")]
        table = read_table(path)
        chosen = table[table["runset"] == "two"].assign(runset="layers2")
        inputs[name] = str(tmp_path / f"{name}.parquet")
        write_table(chosen, inputs[name], read_provenance(path))
    out = tmp_path / "stats.parquet"
    resampling = Resampling(draws=20, seed=1, confidence=0.95)
    script.analyse_circuit_statistics(
        inputs, str(out), CONFIG["tables"], HeadSettings(**CONFIG["heads"]), 0.1, 0.99, resampling
    )
    written = set(read_table(out)["name"])
    assert written == {str(name) for group in (Circuits, OtherCircuits) for name in group}


def test_statistics_of_what_is_formed(main: dict[str, Path], tmp_path: Path) -> None:
    origin = read_provenance(main["measures"])
    ends = read_table(main["measures"])[["run_id", "seed"]].drop_duplicates()
    phases = tmp_path / "phases.parquet"
    lines = {"t1": 0.0, "t2": 10.0, "t3": 20.0, "least_excluded": 5.0}
    write_table(ends.assign(**lines), phases, origin)
    table, stats = tmp_path / "formed.parquet", tmp_path / "stats.parquet"
    load_script("analyse_formed", "progress").analyse_formed(
        *(str(main[name]) for name in ("measures", "frequencies", "circuits")),
        *(str(phases), str(table), str(stats), 200, 1, 2, 5, 5, Resampling(20, 1, 0.95)),
    )
    assert len(read_table(table)) == 2 * len(ends)
    names = {str(name) for group in STATISTICS["formed_stats"] for name in group}
    assert set(read_table(stats)["name"]) == names
