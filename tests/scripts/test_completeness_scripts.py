"""The completeness paper's scripts on trained toy runs and on planted tables, and their degenerate
cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from worlds import PROVENANCE, load_script, make_runs, names_of

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.constants import Constants
from fittest.analysis.completeness.frozen_accuracy import above_guessing
from fittest.analysis.completeness.learned import (
    REMAINDER_COLUMNS,
    XOR_COLUMNS,
    Learned,
    line_quality,
)
from fittest.analysis.completeness.learned_panels import curve_rows, order_figure
from fittest.analysis.completeness.learned_statistics import rank_rows
from fittest.analysis.completeness.names import (
    FROZEN,
    UNTRAINED,
    Derived,
    Overtaken,
    RemainderRuns,
    Speed,
    XorRuns,
)
from fittest.analysis.completeness.winners import COLUMNS as SPEED
from fittest.analysis.completeness.winners import speed_bars, speed_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS, printed
from fittest.models import EMBEDDING, EmbeddingMLPSettings
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.plotting import style
from fittest.runs.run import Run
from fittest.store import read_provenance, read_table, write_table
from fittest.tasks import Remainder, Xor
from small_world import REPOSITORY, runset, train_all, write_project

R = Resampling(draws=50, seed=1, confidence=0.95)
LEARNED = {"remainder": RemainderRuns, "xor": XorRuns}
CONSTANTS = Constants(
    **yaml.safe_load((REPOSITORY / "config/analysis/completeness.yaml").read_text())
)
PAPER = {"mid_rank": 0.15, "mid_rank_sd": 0.22}
SEEDS = {"seed": {"range": [0, 3]}}
TASKS: dict[str, Any] = {
    "remainder": {"name": "remainder", "p": 12, "m": 4},
    "xor": {"name": "xor"},
}
CHECKPOINTS = {"every": 10, "checkpoints_every": 20}


def script(name: str) -> Any:
    return load_script(name, "completeness")


def statistics(path: Path) -> pd.DataFrame:
    table = read_table(path)
    assert table["name"].is_unique
    assert list(table.columns) == COLUMNS
    return table.set_index("name")


def drawn(path: Path) -> None:
    assert path.read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").stat().st_size > 2_000


def toy(settings: dict[str, Any], axes: dict[str, Any]) -> dict[str, Any]:
    """A run-set of tiny networks on the task that its settings name."""
    made = runset(settings, axes)
    made["scales"]["smoke"][0]["settings"]["task"] = settings["task"]
    return made


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Toy runs of every run-set of the paper, trained for a few steps."""
    steps = {"steps": 40, "optimiser": {"weight_decay": 3}, "recording": CHECKPOINTS}
    runsets = {name: toy({"task": task, **steps}, SEEDS) for name, task in TASKS.items()}
    for name, task in TASKS.items():
        frozen = {"task": task, "steps": 20, "frozen": ["embedding.weight"]}
        axes = {"model.d": [2, 4, 8], **SEEDS}
        recording = {"every": 1, "checkpoints_every": 1}
        runsets[f"freeze_{name}"] = toy(frozen | {"recording": recording}, axes)
    add = {"task": {"p": 13}, "steps": 30, "recording": {"dense_until": 30}}
    for name, recipe in {
        "before": None,
        "winners": {"kind": "winners"},
        "random": {"kind": "winners", "select": "random"},
        "rescaled": {"kind": "winners", "rescale": True},
    }.items():
        runsets[name] = toy({**add, "intervention": recipe}, SEEDS)
    project = write_project(tmp_path_factory.mktemp("project"), runsets)
    for name in runsets:
        train_all(project, name)
        collect(project, name, project.paths.runs(name), project.paths.frequencies(name))
    return project


def at(project: Project, path: str) -> str:
    return str(project.root / path)


