"""From tables of tiny runs to figures 1, 7-9, 11, 13, 15 and 16, and degenerate cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from worlds import load_script

from fittest.analysis.papers import statistics_of
from fittest.analysis.statistics.intervals import Resampling
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.store import read_provenance, read_table, write_table
from small_world import runset, train_all, write_project

RESAMPLING = Resampling(20, 0, 0.95)
ODE = {"lasso_alpha": 0.01, "lasso_iterations": (100, 10_000), "t_clear": 2.0, "divergence": 10.0}
CLASSIFIER = {"test_share": 0.2, "seed": 42, "folds": 5}
RECORDING = {"dense_until": 40, "checkpoints_every": 100, "gradients": True}
FIGURES = ("fig1", "fig7", "fig8", "fig9", "fig11", "fig13", "fig15", "fig16")


@dataclass(frozen=True)
class World:
    """Tables of the run-sets base and ode, and where products go."""

    folder: Path
    runs: str
    frequencies: str
    trajectories: list[str]
    weights: list[str]
    ode_runs: str
    ode_trajectories: list[str]
    kick_runs: str
    kick_trajectories: list[str]
    midrun_kick_runs: str
    midrun_kick_trajectories: list[str]

    def path(self, name: str) -> str:
        return str(self.folder / name)


def _collected(project: Project, name: str) -> tuple[str, str]:
    train_all(project, name)
    runs, frequencies = project.paths.runs(name), project.paths.frequencies(name)
    collect(project, name, runs, frequencies)
    return str(project.root / runs), str(project.root / frequencies)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("dynamics")
    settings: dict[str, Any] = {"task": {"p": 13}, "model": {"d": 8}, "steps": 300}
    seeds = {"seed": {"range": [0, 3]}}
    project = write_project(
        root,
        {
            "base": runset({**settings, "recording": RECORDING}, seeds),
            "kick": runset(
                {
                    **settings,
                    "steps": 40,
                    "recording": {"dense_until": 40},
                    "intervention": {"kind": "perturb", "frequency": 2},
                },
                {"intervention.factor": [0.9, 1.1], "seed": {"range": [0, 2]}},
            ),
            "midrun_kick": runset(
                {
                    **settings,
                    "steps": 40,
                    "recording": {"dense_until": 40},
                    "intervention": {"kind": "kick", "frequency": 2, "step": 20},
                },
                {"intervention.factor": [0.9, 1.1], "seed": {"range": [0, 2]}},
            ),
            "ode": runset(
                {**settings, "steps": 40, "recording": {"dense_until": 40}},
                {"model.d": [4, 6], "seed": {"range": [0, 2]}},
            ),
        },
    )
    names = ("base", "ode", "kick", "midrun_kick")
    base, ode, kick, midrun_kick = (_collected(project, name) for name in names)
    return World(
        root,
        *base,
        [str(root / path) for path in project.runset_inputs("base")],
        [str(root / path) for path in project.runset_weights("base")],
        ode[0],
        [str(root / path) for path in project.runset_inputs("ode")],
        kick[0],
        [str(root / path) for path in project.runset_inputs("kick")],
        midrun_kick[0],
        [str(root / path) for path in project.runset_inputs("midrun_kick")],
    )


def changed(
    world: World,
    folder: Path,
    runs: Callable[[pd.DataFrame], pd.DataFrame],
    frequencies: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table,
) -> World:
    """The same world with its summarised tables edited."""
    paths = {}
    for name, edit in (("runs", runs), ("frequencies", frequencies)):
        source = getattr(world, name)
        origin = {k: v for k, v in read_provenance(source).items() if k != "kind"}
        paths[name] = str(folder / f"{name}.parquet")
        write_table(edit(read_table(source)), paths[name], origin, name)
    ode = read_table(world.ode_runs)
    origin = {"scale": "test", "config_hash": "0"}
    write_table(runs(ode), folder / "ode.parquet", origin, "runs")
    for name, path in (("kick", world.kick_runs), ("midrun_kick", world.midrun_kick_runs)):
        write_table(runs(read_table(path)), folder / f"{name}.parquet", origin, "runs")
    return World(
        folder,
        paths["runs"],
        paths["frequencies"],
        world.trajectories,
        world.weights,
        str(folder / "ode.parquet"),
        world.ode_trajectories,
        str(folder / "kick.parquet"),
        world.kick_trajectories,
        str(folder / "midrun_kick.parquet"),
        world.midrun_kick_trajectories,
    )


def tabulate(world: World) -> None:
    """Every analysis, as the rules call it; a showcase is made where a run can be shown."""
    showcase = world.path("showcase.json")
    base = (world.runs, world.frequencies)
    load_script("analyse_showcase").analyse_showcase(
        *base,
        world.trajectories,
        world.weights,
        showcase,
        world.path("fig2.csv"),
        world.path("fig3.csv"),
        5,
    )
    load_script("analyse_method").analyse_method(
        *base,
        world.trajectories,
        world.weights,
        showcase,
        world.path("fig1.csv"),
        world.path("fig1.json"),
        3,
    )
    load_script("analyse_gradient").analyse_gradient(
        *base,
        world.path("classifier.parquet"),
        world.path("fig7.csv"),
        world.path("gradient.parquet"),
        "alive_2mean",
        50,
        20,
        1,
        CLASSIFIER,
        0.838,
        RESAMPLING,
    )
    load_script("analyse_collaboration").analyse_collaboration(
        *base,
        world.weights,
        showcase,
        world.path("subsets.parquet"),
        world.path("fig8.csv"),
        world.path("collaboration.parquet"),
        1,
        RESAMPLING,
    )
    load_script("analyse_ode").analyse_ode(
        world.runs,
        world.trajectories,
        world.ode_runs,
        world.ode_trajectories,
        showcase,
        world.path("fits.parquet"),
        world.path("fig9.csv"),
        world.path("fig15.csv"),
        world.path("fig16.csv"),
        world.path("ode.stats.parquet"),
        ODE,
        3,
        RESAMPLING,
    )
    load_script("analyse_circularity").analyse_circularity(
        *base,
        world.path("fig11.csv"),
        world.path("circularity.parquet"),
        13,
        [4, 8],
        3,
        4,
        20,
        1,
        RESAMPLING,
    )
    load_script("analyse_embedding_gradient").analyse_embedding_gradient(
        world.runs,
        world.trajectories,
        showcase,
        world.path("peaks.parquet"),
        world.path("fig13.csv"),
        world.path("embedding.parquet"),
        (100, 200),
        100,
        (100, 300),
        RESAMPLING,
    )
    load_script("analyse_kicks").analyse_kicks(
        world.kick_runs,
        world.kick_trajectories,
        world.runs,
        world.trajectories,
        world.path("kicks.parquet"),
        world.path("kick.stats.parquet"),
        (0.1, 0.3),
        RESAMPLING,
    )
    load_script("analyse_midrun_kicks").analyse_midrun_kicks(
        world.midrun_kick_runs,
        world.midrun_kick_trajectories,
        world.runs,
        world.trajectories,
        world.path("midrun_kicks.parquet"),
        world.path("midrun_kick.stats.parquet"),
        10,
        0.01,
        (1000, 10_000),
        RESAMPLING,
    )
    load_script("analyse_authors_classifier").analyse_authors_classifier(
        *base,
        world.path("authors.parquet"),
        world.path("authors.stats.parquet"),
        "alive_2mean",
        CLASSIFIER,
        RESAMPLING,
    )
    parts = (
        *("gradient", "collaboration", "ode.stats", "circularity", "embedding"),
        *("kick.stats", "midrun_kick.stats", "authors.stats"),
    )
    load_script("collect_statistics", "").collect_statistics(
        [world.path(f"{part}.parquet") for part in parts], world.path("dynamics.parquet")
    )


def draw(world: World) -> None:
    at, showcase = world.path, world.path("showcase.json")
    load_script("plot_fig1_method").plot_fig1(
        at("fig1.csv"), at("fig1.json"), at("fig1.pdf"), {"least_survivors": 3, "most_survivors": 5}
    )
    load_script("plot_fig7_gradient").plot_fig7(
        at("fig7.csv"),
        at("gradient.parquet"),
        at("classifier.parquet"),
        at("fig7.pdf"),
        {"svm_accuracy": 0.838},
    )
    load_script("plot_fig8_collaboration").plot_fig8(
        at("fig8.csv"), at("collaboration.parquet"), showcase, at("fig8.pdf")
    )
    load_script("plot_fig9_linear_ode").plot_fig9(
        at("fig9.csv"),
        at("ode.stats.parquet"),
        at("kicks.parquet"),
        at("kick.stats.parquet"),
        at("midrun_kicks.parquet"),
        at("midrun_kick.stats.parquet"),
        at("fig9.pdf"),
    )
    load_script("plot_fig11_circularity").plot_fig11(
        at("fig11.csv"), at("circularity.parquet"), at("fig11.pdf")
    )
    load_script("plot_fig13_embedding_gradient").plot_fig13(
        at("fig13.csv"),
        at("embedding.parquet"),
        showcase,
        at("fig13.pdf"),
        {"peak_step": 100, "gone_step": 1000},
    )
    load_script("plot_fig15_lasso_heatmaps").plot_fig15(
        at("fig15.csv"), at("ode.stats.parquet"), at("fig15.pdf")
    )
    load_script("plot_fig16_all_trajectories").plot_fig16(
        at("fig16.csv"), at("ode.stats.parquet"), showcase, at("fig16.pdf")
    )
    for name in FIGURES:
        assert Path(at(f"{name}.pdf")).read_bytes().startswith(b"%PDF"), name
        assert Path(at(f"{name}.png")).stat().st_size > 5_000, name


def test_from_training_to_figures(world: World) -> None:
    tabulate(world)
    draw(world)
    fits = read_table(world.path("fits.parquet"))
    assert fits["steps"].unique().tolist() == [40]
    assert fits["d"].value_counts().to_dict() == {8: 3, 4: 2, 6: 2}
    subsets = read_table(world.path("subsets.parquet"))
    # Checkpoints are kept of all, so every run with survivors has subsets.
    known = read_table(world.runs)
    assert set(subsets["run_id"]) == set(known.loc[known["n_2mean"] > 0, "run_id"])
    fig8 = pd.read_csv(world.path("fig8.csv"))
    assert sorted(fig8["step"].unique()) == [0, 100, 200, 300]
    peaks = read_table(world.path("peaks.parquet"))
    assert len(peaks) == 3 and peaks["late_ratio"].between(0, 1).all()
    curves = pd.read_csv(world.path("fig13.csv"))
    assert sorted(curves["step"].unique()) == [*range(41), 100, 200, 300]
    paths = pd.read_csv(world.path("fig16.csv"))
    assert len(paths) == 6 * 41
    kicked = read_table(world.path("midrun_kicks.parquet"))
    assert sorted({*zip(kicked["seed"], kicked["step"], kicked["k"], strict=True)}) == [
        (0, 20, 2),
        (1, 20, 2),
    ]
    assert kicked.groupby("seed")["i"].apply(list).tolist() == [[1, 3, 4, 5, 6]] * 2
    # A classifier that says the same of all frequencies has no line to be seen.
    gradients = pd.read_csv(world.path("fig7.csv"))
    raw = (gradients["panel"] == "line") & (gradients["series"] == "raw")
    assert raw.any()
    gradients.loc[raw, "signal0"] = 1e6
    gradients.to_csv(world.path("one_fate.csv"), index=False)
    load_script("plot_fig7_gradient").plot_fig7(
        world.path("one_fate.csv"),
        world.path("gradient.parquet"),
        world.path("classifier.parquet"),
        world.path("one_fate.pdf"),
        {"svm_accuracy": 0.838},
    )
    # As many survivors as a run of the paper's size may have, under each of three matrices.
    matrices = pd.read_csv(world.path("fig15.csv")).assign(survivors="8 9 12 17 23 25 28")
    assert matrices["run_id"].nunique() > 1
    matrices.to_csv(world.path("crowded.csv"), index=False)
    load_script("plot_fig15_lasso_heatmaps").plot_fig15(
        world.path("crowded.csv"), world.path("ode.stats.parquet"), world.path("crowded.pdf")
    )
    # So small a kick is answered in proportion.
    assert np.corrcoef(kicked["up"], kicked["down"])[0, 1] > 0.9
    np.testing.assert_allclose(
        paths.loc[paths["step"] == 0, "ols"], paths.loc[paths["step"] == 0, "real"]
    )
    stats = read_table(world.path("dynamics.parquet"))
    assert stats["name"].is_unique
    assert set(stats["name"]) == statistics_of("survival")["dynamics_stats"]
    assert list(stats.columns) == ["name", "value", "ci_lo", "ci_hi", "n", "paper", "note"]


def test_claims_find_their_statistics(world: World) -> None:
    """Every statistic that a claim asks of this table is one that it holds."""
    if not Path(world.path("dynamics.parquet")).exists():
        tabulate(world)
    claims = Path(__file__).parents[2] / "config" / "claims" / "survival.yaml"
    names = set(read_table(world.path("dynamics.parquet"))["name"])
    asked = [
        line.split("row: ")[1].split("}")[0].split(",")[0].strip()
        for line in claims.read_text().splitlines()
        if "table: dynamics_stats" in line
    ]
    assert len(asked) > 20 and set(asked) <= names


def test_nobody_survives(world: World, tmp_path: Path) -> None:
    dead = changed(
        world,
        tmp_path,
        lambda t: t.assign(n_2mean=0, survivors=[[] for _ in range(len(t))]),
        lambda t: t.assign(alive_2mean=False),
    )
    tabulate(dead)
    draw(dead)
    assert len(read_table(dead.path("classifier.parquet"))) == 0
    assert len(read_table(dead.path("subsets.parquet"))) == 0
    assert json.loads((tmp_path / "showcase.json").read_text())["survivors"] == []


def test_one_run(world: World, tmp_path: Path) -> None:
    first = read_table(world.runs)["run_id"].iloc[0]
    one = changed(
        world,
        tmp_path,
        lambda t: t[(t["run_id"] == first) | (t["runset"] == "ode")].iloc[:1],
        lambda t: t[t["run_id"] == first],
    )
    tabulate(one)
    draw(one)
    assert len(pd.read_csv(one.path("fig15.csv"))) == 0
    stats = read_table(one.path("dynamics.parquet")).set_index("name")
    assert stats.loc["ode.ols_r2", "n"] == 1 and np.isnan(stats.loc["ode.ols_r2", "ci_lo"])
