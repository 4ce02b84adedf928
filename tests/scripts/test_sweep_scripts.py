"""Figures 4, 5, 10, 12 and 14 from tables of real shape, and their degenerate cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import PROVENANCE, RunSet, load_script, make_runs, names_of

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.survival.ablation import ARMS, Measures
from fittest.analysis.survival.ablation_statistics import Criteria
from fittest.analysis.survival.names import (
    Ablation,
    AuthorsAblation,
    Dimensions,
    Frozen,
    Moduli,
    NoDecay,
    Primes,
    WeightDecay,
)
from fittest.runs.run import Run
from fittest.store import read_provenance, read_table, write_table

R = Resampling(draws=50, seed=1, confidence=0.95)
STEPS = (0, 50, 100, 500, 1000)
Change = Callable[[pd.DataFrame], pd.DataFrame]


def same(table: pd.DataFrame) -> pd.DataFrame:
    return table


def nothing(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[:0]


def all_failed(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(failed=True)


def one(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[:1]


DEGENERATE = pytest.mark.parametrize("change", [same, one, nothing, all_failed])


def world(folder: Path, name: str, change: Change, **columns: list) -> RunSet:
    """A run-set whose `runs` table has the given columns, changed as the case asks."""
    number = len(next(iter(columns.values())))
    plan = [{"seed_embedding": i} for i in range(number)]
    made = make_runs(folder, name, plan, p=13, d=8, steps=STEPS, survivors=2)
    table = read_table(made.runs).assign(**columns)
    write_table(change(table), made.runs, PROVENANCE, "runs")
    return made


def statistics(path: Path) -> pd.DataFrame:
    table = read_table(path)
    assert table["name"].is_unique
    assert read_provenance(path)["scale"] == "test"
    return table.set_index("name")


def drawn(path: Path) -> None:
    assert path.read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").stat().st_size > 2_000


@DEGENERATE
def test_fig4(tmp_path: Path, change: Change) -> None:
    made = world(tmp_path, "freeze", change, d=[4, 8, 13, 16])
    stats, plotted, pdf = (tmp_path / n for n in ("stats.parquet", "fig4.csv", "fig4.pdf"))
    load_script("analyse_frozen_embedding").analyse_frozen_embedding(
        made.runs,
        [made.trajectory],
        {arm: (made.runs, [made.trajectory]) for arm in ("authors", "gauss1")},
        str(stats),
        str(plotted),
        str(tmp_path / "arms.csv"),
        shares=[0.05, 0.1, 0.5, 1.0],
        small_d=5,
        reach=16,
        levels=[1.0, 0.1, 0.01],
        time_level=1.0,
        accurate=0.99,
        resampling=R,
    )
    load_script("plot_fig4_frozen_embedding").plot_fig4(
        str(plotted), str(tmp_path / "arms.csv"), str(stats), str(pdf)
    )
    drawn(pdf)
    runs = len(read_table(made.runs)) if change is not all_failed else 0
    table = pd.read_csv(plotted)
    assert len(table) == 4 * runs
    assert len(pd.read_csv(tmp_path / "arms.csv")) == 8 * runs
    if runs:
        assert sorted(table["step"].unique()) == [50, 100, 500, 1000]
        alike = table.groupby(["d", "share"])["test_loss"].median()
        told = table.groupby(["d", "share"])["median_loss"].first()
        pd.testing.assert_series_equal(told, alike, check_names=False)
        assert statistics(stats).loc["freeze.loss_large", "n"] == (2 if runs == 4 else 0)
    assert set(statistics(stats).index) == names_of(Frozen)


@DEGENERATE
def test_fig5(tmp_path: Path, change: Change) -> None:
    primes = world(tmp_path, "primes", change, p=[7, 7, 23, 23, 59, 59], n_2mean=[1, 1, 2, 3, 4, 4])
    dims = world(tmp_path, "dims", change, d=[16, 16, 128], n_2mean=[3, 3, 5])
    stats, plotted, pdf = (tmp_path / n for n in ("stats.parquet", "fig5.csv", "fig5.pdf"))
    load_script("analyse_number_of_circles").analyse_number_of_circles(
        primes.runs, dims.runs, str(stats), str(plotted), 23, 2.0, R
    )
    paper = {"runs": 100, "smallest_d": 16, "largest_d": 128}
    load_script("plot_fig5_number_of_circles").plot_fig5(str(plotted), str(stats), str(pdf), paper)
    drawn(pdf)
    found = statistics(stats)
    assert set(found.index) == names_of(Primes, Dimensions)
    if change is same:
        # p = 7 is drawn but does not count for the trend.
        assert found.loc["primes.spearman_n_2mean", "n"] == 4
        assert found.loc["dims.spearman_n_2mean", "value"] == pytest.approx(1)
        assert set(pd.read_csv(plotted)["x"]) == {7, 23, 59, 16, 128}
    else:
        assert np.isnan(found.loc["primes.spearman_n_2mean", "value"])


@DEGENERATE
def test_fig10(tmp_path: Path, change: Change) -> None:
    wd = world(
        tmp_path,
        "wd",
        change,
        weight_decay=[0.001, 0.005, 0.01, 0.5, 1.0],
        n_2mean=[0, 0, 6, 5, 4],
        n_rel=[29, 28, 7, 5, 4],
    )
    wd0 = world(tmp_path, "wd0", change, weight_decay=[0.0], n_2mean=[0], n_rel=[29])
    stats, plotted, pdf = (tmp_path / n for n in ("stats.parquet", "fig10.csv", "fig10.pdf"))
    load_script("analyse_weight_decay").analyse_weight_decay(
        wd.runs, wd0.runs, str(stats), str(plotted), 0.002, 2.0, R
    )
    load_script("plot_fig10_weight_decay").plot_fig10(
        str(plotted), str(stats), str(pdf), {"runs": 50}
    )
    drawn(pdf)
    assert set(statistics(stats).index) == names_of(WeightDecay, NoDecay)
    if change is same:
        found = statistics(stats)
        assert found.loc["wd.spearman_n_rel", "value"] == pytest.approx(-1)
        assert found.loc["wd.spearman_n_rel", "n"] == 4
        assert found.loc["wd0.n_rel", "value"] == 29
        table = pd.read_csv(plotted)
        assert set(table.loc[table["panel"] == "all", "x"]) == {0.001, 0.005, 0.01, 0.5, 1.0}
        none = table[table["panel"] == "none"].set_index("series")["y"]
        assert none.to_dict() == {"n_2mean": 0, "n_rel": 29}


@DEGENERATE
def test_fig14(tmp_path: Path, change: Change) -> None:
    moduli = world(tmp_path, "moduli", change, p=[8, 8, 9, 10], n_2mean=[1, 1, 1, 2])
    primes = world(tmp_path, "primes", change, p=[7, 11, 13, 127], n_2mean=[1, 2, 2, 3])
    stats, plotted, pdf = (tmp_path / n for n in ("stats.parquet", "fig14.csv", "fig14.pdf"))
    load_script("analyse_all_moduli").analyse_all_moduli(
        moduli.runs, primes.runs, str(stats), str(plotted), 101, 2.0, R
    )
    paper = {"smallest_p": 17, "largest_p": 97}
    load_script("plot_fig14_all_moduli").plot_fig14(str(plotted), str(stats), str(pdf), paper)
    drawn(pdf)
    assert set(statistics(stats).index) == names_of(Moduli)
    if change is same:
        table = pd.read_csv(plotted)
        assert sorted(table["x"].unique()) == [8, 9, 10, 11, 13]
        ends = table[table["series"] == "trend"].sort_values("x")
        assert ends["x"].tolist() == [8, 13] and np.diff(ends["y"]) > 0
        found = statistics(stats)
        assert found.loc["moduli.slope", "value"] > 0
        assert found.loc["moduli.runs_per_composite", "value"] == pytest.approx(4 / 3)


def ablation_world(folder: Path, change: Change) -> tuple[RunSet, RunSet, RunSet]:
    """A reference run and its four arms, whose trajectories are made up, and those as released."""
    made = {}
    recipes: dict[str, list[dict | None]] = {"base": [None], "ablation": [], "authors": [None]}
    recipes["authors"] += [{"kind": "keep", "frequencies": ks} for ks in ([5], [5, 4], [1], [1, 2])]
    for select, count in ARMS:
        recipe = {"kind": "keep", "select": select, "count": count, "of": "base"}
        recipes["ablation"].append(recipe)
    for name, interventions in recipes.items():
        runs = [Run.model_validate({"intervention": recipe}) for recipe in interventions]
        plan = [{"seed_embedding": 0, "config": run.model_dump_json()} for run in runs]
        one_set = make_runs(folder, name, plan, p=13, d=8, steps=STEPS, survivors=2)
        ids = {f"{name}-{index:04d}": run.run_id for index, run in enumerate(runs)}
        for kind in ("runs", "trajectory"):
            path = getattr(one_set, kind)
            table = read_table(path)
            table["run_id"] = table["run_id"].map(ids)
            write_table(change(table) if kind == "runs" else table, path, PROVENANCE, kind)
        made[name] = one_set
    return made["ablation"], made["base"], made["authors"]


@DEGENERATE
def test_fig12(tmp_path: Path, change: Change) -> None:
    ablation, base, authors = ablation_world(tmp_path, change)
    stats, plotted, pdf = (tmp_path / n for n in ("stats.parquet", "fig12.csv", "fig12.pdf"))
    load_script("analyse_ablation").analyse_ablation(
        ablation.runs,
        base.runs,
        authors.runs,
        [ablation.trajectory, base.trajectory, authors.trajectory],
        str(tmp_path / "ablation.parquet"),
        str(stats),
        str(plotted),
        Measures(1e-3, 100, 200, 100, 200, 10),
        Criteria(3, 1e-6, 2, 0.01),
        R,
        {"n_2mean_A": 4, "n_2mean_B": 2, "min_test_loss_B": 1e-7},
    )
    load_script("plot_fig12_ablation").plot_fig12(str(plotted), str(stats), str(pdf))
    drawn(pdf)
    found = statistics(stats)
    assert set(found.index) == names_of(Ablation, AuthorsAblation)
    if change is same:
        assert found.loc["ablation.n_2mean_B", "value"] == 2
        assert found.loc["ablation.share_B_suffices", "n"] == 1
        assert set(pd.read_csv(plotted)["series"]) == set("OABCD")
        assert read_provenance(stats)["figure_runs"] == 5
    else:
        assert found.loc["ablation.share_B_suffices", "n"] == 0


def test_statistics_in_one_table(tmp_path: Path) -> None:
    columns = ["name", "value", "ci_lo", "ci_hi", "n", "paper", "note"]
    paths = [str(tmp_path / f"{n}.parquet") for n in range(2)]
    for number, path in enumerate(paths):
        row = [f"s{number}", float(number), np.nan, np.nan, 3, np.nan, ""]
        write_table(pd.DataFrame([row], columns=columns), path, {**PROVENANCE, "figure_runs": 9})
    out = tmp_path / "all.parquet"
    load_script("collect_statistics", "").collect_statistics(paths, str(out))
    assert statistics(out)["value"].to_dict() == {"s0": 0.0, "s1": 1.0}
    assert "figure_runs" not in read_provenance(out)


@DEGENERATE
def test_counts_in_one_figure(tmp_path: Path, change: Change) -> None:
    """Figure 11 of the completeness paper."""
    primes = world(tmp_path, "primes", change, p=[7, 23, 59], n_2mean=[1, 2, 4])
    dims = world(tmp_path, "dims", change, d=[16, 128], n_2mean=[3, 5])
    moduli = world(tmp_path, "moduli", change, p=[8, 9, 10], n_2mean=[1, 1, 2])
    fig5, fig5_stats, fig14, fig14_stats = (
        str(tmp_path / n) for n in ("fig5.csv", "fig5.parquet", "fig14.csv", "fig14.parquet")
    )
    load_script("analyse_number_of_circles").analyse_number_of_circles(
        primes.runs, dims.runs, fig5_stats, fig5, 7, 2.0, R
    )
    load_script("analyse_all_moduli").analyse_all_moduli(
        moduli.runs, primes.runs, fig14_stats, fig14, 101, 2.0, R
    )
    pdf = tmp_path / "fig11.pdf"
    load_script("plot_fig11_number_of_circles", "completeness").plot_fig11(
        fig5, fig5_stats, fig14, fig14_stats, str(pdf), runs=8, paper={}
    )
    drawn(pdf)