@pytest.mark.parametrize(
    ("task", "columns", "number"), [("remainder", REMAINDER_COLUMNS, 1), ("xor", XOR_COLUMNS, 2)]
)
def test_learned_structures(
    project: Project, tmp_path: Path, task: str, columns: list[str], number: int
) -> None:
    table, stats, plotted, pdf = (
        tmp_path / n for n in ("t.parquet", "s.parquet", "fig.csv", "fig.pdf")
    )
    analyse = getattr(script(f"analyse_{task}"), f"analyse_{task}")
    weights = [at(project, path) for path in project.runset_weights(task)]
    analyse(
        at(project, project.paths.runs(task)),
        weights,
        str(table),
        str(stats),
        str(plotted),
        CONSTANTS,
        R,
        PAPER,
    )
    rows = read_table(table)
    assert list(rows.columns) == columns
    assert rows["seed"].tolist() == [0, 1, 2]
    assert rows["mid_rank"].between(0, 1).all()
    low, value, high = ("f_min", "f", "f_max") if task == "remainder" else ("g_min", "g", "g_max")
    assert (rows[low] <= rows[value] * (1 + 1e-9)).all()
    assert (rows[value] <= rows[high] * (1 + 1e-9)).all()
    # Accuracies from the kept weights are those that training recorded.
    recorded = read_table(at(project, project.paths.runs(task))).set_index("run_id")
    known = recorded.loc[rows["run_id"], "test_accuracy"].to_numpy()
    np.testing.assert_allclose(rows["test_accuracy"], known, atol=1e-6)
    assert np.isfinite(statistics(stats).loc[f"{task}.mid_rank_all", "value"])
    assert set(statistics(stats).index) == names_of(LEARNED[task])
    data = pd.read_csv(plotted)
    tokens = data[data["panel"] == "tokens"]
    assert len(tokens) == 2 * 2 * (12 if task == "remainder" else 8)
    assert (
        data.loc[data["panel"] == "curve", "runs"].sum() == (rows["solved"] & rows["clear"]).sum()
    )
    total = data[data["panel"] == "histogram"][
        "orders" if task == "remainder" else "arrangements"
    ].sum()
    assert total == (24 if task == "remainder" else 168)
    getattr(script(f"plot_fig{number}_{task}"), f"plot_fig{number}")(
        str(plotted), str(stats), str(pdf)
    )
    drawn(pdf)
    before = pdf.read_bytes()
    getattr(script(f"plot_fig{number}_{task}"), f"plot_fig{number}")(
        str(plotted), str(stats), str(pdf)
    )
    assert pdf.read_bytes() == before


@pytest.mark.parametrize(("task", "number"), [("remainder", 1), ("xor", 2)])
def test_runs_that_all_failed_leave_notes(
    project: Project, tmp_path: Path, task: str, number: int
) -> None:
    runs = tmp_path / "runs.parquet"
    table = read_table(at(project, project.paths.runs(task))).assign(failed=True)
    write_table(table, runs, PROVENANCE, "runs")
    weights = [at(project, path) for path in project.runset_weights(task)]
    paths = [str(tmp_path / n) for n in ("t.parquet", "s.parquet", "fig.csv")]
    getattr(script(f"analyse_{task}"), f"analyse_{task}")(
        str(runs), weights, *paths, CONSTANTS, R, PAPER
    )
    assert len(read_table(paths[0])) == 0
    assert np.isnan(statistics(Path(paths[1])).loc[f"{task}.mid_rank", "value"])
    pdf = tmp_path / "fig.pdf"
    getattr(script(f"plot_fig{number}_{task}"), f"plot_fig{number}")(paths[2], paths[1], str(pdf))
    drawn(pdf)


def planted_line(order: list[int], noise: float) -> np.ndarray:
    m, p, generator = len(order), 5 * len(order), np.random.default_rng(0)
    direction = np.linalg.qr(generator.standard_normal((6, 6)))[0][0]
    place = {r: i for i, r in enumerate(order)}
    centres = np.array([place[n % m] * direction for n in range(p)])
    return centres + noise * generator.standard_normal((p, 6))


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1], [3, 2, 1, 0]])
def test_a_planted_line_is_read(order: list[int]) -> None:
    found, line, tight, gap = line_quality(planted_line(order, 0.01), 4)
    assert found == orders.canonical(order)
    assert line > 0.99
    assert tight < 0.01
    assert gap == pytest.approx(1 / 3, abs=0.05)
    _, line, tight, _ = line_quality(planted_line(order, 3.0), 4)
    assert line < 0.9 or tight > 0.05


