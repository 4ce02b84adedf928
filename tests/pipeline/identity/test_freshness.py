"""Which files are stale: after changes, copies and damage, whatever Snakemake remembers."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from fittest.errors import StoreError
from fittest.pipeline.identity import freshness, made
from fittest.pipeline.identity.freshness import MARKER, Freshness, Step, mark
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from small_world import runset, train_all, write_project

STEPS = 20


def steps_of(project: Project, **params: object) -> list[Step]:
    """An analysis of the run-set `one`, and a figure of it."""
    paths = project.paths
    script = project.root / "analyse.py"
    script.write_text("from fittest.analysis.statistics import intervals\n")
    table, figure = paths.table("test", "fig1.csv"), paths.kept_figure("test", "fig1_a")
    return [
        Step("analyse", (paths.runs("one"),), (table,), params, script),
        Step("draw", (table,), (figure, paths.png(figure)), {}, script),
    ]


def build(folder: Path, steps: int = STEPS, **over: object) -> Project:
    """A project with two run-sets and one figure, its files not made."""
    figures = {"fig1_a": {"title": "A", "runsets": ["one"]}}
    runsets = {
        "one": runset({"steps": steps}, {"seed": [0, 1]}),
        "two": runset({"steps": STEPS}, {"seed": [2]}),
    }
    return write_project(folder, runsets, over, figures)


def make(project: Project, steps: list[Step]) -> None:
    """All its files, as the workflow would."""
    freshness = Freshness(project, steps)
    root, paths = project.root, project.paths
    for name in ("one", "two"):
        train_all(project, name)
        files = [root / paths.runs(name), root / paths.frequencies(name)]
        collect(project, name, *map(str, files))
        made.record(files, freshness.collect_key(name))
    for step in steps:
        for path in step.outputs:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("made\n")
        made.record([root / path for path in step.outputs], freshness.key(step))
    (kept,) = [path for step in steps for path in step.outputs if path.endswith(".pdf")]
    shown = root / project.published("test", "fig1_a")
    shown.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / kept, shown)
    shutil.copy(root / paths.png(kept), paths.png(str(shown)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    project = build(folder)
    make(project, steps_of(project))
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of a folder in which all is made, with none of Snakemake's memory."""
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def stale(project: Project, **params: object) -> set[str]:
    return Freshness(project, steps_of(project, **params)).stale()


def names(files: set[str]) -> set[str]:
    return {Path(file).name for file in files}


def test_what_was_just_made_is_fresh(folder: Path) -> None:
    assert stale(Project.load(folder)) == set()


def test_a_changed_runset_makes_its_own_products_stale_and_no_others(folder: Path) -> None:
    found = stale(build(folder, steps=STEPS + 1))
    assert {"runs.parquet", "frequencies.parquet", "fig1.csv", "fig1_a.pdf"} <= names(found)
    assert any("runs/one/trajectory" in path for path in found)
    assert not any("runs/two" in path for path in found)


def test_a_figure_is_stale_though_nothing_it_was_made_from_is_left(folder: Path) -> None:
    shutil.rmtree(folder / "results/smoke/runs")
    (folder / "results/smoke/test/fig1.csv").unlink()
    assert stale(Project.load(folder)) == set()
    assert "fig1_a.pdf" in names(stale(build(folder, steps=STEPS + 1)))


def test_another_threshold_of_the_analysis_trains_nothing(folder: Path) -> None:
    found = stale(build(folder, analysis={"alive": {"relative": 0.3}}))
    assert "runs.parquet" in names(found)
    assert not any("trajectory" in path or "weights" in path for path in found)


def test_settings_that_the_summary_does_not_use_leave_it_alone(folder: Path) -> None:
    changed = build(folder, analysis={"bootstrap": {"draws": 7}})
    assert stale(changed) == set()


def test_another_parameter_makes_the_analysis_and_what_follows_stale(folder: Path) -> None:
    found = stale(Project.load(folder), draws=7)
    assert names(found) == {"fig1.csv", "fig1_a.pdf", "fig1_a.png"}


def test_another_script_does(folder: Path) -> None:
    project = Project.load(folder)
    steps = steps_of(project)
    (folder / "analyse.py").write_text(
        "from fittest.analysis.completeness import orders\n"
        "from fittest.analysis.statistics import intervals\n"
    )
    assert "fig1.csv" in names(Freshness(project, steps).stale())


def test_results_of_another_scale_in_place_are_stale(folder: Path) -> None:
    shutil.copytree(folder / "results/smoke", folder / "results/reduced")
    path = folder / "config/runsets/test.yaml"
    path.write_text(path.read_text().replace("smoke:", "reduced:"))
    project = Project.load(folder, {"scale": "reduced"})
    found = stale(project)
    assert all(path.startswith("results/reduced/") for path in found - {"figures/fig1_a.pdf"})
    for wanted in ("0000.parquet", "runs.parquet", "fig1.csv", "fig1_a.pdf"):
        assert wanted in names(found)


@pytest.mark.parametrize("kind", ["trajectory", "weights"])
def test_another_runsets_shard_in_place_is_stale(kind: str, folder: Path) -> None:
    runs = folder / "results/smoke/runs"
    shutil.copy(runs / f"two/{kind}/0000.parquet", runs / f"one/{kind}/0000.parquet")
    found = stale(Project.load(folder))
    assert f"results/smoke/runs/one/{kind}/0000.parquet" in found
    assert not any("runs/two" in path for path in found)


def test_a_damaged_shard_is_stale(folder: Path) -> None:
    path = folder / "results/smoke/runs/one/trajectory/0000.parquet"
    path.write_bytes(path.read_bytes()[:100])
    assert "results/smoke/runs/one/trajectory/0000.parquet" in stale(Project.load(folder))


def refused(path: object) -> dict[str, object]:
    error = OSError(errno.EIO, "Input/output error", str(path))
    raise StoreError(f"{path}: damaged") from error


def test_what_the_disk_does_not_give_is_not_stale(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stale files are removed, and disks of a network come and go."""
    monkeypatch.setattr(freshness, "read_provenance", refused)
    with pytest.raises(StoreError, match=r"0000\.parquet: cannot be read \(Input/output"):
        stale(Project.load(folder))


def test_a_record_that_the_disk_does_not_give_is_not_stale(folder: Path) -> None:
    record = next((folder / "results/smoke/test").glob(".made/fig1.csv*"))
    record.unlink()
    record.mkdir()  # a folder is read by nobody
    with pytest.raises(StoreError, match=r"fig1\.csv.*cannot be read"):
        stale(Project.load(folder))


@pytest.mark.parametrize("file", ["fig1.csv", "figures/fig1_a.pdf"])
def test_files_that_nobody_recorded_are_stale(file: str, folder: Path) -> None:
    path = folder / "results/smoke/test" / file
    shutil.rmtree(path.parent / ".made")
    assert path.name in names(stale(Project.load(folder)))


def test_a_shown_figure_that_is_not_the_kept_one_is_stale(folder: Path) -> None:
    (folder / "figures/fig1_a.pdf").write_text("of another scale")
    assert stale(Project.load(folder)) == {"figures/fig1_a.pdf", "figures/fig1_a.png"}


def test_the_marker_is_newer_only_where_something_is_stale(tmp_path: Path) -> None:
    assert mark(tmp_path, now=False)
    long_ago = 10**9
    os.utime(tmp_path / MARKER, (long_ago, long_ago))
    assert mark(tmp_path, now=False)
    assert (tmp_path / MARKER).stat().st_mtime == long_ago
    assert mark(tmp_path, now=True)
    assert (tmp_path / MARKER).stat().st_mtime > long_ago
