"""Setting up an environment: what is refused, and that nothing broken stays. No network."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from small_world import REPOSITORY

SETUP = REPOSITORY / "scripts/dev/setup.sh"


def python(folder: Path, version: str, pip: str) -> Path:
    """A stand-in for Python: tells a version, makes environments like itself, runs `pip`."""
    path = folder / f"python{version}"
    path.write_text(
        f"""#!/bin/sh
case "$*" in
  *sys.version_info*) echo {version}; [ {version} != 3.9 ] ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip "*) {pip} ;;
esac
"""
    )
    path.chmod(0o755)
    return path


def setup(python: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(SETUP), str(folder), str(python), "locked"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "with a space"
    place.mkdir()
    return place


def test_an_old_python_is_refused_by_its_version(folder: Path) -> None:
    done = setup(python(folder, "3.9", "true"), folder / ".venv")
    assert done.returncode != 0 and not (folder / ".venv").exists()
    assert "3.11 or newer" in done.stderr and "3.9" in done.stderr


def test_a_failed_attempt_leaves_nothing(folder: Path) -> None:
    done = setup(python(folder, "3.11", "exit 1"), folder / ".venv")
    assert done.returncode != 0 and not (folder / ".venv").exists()


@pytest.mark.parametrize("left", ["half", "other"])
def test_what_is_not_whole_is_made_anew(folder: Path, left: str) -> None:
    good = python(folder, "3.12", "true")
    if left == "half":
        (folder / ".venv").mkdir()
    else:
        assert setup(python(folder, "3.11", "true"), folder / ".venv").returncode == 0
    (folder / ".venv/stale").touch()
    done = setup(good, folder / ".venv")
    assert done.returncode == 0, done.stderr
    assert (folder / ".venv/installed").exists() and not (folder / ".venv/stale").exists()


def test_versions_that_cannot_be_had_are_replaced_aloud(folder: Path) -> None:
    done = setup(python(folder, "3.11", 'case "$*" in *" -c "*) exit 1;; esac'), folder / ".venv")
    assert done.returncode == 0 and (folder / ".venv/installed").exists()
    assert "requirements.lock cannot be had" in done.stderr


@pytest.mark.parametrize(
    "words", [("CORES=0",), ("CORES=-1",), ("CORES=two",), ("SCALE=smoke full",), ("SCALE=tiny",)]
)
def test_make_refuses_what_snakemake_would_hang_or_trip_over(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["make", "-n", *words, "figures/fig6_survival.pdf"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert words[0].split("=")[0] in done.stderr
    assert "snakemake" not in done.stdout


@pytest.mark.parametrize("words", [("CORES=2",), ("CORES=all", "SCALE=smoke")])
def test_make_takes_what_is_right(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["make", "-n", *words, "figures/fig6_survival.pdf"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "figures/fig6_survival.pdf" in done.stdout