def test_the_line_stands_as_its_order_is_written() -> None:
    """The sign of a principal component means nothing."""
    run = Run(task=Remainder(p=20, m=4), model=EmbeddingMLPSettings(d=6))
    for order in ([0, 1, 2, 3], [2, 0, 3, 1], [3, 0, 2, 1]):
        final = planted_line(order, 0.01)
        for sign in (1, -1):
            learned = Learned(run, {EMBEDDING: sign * final}, {0: final})
            told = {"run_id": run.run_id, "seed": 0, "f": 1.0, "f_mean": 1.0}
            words = " ".join(str(r) for r in orders.canonical(order))
            row = told | {
                "order": words,
                "mid_rank": 0.1,
                "total": 24,
                "solved": True,
                "clear": True,
            }
            plotted = order_figure([learned], pd.DataFrame([row]), 5)
            shown = plotted[(plotted["panel"] == "tokens") & (plotted["stage"] == "final")]
            places = shown.groupby("residue")["x"].mean()
            assert [int(r) for r in places.sort_values().index] == list(orders.canonical(order))


def test_the_curve_over_ranks_counts_what_solved_runs_learned() -> None:
    curve = curve_rows(ranks([0.05, 0.1, 0.2, 0.99, 0.5], [True, True, True, True, False]))
    assert curve["runs"].tolist() == [2, 1, 0, 0, 0, 0, 1]
    assert curve["times_chance"].mean() == pytest.approx(1.0)
    assert (curve["all_runs"] == 4).all()


def ranks(values: list[float], solved: list[bool]) -> pd.DataFrame:
    names = {"mid_rank": values, "top_share": values, "solved": solved, "clear": True}
    return pd.DataFrame(names)


def test_headline_ranks_leave_unsolved_runs_out() -> None:
    table = ranks([0.1, 0.2, 0.9], [True, True, False])
    rows = {
        r["name"]: r for r in rank_rows(RemainderRuns, table, (0.15, 0.5), R, {"mid_rank": 0.15})
    }
    assert rows["remainder.mid_rank"]["value"] == pytest.approx(0.15)
    assert rows["remainder.mid_rank"]["n"] == 2
    assert rows["remainder.mid_rank_all"]["value"] == pytest.approx(0.4)
    assert rows["remainder.mid_rank_all_sd"]["value"] == pytest.approx(
        np.std([0.1, 0.2, 0.9], ddof=1)
    )
    assert rows["remainder.mid_rank_sd"]["value"] == pytest.approx(np.std([0.1, 0.2], ddof=1))
    assert rows["remainder.within_first_share"]["value"] == 0.5
    assert rows["remainder.within_second_share"]["value"] == 1.0


def test_the_test_against_chance() -> None:
    generator = np.random.default_rng(0)
    low, even = generator.uniform(0, 0.3, 40), generator.uniform(0, 1, 40)
    for values, small in ((low, True), (even, False)):
        rows = rank_rows(RemainderRuns, ranks(list(values), [True] * 40), (0.15, 0.5), R, {})
        p = next(r["value"] for r in rows if r["name"] == "remainder.wilcoxon_p")
        assert (p < 1e-3) == small


# -- winners -----------------------------------------------------------------------------------


def test_winners(project: Project, tmp_path: Path) -> None:
    paths = [str(tmp_path / n) for n in ("t.parquet", "s.parquet", "fig6.csv", "dose.csv")]
    arms = ("before", "winners", "random", "rescaled")
    runs = [at(project, project.paths.runs(name)) for name in arms]
    script("analyse_winners").analyse_winners(runs, *paths, R)
    table = read_table(paths[0])
    assert table.groupby("arm").size().to_dict() == dict.fromkeys(arms, 3)
    assert table[table["arm"] == "before"]["kept"].isna().all()
    kept = table.pivot_table(index="seed", columns="arm", values="kept")
    assert (kept["winners"] == kept["random"]).all()
    assert (table["steps"] <= 30).all() and (table["horizon"] == 30).all()
    bars = pd.read_csv(paths[2])
    assert bars["arm"].tolist() == list(arms)


