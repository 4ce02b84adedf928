"""The scripts of the cosets paper's single networks: on planted networks, and without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import PROVENANCE, load_script, names_of

from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.single import TABLES
from fittest.analysis.cosets.single_names import Pizza, Single
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.errors import StoreError
from fittest.models import TransformerSettings, TwoTableMLPSettings
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import SCHEMAS, read_table, write_table
from fittest.tasks import ModularAddition
from planted_cosets import planted_network, square_wave, with_fine_tuning
from small_world import REPOSITORY

pytestmark = pytest.mark.usefixtures("uncut")
N = 91
PRIME = 59
R = Resampling(50, 0, 0.95)
FREQUENCIES = (35, 25, 8, 21)
ROLES = {"A": 1, "B": 2, "C": 3, "D": 4}
SHOWN = {
    "A": "clusters curves spectra logits scores score_spectra planes noise ablation sums",
    "B": "clusters members curves",
    "C": "members curves spectra",
    "D": "clusters members curves spectra logits",
}
PAIRS = {(1, 2): (35, 35), (1, 3): (35, 8), (5, 6): (25, 25)}


@pytest.fixture(scope="module")
def settings() -> SingleSettings:
    text = (REPOSITORY / "config/analysis/cosets.yaml").read_text()
    found = SingleSettings(**yaml.safe_load(text)["single"])
    noise = found.noise.model_copy(update={"draws": 2, "step": 0.25})
    return found.model_copy(update={"noise": noise, "ablations": 2, "chance_draws": 5})


def of_seed(seed: int, model: Any, p: int) -> Run:
    return Run(
        task=ModularAddition(p=p, train_fraction=0.6),
        model=model,
        seeds=Seeds(embedding=seed, mlp=seed, split=seed),
    )


def pizza(n: int, f: int) -> dict[str, np.ndarray]:
    """A transformer whose neurons read waves of one frequency of both operands."""
    generator = np.random.default_rng(0)
    turns = 2 * np.pi * np.arange(16) / 16
    k = np.arange(n)
    embedding = np.zeros((n, 4))
    embedding[:, 0], embedding[:, 1] = (w(2 * np.pi * f * k / n) for w in (np.cos, np.sin))
    value = np.zeros((1, 4, 4))
    value[0] = np.eye(4)
    return {
        "embedding.weight": 3 * embedding,
        "positions.weight": np.zeros((2, 4)),
        "layers.0.query": np.zeros((1, 4, 4)),
        "layers.0.key": np.zeros((1, 4, 4)),
        "layers.0.value": value,
        "layers.0.output": np.transpose(value, (2, 0, 1)),
        "layers.0.mlp_in.weight": np.stack(
            [np.cos(turns), np.sin(turns), 0 * turns, 0 * turns], axis=1
        ),
        "layers.0.mlp_in.bias": np.zeros(16),
        "layers.0.mlp_out.weight": generator.standard_normal((4, 16)),
        "layers.0.mlp_out.bias": np.zeros(4),
        "unembedding.weight": generator.standard_normal((n, 4)),
    }


def stored(folder: Path, name: str, networks: list[tuple[Run, dict[str, np.ndarray]]]) -> None:
    """Tables of a run-set: `<name>_runs.parquet` and `<name>_weights.parquet`."""
    runs = pd.DataFrame(
        [
            {
                "run_id": run.run_id,
                "runset": name,
                "p": run.numbers_task.p,
                "seed_split": run.seeds.split,
                "failed": False,
                "last_step": run.steps,
                "test_accuracy": 0.875,
                "config": run.model_dump_json(),
            }
            for run, _ in networks
        ]
    )
    rows = [
        {
            "run_id": run.run_id,
            "step": run.steps,
            "parameter": key,
            "shape": list(values.shape),
            "values": values.ravel().astype(np.float32),
        }
        for run, parameters in networks
        for key, values in parameters.items()
    ]
    for kind, table in (("runs", runs), ("weights", pd.DataFrame(rows))):
        others = {column: None for column in SCHEMAS[kind].names if column not in table}
        write_table(table.assign(**others), folder / f"{name}_{kind}.parquet", PROVENANCE, kind)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, settings: SingleSettings) -> Path:
    """Everything that scripts make of planted networks."""
    folder = tmp_path_factory.mktemp("world")
    parameters = planted_network(N, FREQUENCIES, grid=4)
    sizes = np.repeat([1.6, 1.4, 1.2, 1.0], 2)
    for table in ("first.weight", "second.weight"):
        parameters[table] = parameters[table] * sizes
    parameters = with_fine_tuning(parameters, square_wave())
    small = [(of_seed(seed, TwoTableMLPSettings(), N), parameters) for seed in range(2)]
    stored(folder, "pop91", small)
    large = [(of_seed(0, TransformerSettings(), PRIME), pizza(PRIME, 15))]
    stored(folder, "pizza", large)
    one = {"runset": "pop91", "run_id": small[0][0].run_id, "relaxed": ["3 to 6 clusters"]}
    showcase = {
        "A": one,
        "B": {**one, "frequency": 21, "relaxed": []},
        "C": one,
        "D": {"runset": "pizza", "run_id": large[0][0].run_id, "relaxed": []},
    }
    (folder / "showcase.json").write_text(json.dumps(showcase))
    (folder / "nobody.json").write_text(json.dumps(dict.fromkeys(showcase)))
    load_script("analyse_single", "cosets").analyse_single(
        runs=[str(folder / "pop91_runs.parquet")],
        weights=[str(folder / "pop91_weights.parquet")],
        outputs={name: str(folder / f"single_{name}.parquet") for name in (*TABLES, "stats")},
        settings=settings,
        rules=NeuronRules(),
        resampling=R,
        threads=1,
    )
    load_script("analyse_pizza", "cosets").analyse_pizza(
        runs=[str(folder / "pizza_runs.parquet")],
        weights=[str(folder / "pizza_weights.parquet")],
        out_neurons=str(folder / "pizza_neurons.parquet"),
        out_stats=str(folder / "pizza_stats.parquet"),
        clusters=3,
        strong=0.9,
        rules=NeuronRules(),
        resampling=R,
    )
    for role in ROLES:
        show(folder, role, "showcase.json", role.lower(), settings)
        show(folder, role, "nobody.json", f"no_{role.lower()}", settings)
    return folder


def show(folder: Path, role: str, showcase: str, prefix: str, settings: SingleSettings) -> None:
    runset = "pizza" if role == "D" else "pop91"
    load_script("analyse_shown", "cosets").analyse_shown(
        showcase=str(folder / showcase),
        runs=[str(folder / f"{runset}_runs.parquet")],
        weights=[str(folder / f"{runset}_weights.parquet")],
        outputs={n: str(folder / f"{prefix}_{n}.parquet") for n in SHOWN[role].split()},
        role=ROLES[role],
        settings=settings,
        rules=NeuronRules(),
    )


def test_every_network_is_measured(world: Path) -> None:
    for name, columns in TABLES.items():
        assert list(read_table(world / f"single_{name}.parquet").columns) == columns
    found = read_table(world / "single_stats.parquet").set_index("name")
    assert set(found.index) == names_of(Single)
    assert found.loc[Single.NETWORKS, "value"] == 2
    assert found.loc[Single.STRICT, "value"] == pytest.approx(1)


def test_the_pizza_models_neurons_are_measured(world: Path) -> None:
    found = read_table(world / "pizza_stats.parquet").set_index("name")
    assert set(found.index) == names_of(Pizza)
    assert found.loc[Pizza.ONE_WAVE, "value"] == pytest.approx(1)
    assert found.loc[Pizza.NEIGHBOURS, "value"] == 1
    assert found.loc[Pizza.NEIGHBOURS_LEAST, "value"] == found.loc[Pizza.NEIGHBOURS_MOST, "value"]
    assert found.loc[Pizza.ACCURACY, "value"] == 0.875
    assert found.loc[Pizza.STEPS, "value"] == of_seed(0, TransformerSettings(), PRIME).steps
    assert set(read_table(world / "pizza_neurons.parquet")["f"]) == {15}


def test_a_network_whose_weights_are_gone_is_named(world: Path, settings: SingleSettings) -> None:
    (world / "gone.json").write_text(json.dumps({"A": {"run_id": "gone", "runset": "pop91"}}))
    with pytest.raises(StoreError, match="no weights of run gone"):
        show(world, "A", "gone.json", "gone", settings)


# -- figures ---------------------------------------------------------------------------------------


def inputs(world: Path, prefix: str, names: str, stats: str = "single") -> dict[str, str]:
    found = {name: str(world / f"{prefix}_{name}.parquet") for name in names.split()}
    return found | {"stats": str(world / f"{stats}_stats.parquet")}


def figures(world: Path, a: str, b: str, c: str, d: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Figure -> its script and what that is told."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    parts = inputs(world, a, "curves logits clusters")
    del parts["stats"]
    found["fig1"] = ("plot_fig1_three_levels", parts)
    members = inputs(world, c, "members curves spectra")
    found["fig2"] = ("plot_fig2_simple_vs_finetuning_remap", {"inputs": members})
    for name, moved in (("fig6", False), ("fig31", True)):
        told = {"inputs": inputs(world, a, "clusters logits"), "moved": moved}
        found[name] = ("plot_cluster_logits", told)
    found["fig7"] = (
        "plot_fig7_cluster_neuron_dfts",
        {"inputs": inputs(world, a, "clusters spectra")},
    )
    for (first, second), (f, g) in PAIRS.items():
        found[f"pc{first}_pc{second}"] = (
            "plot_pca",
            {
                "inputs": inputs(world, a, "scores score_spectra planes"),
                "first": first,
                "second": second,
                "circular": 0.2,
                "paper": {"first": f, "second": g},
            },
        )
    for name, remapped in (("fig17", False), ("fig18", True)):
        told = {"inputs": inputs(world, d, SHOWN["D"], "pizza"), "clusters": 3}
        found[name] = ("plot_pizza", {**told, "remapped": remapped})
    for name, spectra, sums in (
        ("fig19", False, False),
        ("fig20", True, False),
        ("fig21", False, True),
    ):
        told = {"inputs": inputs(world, a, "clusters sums spectra")}
        found[name] = ("plot_finetuning", {**told, "spectra": spectra, "sums": sums})
    for name, remapped in (("fig22", False), ("fig23", True)):
        told = {"inputs": inputs(world, b, SHOWN["B"]), "remapped": remapped}
        found[name] = ("plot_neuron_grid", told)
    told = inputs(world, b, "clusters members")
    told["all_clusters"] = str(world / "single_clusters.parquet")
    found["fig24"] = ("plot_fig24_phases", {"inputs": told, "uniform": 0.05, "least": 8})
    for name, table in (("fig26", "noise"), ("fig27", "ablation")):
        told = inputs(world, a, table)
        told["table"] = told.pop(table)
        paper = {"sigma": 0.225}
        found[name] = (
            "plot_disturbed",
            {"inputs": told, "noise": table == "noise", "paper": paper},
        )
    return found


NAMES = list(figures(Path(), "a", "b", "c", "d"))


@pytest.mark.parametrize("prefix", ["", "no_"])
@pytest.mark.parametrize("name", NAMES)
def test_figures(world: Path, tmp_path: Path, name: str, prefix: str) -> None:
    script, told = figures(world, *(f"{prefix}{role}" for role in "abcd"))[name]
    [draw] = [
        value
        for key, value in vars(load_script(script, "cosets")).items()
        if key.startswith("plot_") and getattr(value, "__module__", "") == script
    ]
    out = tmp_path / f"{name}.pdf"
    draw(**told, out_figure=str(out))
    assert out.read_bytes().startswith(b"%PDF")
    assert out.with_suffix(".png").stat().st_size > 2000
