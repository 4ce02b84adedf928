"""`fittest.load`, `figure`, `runset`, `runsets`, `verdicts` and the names themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import fittest
from fittest.errors import ConfigError, FittestError, StoreError
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.store import read_provenance, read_table, write_table
from small_world import REPOSITORY, plain, runset, train_all, write_project

SHORT = {"steps": 40, "recording": {"every": 10, "dense_until": 4}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a long run-set, and a shorter one that reuses it."""
    declared = {
        "long": runset(SHORT, {"seed": {"range": [0, 2]}}),
        "short": runset(
            {**SHORT, "steps": 20, "recording": {"every": 20, "dense_until": 2}},
            {"seed": {"range": [0, 3]}},
            reuse=["long"],
        ),
    }
    project = write_project(tmp_path_factory.mktemp("finished"), declared)
    for name in declared:
        train_all(project, name)
        collect(project, name, project.paths.runs(name), project.paths.frequencies(name))
    return project


@pytest.fixture
def inside(finished: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same, as the folder that a notebook runs in, two levels down."""
    folder = finished.root / "docs" / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    return finished


# -- names -----------------------------------------------------------------------------


def test_names_are_all_there_and_import_nothing_before_they_are_used() -> None:
    assert len(fittest.__all__) == 12
    for name in fittest.__all__:
        assert getattr(fittest, name) is not None
        assert name in dir(fittest)
    code = (
        "import sys, fittest; print([m for m in sys.modules if m.startswith('fittest.')"
        " or m in ('torch', 'numpy', 'pandas', 'pydantic', 'yaml', 'importlib.metadata')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_public_name_is_that_of_a_module() -> None:
    """`import fittest.claims` anywhere would put the module in its place."""
    package = REPOSITORY / "src" / "fittest"
    modules = {path.stem for path in package.iterdir()}
    assert modules.isdisjoint(fittest.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = fittest.lode


def test_reading_needs_no_torch() -> None:
    code = "import sys, fittest; fittest.load, fittest.figure, fittest.runset, fittest.Run;"
    done = subprocess.run(
        [sys.executable, "-c", f"{code} print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


# -- run-sets --------------------------------------------------------------------------


def test_reused_runs_are_cut_to_what_the_run_set_asks_for(inside: Project) -> None:
    short, long = fittest.load("short"), fittest.load("long")
    assert short.runs["source"].tolist() == ["long", "long", "short"]
    assert short.trajectories["run_id"].unique().tolist() == short.runs["run_id"].tolist()
    for run in range(3):
        assert short.trajectory(run).index.tolist() == [0, 1, 2, 20]
    for run in range(2):
        whole = long.trajectory(short.run_id(run))
        pd.testing.assert_frame_equal(
            plain(short.trajectory(run)), plain(whole.loc[[0, 1, 2, 20]]), check_exact=True
        )
        assert short.weights(run).keys() == {"embedding.weight"}
    assert short.weights(2)["embedding.weight"].shape == (7, 6)
    assert short.setting(2).steps == 20
    assert "3 runs" in repr(short) and "survivors" in short._repr_html_()


def test_results_are_read_without_a_clone(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results").symlink_to(finished.root / "results")
    monkeypatch.chdir(tmp_path)
    assert len(fittest.load("short")) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fittest.load("shrt"), "no finished run-set `shrt` here; did you mean `short`"),
        (lambda: fittest.load("long", scale="full"), "there is one at smoke; snakemake "),
        (lambda: fittest.load("long", scale="big"), "scale `big` is unknown; use one of smoke"),
        (lambda: fittest.verdicts("test"), "no verdicts of `test` here"),
        (lambda: fittest.runset("shrt"), "there is no run-set `shrt`; there are long, short"),
        (lambda: fittest.figure("short"), "`short` is no figure, but short"),
        (lambda: fittest.runset({"description": "a"}), "fittest.runset: scales: "),
    ],
)
def test_what_is_not_there_is_said(inside: Project, call: object, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()  # type: ignore[operator]
    assert words in str(caught.value)


def test_a_missing_shard_is_an_error_not_a_gap(finished: Project, tmp_path: Path) -> None:
    copy = tmp_path / "results"
    shutil.copytree(finished.root / "results", copy)
    (copy / "smoke" / "runs" / "short" / "trajectory" / "0000.parquet").unlink()
    with pytest.raises(StoreError, match="no tables here; copy the whole folder"):
        _ = fittest.load("short", results=copy).trajectories


@pytest.mark.parametrize("kind", ["trajectory", "weights"])
def test_a_shard_of_an_earlier_configuration_is_not_read_as_well(
    kind: str, finished: Project, tmp_path: Path
) -> None:
    copy = tmp_path / "results"
    shutil.copytree(finished.root / "results", copy)
    folder = copy / "smoke" / "runs" / "long" / kind
    current, left = folder / "0000.parquet", folder / "0007.parquet"
    said = {**read_provenance(current), "shard": "0007"}
    write_table(read_table(current, kind), left, said, kind)
    os.utime(folder / "0007.parquet", (0, 1))
    results = fittest.load("long", results=copy)
    with pytest.raises(StoreError, match=r"0000\.parquet and.*in 0007\.parquet; delete"):
        _ = results.trajectories if kind == "trajectory" else results.weights()
    (folder / "0007.parquet").unlink()
    again = fittest.load("long", results=copy)
    assert not again.trajectories.duplicated(["run_id", "step"]).any()


def test_run_sets_are_listed_and_shown(inside: Project) -> None:
    table = fittest.runsets()
    assert table["runset"].tolist() == ["long", "short"]
    assert table["runs"].tolist() == [2, 3] and table["finished"].all()
    shown = fittest.runset("short")._repr_html_()
    for word in ("run-set <code>short</code>", "reuses runs of", "<code>long</code>", "seed"):
        assert word in shown
    other = fittest.runset("short", scale="full")._repr_html_()
    assert "none at this scale" in other


def test_a_declaration_needs_no_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    declared = fittest.runset(runset({"steps": 5}, {"seed": {"range": [0, 40]}}))
    assert len(declared.runs) == 40
    assert "(40 values)" in declared._repr_html_()
    with pytest.raises(ConfigError, match="work in a clone"):
        fittest.runset("base")


def test_a_run_shows_its_settings_and_nothing_of_html_in_them() -> None:
    run = fittest.Run(task={"p": 31}, steps=1500)  # type: ignore[arg-type]
    shown = run._repr_html_()
    for word in (run.run_id, "modular_addition", "1,500", "AdamW".lower(), "FLOPs"):
        assert word in shown
    odd = runset(description="<script>alert(1)</script>")
    assert "<script>" not in fittest.runset(odd)._repr_html_()


# -- figures ---------------------------------------------------------------------------


def test_a_figure_that_is_not_there_says_what_makes_it(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(REPOSITORY / "config")
    with pytest.raises(StoreError) as caught:
        fittest.figure("fig6", scale="smoke", root=tmp_path)
    said = str(caught.value)
    assert "make=True" in said
    assert "snakemake results/smoke/survival/figures/fig6_survival.pdf --cores all" in said
    assert "python -m fittest plan fig6_survival --scale smoke" in said


def test_a_finished_figure_is_a_path_and_a_picture(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(REPOSITORY / "config")
    kept = tmp_path / "results" / "smoke" / "survival" / "figures"
    kept.mkdir(parents=True)
    (kept / "fig6_survival.pdf").write_bytes(b"%PDF")
    (kept / "fig6_survival.png").write_bytes(b"\x89PNG")
    found = fittest.figure("fig6", scale="smoke", root=tmp_path)
    assert Path(found).read_bytes() == b"%PDF"
    assert found._repr_png_() == b"\x89PNG"
    assert "initial signal" in found.title and "smoke" in repr(found)
    (tmp_path / "results" / "smoke" / "survival" / "claims.csv").write_text("claim\nS01\n")
    table = fittest.verdicts("survival", results=tmp_path / "results")
    assert table["claim"].tolist() == ["S01"]
    with pytest.raises(FittestError, match="did you mean"):
        fittest.figure("fig6_survivl", scale="smoke", root=tmp_path)