def planted_speed(steps: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "run_id": f"{arm}{seed}",
                "seed": seed,
                "arm": arm,
                "kept": np.nan if arm == "before" else 4.0,
                "reached": value < 1000,
                "steps": value,
                "horizon": 1000,
                "perfect_end": True,
            }
            for arm, values in steps.items()
            for seed, value in enumerate(values)
        ]
    )


def test_a_planted_speed_up_is_found() -> None:
    table = planted_speed(
        {"before": [200, 400, 1000], "winners": [100, 200, 400], "weakest": [300, 300, 300]}
    )
    rows = {r["name"]: r for r in speed_rows(table, R)}
    assert rows["winners.ratio_winners_before"]["value"] == pytest.approx(0.5)
    assert rows.keys() == names_of(Speed) - {Speed.RUNS, Speed.FAILED}
    assert rows["winners.reached_before"]["value"] == pytest.approx(2 / 3)
    assert rows["winners.reached_winners"]["value"] == 1
    assert np.isnan(rows["winners.ratio_winners_random"]["value"])
    bars = speed_bars(table, R).set_index("arm")
    assert bars.loc["before", "y"] == pytest.approx(1600 / 3)
    assert bars.loc["before", "reached"] == pytest.approx(2 / 3)
    assert bars.loc["weakest", "y"] == 300


# -- figures that join the survival paper's tables ---------------------------------------------


@pytest.fixture(scope="module")
def gradients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of the survival paper's figure on gradients, without any run."""
    folder = tmp_path_factory.mktemp("gradients")
    columns = ["panel", "gradient_step", "bin_lo", "bin_hi", "n", "dead", "alive", "k"]
    pd.DataFrame(columns=[*columns, "grad_rel_4", "signal0", "series"]).to_csv(
        folder / "fig7.csv", index=False
    )
    write_table(pd.DataFrame(columns=COLUMNS), folder / "stats.parquet", PROVENANCE)
    write_table(pd.DataFrame({"name": []}), folder / "classifier.parquet", PROVENANCE)
    names = {"table": "fig7.csv", "stats": "stats.parquet", "classifier": "classifier.parquet"}
    return {key: str(folder / name) for key, name in names.items()}


@pytest.mark.parametrize(
    "steps", [{}, {"before": [900], "winners": [100]}, {"before": [200, 400], "winners": [90, 80]}]
)
def test_fig6(gradients: dict[str, str], tmp_path: Path, steps: dict[str, list[float]]) -> None:
    table = planted_speed(steps) if steps else pd.DataFrame(columns=SPEED)
    stats, bars, pdf = (tmp_path / n for n in ("w.parquet", "fig6.csv", "fig6.pdf"))
    write_table(pd.DataFrame(speed_rows(table, R), columns=COLUMNS), stats, PROVENANCE)
    speed_bars(table, R).to_csv(bars, index=False)
    doses = tmp_path / "dose.csv"
    kept = pd.DataFrame({"kept": [1, 4, 8], "y": [40.0, 60.0, 150.0], "n": 5})
    (kept if steps else kept.iloc[:0]).assign(y_lo=30.0, y_hi=160.0).to_csv(doses, index=False)
    script("plot_fig6_gradient_and_speed").plot_fig6(
        **gradients,
        speed=str(bars),
        dose=str(doses),
        speed_stats=str(stats),
        out_figure=str(pdf),
        runs=7,
        paper={},
    )
    drawn(pdf)


