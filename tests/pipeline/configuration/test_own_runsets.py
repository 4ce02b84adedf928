"""Run-sets of a file that the command line names: for plan, check and Snakemake alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import checkouts
from fittest.__main__ import main
from fittest.errors import ConfigError
from fittest.pipeline.project import Project
from small_world import runset, write_project


def write_own(path: Path, runsets: dict[str, Any], **more: Any) -> Path:
    path.write_text(yaml.safe_dump({"runsets": runsets, **more}, sort_keys=False))
    return path


def world(root: Path) -> Project:
    return write_project(root, {"base": runset({"steps": 5}, {"seed": [0]})})


def test_run_sets_of_a_file_stand_beside_the_repositorys(tmp_path: Path) -> None:
    before = world(tmp_path)
    mine = runset({"steps": 5}, {"seed": [0, 1]}, reuse=["base"])
    write_own(tmp_path / "mine.yaml", {"mine": mine})
    project = Project.load(tmp_path, {"runsets": "mine.yaml"})
    project.check()
    assert project.catalogue.names() == ["base", "mine"]
    assert len(project.catalogue.runset("mine").runs) == 2
    # What was there keeps its keys, and one's own may reuse it.
    assert project.catalogue.shards("base")[0].key == before.catalogue.shards("base")[0].key
    assert set(project.catalogue.owners("mine").values()) == {"base", "mine"}
    assert project.runsets_of("mine") == ["mine"]


def test_several_files_may_be_given(tmp_path: Path) -> None:
    world(tmp_path)
    for name in ("one", "two"):
        write_own(tmp_path / f"{name}.yaml", {name: runset({}, {"seed": [0]})})
    elsewhere = str(tmp_path / "two.yaml")
    for given in (f"one.yaml, {elsewhere}", ["one.yaml", elsewhere]):
        project = Project.load(tmp_path, {"runsets": given})
        assert project.catalogue.names() == ["base", "one", "two"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"runsets": {"base": runset()}}, "own.yaml: run-set `base` also stands in config/runsets"),
        ({"runsets": {"mine": {"scales": {}}}}, "own.yaml: runsets.mine.description: "),
        ({"runsets": {}, "sets": {}}, "own.yaml: sets: unknown key"),
        ({"paper": "nobody", "runsets": {"mine": runset()}}, "own.yaml: paper: there is no paper"),
        (
            {"runsets": {"mine": runset({"model": {"d": -1}})}},
            "own.yaml: runsets.mine.scales.smoke[0]: model.d: ",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    content: dict[str, Any], words: str, tmp_path: Path
) -> None:
    world(tmp_path)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError) as caught:
        Project.load(tmp_path, {"runsets": "own.yaml"}).check()
    assert words in str(caught.value)


def test_a_file_that_is_not_there_and_one_of_another_kind(tmp_path: Path) -> None:
    world(tmp_path)
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
        Project.load(tmp_path, {"runsets": "absent.yaml"}).check()
    with pytest.raises(ConfigError, match=r"runsets.*`mine.csv` is no file of run-sets"):
        Project.load(tmp_path, {"runsets": "mine.csv"})


def test_check_and_plan_take_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world(tmp_path)
    write_own(tmp_path / "mine.yaml", {"mine": runset({"steps": 5}, {"seed": [0, 1, 2]})})
    own = ["--runsets", "mine.yaml"]
    assert main(["--root", str(tmp_path), "check", "--scale", "smoke", *own]) == 0
    assert capsys.readouterr().out == "smoke: 2 run-sets, 4 runs\n"
    assert main(["--root", str(tmp_path), "plan", "mine", "--gflops", "10", *own]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["--root", str(tmp_path), "plan", "mine", "--gflops", "10"]) == 2
    assert "unknown target `mine`" in capsys.readouterr().err


@pytest.mark.workflow
def test_snakemake_takes_it(tmp_path: Path) -> None:
    folder = checkouts.checkout(tmp_path / "clone")
    write_own(tmp_path / "mine.yaml", {"mine": runset({"steps": 5}, {"seed": [0]})})
    target = "results/smoke/runs/mine/runs.parquet"
    config = ("--config", "scale=smoke", f"runsets={tmp_path / 'mine.yaml'}")
    done = checkouts.snakemake(folder, target, "--cores", "1", *config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / target).is_file()
    again = checkouts.snakemake(folder, target, "-n", *config)
    assert "Nothing to be done" in again.stdout + again.stderr
    without = checkouts.snakemake(folder, target, "-n", "--config", "scale=smoke")
    assert without.returncode != 0 and "there is no run-set `mine`" in without.stderr
