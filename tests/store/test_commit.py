"""Which commit a file names: that of this project, never of the one that it is installed in."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fittest.store.provenance import git_commit


def git_project(folder: Path) -> str:
    """A git project with one commit, which is given back."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    shown = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()


def package_in(folder: Path, where: str) -> Path:
    package = folder / where / "fittest"
    package.mkdir(parents=True)
    return package.resolve()


def test_a_checkout_names_its_own_commit(tmp_path: Path) -> None:
    head = git_project(tmp_path)
    package = package_in(tmp_path, "src")
    (tmp_path / "pyproject.toml").touch()
    assert git_commit(package) == head


def test_an_installed_package_does_not_name_the_commit_around_it(tmp_path: Path) -> None:
    git_project(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    package = package_in(tmp_path, ".venv/lib/python3.11/site-packages")
    assert git_commit(package) == "unknown"
    git_commit.cache_clear()
    (package / "_commit.txt").write_text("0123456789ab\n")
    assert git_commit(package) == "0123456789ab"


def test_sources_unpacked_inside_another_project_name_what_they_brought(tmp_path: Path) -> None:
    git_project(tmp_path)
    package = package_in(tmp_path, "vendor/fittest-0.1.0/src")
    (package.parents[1] / "pyproject.toml").touch()
    (package / "_commit.txt").write_text("0123456789ab\n")
    assert git_commit(package) == "0123456789ab"
