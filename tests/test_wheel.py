"""What is built from the sources, a wheel by way of an sdist, is whole and knows its commit."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fittest.training import native_library
from small_world import BACKENDS, REPOSITORY

pytestmark = pytest.mark.workflow

# What the Containerfile copies is what it can install.
SOURCES = [
    name
    for line in (REPOSITORY / "Containerfile").read_text().splitlines()
    if line.startswith("COPY ")
    for name in line.split()[1:-1]
]
# What an installed package says of itself.
TELL = """
import json, fittest
from importlib.metadata import version
from fittest.store.provenance import git_commit
from fittest.training import native_library
print(json.dumps({
    "place": fittest.__file__, "version": version("fittest"), "commit": git_commit(),
    "kernel": native_library.available(),
}))
"""
# Tests that read nothing but the package: of the kernel, of files and of networks.
# `make test-wheel` runs all that need no clone.
SOME = (
    "tests/training/test_native_tasks.py",
    "tests/store/test_tables.py",
    "tests/models/test_embedding_mlp.py",
    "tests/runs/test_catalogue.py",
)
# Every module is there with all that it reads.
LOAD_ALL = """
import pkgutil, importlib, fittest
for module in pkgutil.walk_packages(fittest.__path__, "fittest."):
    if not module.name.rpartition(".")[2].startswith("_"):
        importlib.import_module(module.name)
        print(module.name)
"""


def run(*words: str | Path, cwd: Path, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        # The tests within are a session of their own.
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The sources as a git project of their own, and its commit."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            skip = shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info", "_commit.txt")
            shutil.copytree(source, folder / name, ignore=skip)
        else:
            shutil.copy(source, folder)
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    shown = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
    head = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    return folder, head


@pytest.fixture(scope="module")
def installed(sources: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as installed from the wheel."""
    folder, _ = sources
    built, place = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    # An sdist, and from that the wheel: each has to hold all that the next step needs. A wheel has
    # all kernels; the one that is used here and the one that may not run here speak for them.
    some = "baseline"
    if "native" in BACKENDS:
        some = ",".join({native_library.loaded_variant(), native_library.VARIANTS[1]})
    run("-m", "build", "--no-isolation", "--outdir", built, cwd=folder, FITTEST_KERNELS=some)
    (wheel,) = built.glob("*.whl")
    assert list(built.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as file:
        kernels = [name for name in file.namelist() if "/_native_" in name]
    if "native" in BACKENDS and platform.machine().lower() in ("x86_64", "amd64"):
        assert len(kernels) == len(some.split(",")), kernels
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target")
    run(*pip, place, wheel, cwd=built)
    return place


def test_an_installed_wheel_knows_what_it_is(
    installed: Path, sources: tuple[Path, str], tmp_path: Path
) -> None:
    # In somebody else's git project, which must not be taken for this one.
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    told = json.loads(run("-c", TELL, cwd=tmp_path, PYTHONPATH=str(installed)))
    assert Path(told["place"]).is_relative_to(installed)
    declared = (REPOSITORY / "pyproject.toml").read_text()
    assert f'version = "{told["version"]}"' in declared
    assert told["commit"] == sources[1]
    assert told["kernel"] == ("native" in BACKENDS)


def test_an_installed_wheel_has_every_module(installed: Path, tmp_path: Path) -> None:
    here = {
        ".".join(path.relative_to(REPOSITORY / "src").with_suffix("").parts)
        for path in (REPOSITORY / "src").rglob("[a-z]*.py")
    }
    told = run("-c", LOAD_ALL, cwd=tmp_path, PYTHONPATH=str(installed)).split()
    assert here <= set(told)


def test_an_installed_wheel_trains_without_a_clone(installed: Path, tmp_path: Path) -> None:
    code = (
        "import fittest; done = fittest.train(task={'p': 7}, model={'d': 8}, steps=5,"
        " seeds=[0, 1], progress=False); print(fittest.__file__, len(done.trajectories))"
    )
    place, rows = run("-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).split()
    assert Path(place).is_relative_to(installed) and int(rows) == 12
    assert list(tmp_path.iterdir()) == []


def test_an_installed_wheel_passes_tests(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "tests", tmp_path / "tests")
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    out = run("-m", "pytest", "-p", "no:xdist", *SOME, cwd=tmp_path, PYTHONPATH=str(installed))
    assert "passed" in out