@pytest.mark.parametrize("runs", [4, 1, 0])
def test_fig14(tmp_path: Path, runs: int) -> None:
    plan = [{"seed_embedding": seed} for seed in range(runs or 1)]
    made = make_runs(tmp_path, "base", plan, p=13, d=8, steps=(0, 1, 10, 100), survivors=2)
    if runs == 0:
        write_table(read_table(made.runs).assign(failed=True), made.runs, PROVENANCE, "runs")
    table, stats, plotted, pdf = (
        tmp_path / n for n in ("t.parquet", "s.parquet", "fig14.csv", "fig14.pdf")
    )
    script("analyse_counter_example").analyse_counter_example(
        made.runs,
        made.frequencies,
        [made.trajectory],
        str(table),
        str(stats),
        str(plotted),
        confidence=0.95,
    )
    assert set(statistics(stats).index) == names_of(Overtaken)
    found = read_table(table)
    fates = read_table(made.frequencies)
    for row in found.to_dict("records"):
        own = fates[fates["run_id"] == row["run_id"]].set_index("k")
        alive = own["alive_2mean"].astype(bool)
        assert own.loc[row["dead"], "signal0"] == own["signal0"][~alive].max()
        assert own.loc[row["survivor"], "signal0"] == own["signal0"][alive].min()
        overtaken = own.loc[row["dead"], "signal0"] > own.loc[row["survivor"], "signal0"]
        assert row["overtaken"] == overtaken
    if len(found):
        shown = pd.read_csv(plotted)["run_id"].iloc[0]
        assert found.set_index("run_id").loc[shown, "gap"] == found["gap"].max()
    signals = tmp_path / "fig2.csv"
    pd.DataFrame(columns=["panel", "fate", "rank", "k", "step", "signal"]).to_csv(
        signals, index=False
    )
    showcase = tmp_path / "showcase.json"
    showcase.write_text(json.dumps({"seed": 0, "p": 13, "d": 8}))
    script("plot_fig14_complex_dynamics").plot_fig14(
        str(signals), str(showcase), str(plotted), str(stats), str(pdf), {"p": 59, "d": 128}
    )
    drawn(pdf)


# -- frozen embeddings and untrained ones --------------------------------------------------------


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("range")
    names = {
        "out_table": "range.parquet",
        "out_stats": "range_stats.parquet",
        "out_fig8": "fig8.csv",
        "out_fig10": "fig10.csv",
    }
    paths = {key: str(folder / name) for key, name in names.items()}
    few = CONSTANTS.range.model_copy(update={"dimensions": (2, 4, 8), "seeds": 4})
    script("analyse_range").analyse_range(**paths, settings=few, resampling=R, origin=PROVENANCE)
    return paths


def test_derived_statistics(untrained: dict[str, str]) -> None:
    rows = statistics(Path(untrained["out_stats"]))["value"]
    assert set(rows.index) == names_of(Derived, *UNTRAINED.values())
    assert rows["derived.arrangements"] == len(cubes.arrangements()) == 840
    assert rows["derived.ordered_bases"] == 168
    assert rows["derived.cubes"] == 28
    assert rows["derived.most_often"] == rows["derived.least_often"] == 6
    assert rows["derived.identities"] < 1e-10


@pytest.mark.parametrize("number", [8, 10])
@pytest.mark.parametrize("empty", [False, True])
def test_fig8_and_fig10(
    untrained: dict[str, str], tmp_path: Path, number: int, empty: bool
) -> None:
    data = pd.read_csv(untrained[f"out_fig{number}"])
    csv, pdf = tmp_path / "fig.csv", tmp_path / "fig.pdf"
    (data.iloc[:0] if empty else data).to_csv(csv, index=False)
    name = {8: "plot_fig8_min_completeness", 10: "plot_fig10_completeness_range"}[number]
    plot = getattr(script(name), f"plot_fig{number}")
    plot(str(csv), untrained["out_stats"], str(pdf))
    drawn(pdf)


