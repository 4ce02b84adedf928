"""What the workflow does before it has rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fittest.errors import ConfigError
from fittest.pipeline import workflow_start
from small_world import REPOSITORY, runset, write_project


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (["--cores", "all", "--", "figures/fig6_survival.pdf"], ["figures/fig6_survival.pdf"]),
        (["figures/fig6_survival.pdf", "--cores", "all"], ["figures/fig6_survival.pdf"]),
        (["--cores", "all"], ["all"]),
        (["--config", "scale=smoke", "--cores", "1", "--", "survival"], ["survival"]),
        (["--forcerun", "survival_rates", "--cores", "1"], ["all"]),
        (["a.pdf", "b c.pdf", "-n"], ["a.pdf", "b c.pdf"]),
    ],
)
def test_targets_are_what_snakemake_takes_for_targets(words: list[str], targets: list[str]) -> None:
    assert list(workflow_start.command_line(words).targets) == targets


def test_a_command_of_another_program_has_no_targets() -> None:
    assert workflow_start.command_line(["--cores"]).targets == ()


@pytest.mark.parametrize(
    ("words", "keeps"),
    [
        ([], False),
        (["--rerun-triggers", "mtime"], True),
        (["--rerun-triggers", "mtime", "params"], False),
        (["--rerun-triggers", "code"], False),
    ],
)
def test_who_asks_for_times_alone_keeps_older_results(words: list[str], keeps: bool) -> None:
    assert workflow_start.command_line(["a.pdf", *words]).keeps_older is keeps


@pytest.mark.parametrize("by", ["--profile", "SNAKEMAKE_PROFILE"])
def test_a_profile_asks_as_the_command_line_does(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("rerun-triggers: [mtime]\n")
    words = ["a.pdf", "--cores", "1"]
    if by.startswith("--"):
        words += [by, str(tmp_path)]
    else:
        monkeypatch.setenv(by, str(tmp_path))
    assert workflow_start.command_line(words).keeps_older
    asked = workflow_start.command_line([*words, "--rerun-triggers", "code", "--dry-run"])
    assert (asked.targets, asked.keeps_older, asked.runs_jobs) == (("a.pdf",), False, False)


def test_jobs_know_targets_with_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workflow_start.TARGETS, "")
    monkeypatch.setenv(workflow_start.CORES, "")
    assert workflow_start.announced() == []
    workflow_start.announce(["a b.pdf", "c"])
    assert workflow_start.announced() == ["a b.pdf", "c"]
    assert workflow_start.announced_cores() is None
    workflow_start.announce([], 4)
    assert workflow_start.announced_cores() == 4


def test_an_interpreter_whose_path_a_shell_would_break_is_named_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a b" / "bin"
    folder.mkdir(parents=True)
    python = folder / "python-of-the-test"
    python.write_text("#!/bin/sh\necho found\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    workflow_start.name_interpreter_without_its_path()
    done = subprocess.run(sys.executable, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "found\n"


def test_an_interpreter_with_a_plain_path_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setenv("PATH", "/bin")
    workflow_start.name_interpreter_without_its_path()
    assert (sys.executable, os.environ["PATH"]) == ("/usr/bin/python3", "/bin")


# -- configuration -------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_folder_without_configuration_takes_the_workflows_own(elsewhere: Path) -> None:
    source = os.path.relpath(REPOSITORY)
    project = workflow_start.opened({"scale": "smoke"}, [], source)
    assert project.scale == "smoke"
    assert "fixemb" in project.catalogue.names()
    assert project.root.resolve() == elsewhere


def test_a_folders_own_configuration_goes_first(elsewhere: Path) -> None:
    write_project(elsewhere, {"mine": runset()})
    project = workflow_start.opened({}, [], os.path.relpath(REPOSITORY))
    assert project.catalogue.names() == ["mine"]


def test_the_configuration_of_an_outer_workflow_is_not_taken_for_ours(elsewhere: Path) -> None:
    (elsewhere / "config").mkdir()
    (elsewhere / "config/config.yaml").write_text("samples: [a, b]\n")
    project = workflow_start.opened({}, [], os.path.relpath(REPOSITORY))
    assert "fixemb" in project.catalogue.names()


def test_another_folder_of_configuration_can_be_named(elsewhere: Path) -> None:
    write_project(elsewhere, {"mine": runset()})
    shutil.move(elsewhere / "config", elsewhere / "settings")
    project = workflow_start.opened({"paths": {"configuration": "settings"}}, [], None)
    assert project.catalogue.names() == ["mine"]


def test_a_fetched_workflow_without_configuration_says_what_to_copy(elsewhere: Path) -> None:
    with pytest.raises(ConfigError, match="config/"):
        workflow_start.opened({}, [], None)


@pytest.mark.parametrize("content", [b"scale: smoke\nscale: full\n", b"a: [\n", b"a: \xe9\n"])
def test_a_file_given_to_snakemake_is_read_by_our_rules_too(
    content: bytes, elsewhere: Path
) -> None:
    (elsewhere / "more.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"more\.yaml"):
        workflow_start.opened({}, ["more.yaml"], os.path.relpath(REPOSITORY))