@pytest.mark.parametrize("error", [2e-15, 0.25, np.nan])
def test_fig10_says_how_exact_the_derived_forms_are(
    untrained: dict[str, str], tmp_path: Path, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = read_table(untrained["out_stats"])
    row = {"value": error, "ci_lo": np.nan, "ci_hi": np.nan}
    rows.loc[rows["name"] == Derived.IDENTITIES, list(row)] = list(row.values())
    stats, said = tmp_path / "stats.parquet", []
    write_table(rows, stats, PROVENANCE)
    save = style.save

    def read_and_save(figure: Figure, *rest: object) -> None:
        said.extend(text.get_text() for text in figure.texts)
        save(figure, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(style, "save", read_and_save)
    plot = script("plot_fig10_completeness_range").plot_fig10
    plot(untrained["out_fig10"], str(stats), str(tmp_path / "fig10.pdf"))
    assert printed(row) in " ".join(said)


@pytest.mark.parametrize("failed", [False, True])
def test_fig9(project: Project, untrained: dict[str, str], tmp_path: Path, failed: bool) -> None:
    runs, recorded = {}, {}
    for task in TASKS:
        name = f"freeze_{task}"
        table = read_table(at(project, project.paths.runs(name)))
        path = tmp_path / f"{name}.parquet"
        write_table(table.assign(failed=failed), path, PROVENANCE, "runs")
        runs[task] = str(path)
        recorded[task] = [at(project, p) for p in project.runset_inputs(name)]
    weights = {"remainder": [at(project, p) for p in project.runset_weights("freeze_remainder")]}
    stats, plotted, pdf = (tmp_path / n for n in ("s.parquet", "fig9.csv", "fig9.pdf"))
    script("analyse_frozen_tasks").analyse_frozen_tasks(
        runs,
        recorded,
        weights,
        untrained["out_table"],
        str(stats),
        str(plotted),
        CONSTANTS.frozen_shares,
        CONSTANTS.time_levels,
        R,
    )
    rows = statistics(stats)
    assert set(rows.index) == names_of(*FROZEN.values())
    assert np.isnan(rows.loc["freeze_xor.spearman_d_loss", "value"]) == failed
    if not failed:
        data = pd.read_csv(plotted)
        assert set(data["step"]) == {1, 2, 10, 20}
        assert data["test_skill"].notna().all() and (data["test_skill"] <= 1).all()
        # Dimensions that both the frozen runs and the untrained embeddings have.
        assert rows.loc["freeze_xor.completeness_loss", "n"] == 3
    script("plot_fig9_frozen_xor_remainder").plot_fig9(str(plotted), str(stats), str(pdf))
    drawn(pdf)


def test_who_always_says_no_is_no_better_than_guessing() -> None:
    """Nine in ten answers are no, so that a high accuracy alone is no skill."""
    run = Run(task=Remainder(p=20, m=10), model=EmbeddingMLPSettings(d=4))
    runs = pd.DataFrame([{"run_id": run.run_id, "config": run.model_dump_json()}])
    rows = pd.DataFrame({"run_id": run.run_id, "step": [1, 2, 3], "test_accuracy": 0.9})
    balanced = {(run.run_id, 1): 0.5, (run.run_id, 2): 1.0}
    skill = above_guessing(rows, runs, balanced)["test_skill"]
    assert skill[:2].tolist() == [0.0, 1.0] and np.isnan(skill[2])


def test_equally_frequent_answers_need_no_weights() -> None:
    run = Run(task=Xor(), model=EmbeddingMLPSettings(d=4))
    runs = pd.DataFrame([{"run_id": run.run_id, "config": run.model_dump_json()}])
    rows = pd.DataFrame({"run_id": run.run_id, "step": [1, 2], "test_accuracy": [1 / 8, 1.0]})
    assert above_guessing(rows, runs, {})["test_skill"].tolist() == [0.0, 1.0]


def test_shared_verdicts(tmp_path: Path) -> None:
    claims, stats = tmp_path / "claims.csv", tmp_path / "shared.parquet"
    pd.DataFrame(
        {
            "id": ["S1", "S2", "S3", "S4"],
            "verdict": ["reproduced", "partly", "not reproduced", "not evaluated"],
            "n": [290, 16, 1, None],
            "measures": ["r: 0.8 (n = 290)", "", "", ""],
        }
    ).to_csv(claims, index=False)
    script("collect_shared_claims").collect_shared_claims(str(claims), str(stats), "test")
    assert statistics(stats)["n"].tolist() == [290, 16, 1, 0]
    values = statistics(stats)["value"]
    assert values[["S1", "S2", "S3"]].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(values["S4"])
    assert statistics(stats)["note"][["S1", "S2"]].tolist() == [
        "reproduced (r: 0.8 (n = 290))",
        "partly",
    ]
    assert read_provenance(stats)["scale"] == "test"
