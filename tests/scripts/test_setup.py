"""Setting up an environment: what is refused, and that nothing broken stays. No network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from small_world import REPOSITORY

SETUP = REPOSITORY / "scripts/dev/setup.sh"


def python(folder: Path, version: str, pip: str, serves: str = "exit 1") -> Path:
    """A stand-in for Python: tells a version, makes environments like itself, runs `pip`.

    serves: its pip at work for an environment that is not its own; there is none as a rule.
    """
    path = folder / f"python{version}"
    path.write_text(
        f"""#!/bin/sh
case "$*" in
  *tomllib*) echo pytest ;;
  *sys.version_info*) echo {version}; [ {version} != 3.9 ] ;;
  "-m venv "*)
    for folder in "$@"; do :; done
    mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python" ;;
  "-m pip --python "*) {serves} ;;
  "-m pip "*) {pip} ;;
esac
"""
    )
    path.chmod(0o755)
    return path


def setup(python: Path, folder: Path, mode: str = "locked") -> subprocess.CompletedProcess[str]:
    command = ["sh", str(SETUP), str(folder), str(python), mode]
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
    pip = 'case "$*" in *" -c "*|*" pip check"*) exit 1;; esac'
    done = setup(python(folder, "3.11", pip), folder / ".venv")
    assert done.returncode == 0 and (folder / ".venv/installed").exists()
    assert "requirements.lock cannot be had" in done.stderr


def noting(folder: Path, more: str = "", serves: str = "exit 1") -> Path:
    """A Python whose pip notes what it is asked to install, and from which lines."""
    note = f"""echo "$*" >> "{folder}/asked"
      for word in "$@"; do case "$word" in *.txt) cat "$word" >> "{folder}/asked" ;; esac; done
      {more}"""
    return python(folder, "3.11", note, serves)


def asked(folder: Path) -> str:
    text = (folder / "asked").read_text()
    (folder / "asked").unlink()
    return text


def test_the_first_command_waits_for_no_tool_of_tests(folder: Path) -> None:
    done = setup(noting(folder), folder / ".venv")
    assert done.returncode == 0, done.stderr
    told = asked(folder)
    assert "\nsnakemake==" in told and "[test]" not in told
    for tool in ("pytest", "mypy", "ruff", "duckdb", "hypothesis"):
        assert f"\n{tool}==" not in told
    assert not (folder / ".venv/tools").exists()
    done = setup(noting(folder), folder / ".venv", "tools")
    assert done.returncode == 0, done.stderr
    told = asked(folder)
    assert "\npytest==" in told and "\nsnakemake==" not in told
    assert (folder / ".venv/tools").exists() and (folder / ".venv/installed").exists()


def test_a_pip_that_serves_other_environments_puts_the_new_one_there(folder: Path) -> None:
    """So that no older one is made first, only to put the new one in its place."""
    done = setup(noting(folder, serves="true"), folder / ".venv")
    assert done.returncode == 0, done.stderr
    assert "--upgrade" not in asked(folder)
    (folder / ".venv/installed").unlink()
    assert setup(noting(folder), folder / ".venv").returncode == 0
    assert "--upgrade -c requirements.lock pip" in asked(folder)


def test_what_does_not_fit_together_is_for_pip_to_choose(folder: Path) -> None:
    broken = 'case "$*" in *" pip check"*) exit 1;; esac'
    done = setup(noting(folder, broken), folder / ".venv")
    assert done.returncode == 0, done.stderr
    assert "-c requirements.lock torch==" in asked(folder)


def test_a_failed_attempt_at_the_tools_leaves_the_environment(folder: Path) -> None:
    assert setup(python(folder, "3.11", "true"), folder / ".venv").returncode == 0
    assert setup(python(folder, "3.11", "true"), folder / ".venv", "tools").returncode == 0
    (folder / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n")
    done = setup(python(folder, "3.11", "true"), folder / ".venv", "tools")
    assert done.returncode != 0
    assert (folder / ".venv/installed").exists() and not (folder / ".venv/tools").exists()


def test_tools_alone_are_no_environment(folder: Path) -> None:
    done = setup(python(folder, "3.11", "true"), folder / ".venv", "tools")
    assert done.returncode != 0 and not (folder / ".venv").exists()
    assert "make .venv/installed" in done.stderr


def test_a_process_of_make_keeps_its_bytecode(folder: Path) -> None:
    """Else each of a hundred processes compiles its libraries anew, from what is set up without."""
    (folder / "probe.mk").write_text("include theirs.mk\nprobe:\n\t@env\n")
    (folder / "theirs.mk").write_text((REPOSITORY / "Makefile").read_text())
    done = subprocess.run(
        ["make", "-f", "probe.mk", "probe"],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "PATH=" in done.stdout and "PYTHONDONTWRITEBYTECODE" not in done.stdout


def test_every_tool_is_locked_in_one_of_two_parts() -> None:
    to_run, tools = (
        {canonicalize_name(name) for name in re.findall(r"(?m)^([\w.-]+)==", part)}
        for part in (REPOSITORY / "requirements.lock").read_text().split("# Tools:")
    )
    assert not to_run & tools
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    for names, part in (
        # torch asks for setuptools; without its line pip chooses everything once more.
        ([*declared["dependencies"], "setuptools"], to_run),
        (declared["optional-dependencies"]["test"], tools),
    ):
        wanted = {canonicalize_name(re.split(r"[=<>]", name)[0]) for name in names} - {"torch"}
        assert wanted <= part


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


@pytest.mark.parametrize("words", [("all",), ("smoke",), ("survival", "SCALE=smoke")])
def test_make_never_trains_where_an_archive_is_given(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["make", "-n", "ARCHIVE=results.zip", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0 and "ARCHIVE=results.zip" in done.stderr
    assert "snakemake" not in done.stdout


@pytest.mark.parametrize(
    "words",
    [("CORES=2",), ("CORES=all", "SCALE=smoke")],
)
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


# What setup.py would build: (flags of the processor, FITTEST_KERNELS, in place).
WANTED = """
import json, setuptools, sys
setuptools.setup = lambda **_: None
import setup
flags, in_place = json.loads(sys.argv[1])
library = setup.library()
library._cpu_flags = lambda: frozenset(flags)
setup.library = lambda: library
print(*sorted(setup.wanted(in_place) - {"march"}))
"""
AVX2 = ["avx2", "fma"]


@pytest.mark.parametrize(
    ("flags", "asked", "in_place", "built"),
    [
        (AVX2, "", True, "avx2 baseline"),
        (AVX2, "all", True, "avx2 avx512 baseline"),
        (AVX2, "", False, "avx2 avx512 baseline"),
        (AVX2, "avx512, baseline", True, "avx512 baseline"),
        ([], "", True, "baseline"),
    ],
)
def test_a_checkout_gets_the_kernels_of_its_processor(
    flags: list[str], asked: str, in_place: bool, built: str
) -> None:
    done = wanted(flags, asked, in_place)
    assert done.stdout.strip() == built, done.stderr


def test_a_kernel_that_does_not_exist_is_refused() -> None:
    done = wanted([], "avx1024", True)
    assert done.returncode != 0
    assert "avx1024" in done.stderr and "avx512" in done.stderr


def wanted(flags: list[str], asked: str, in_place: bool) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WANTED, json.dumps([flags, in_place])],
        cwd=REPOSITORY,
        env=os.environ | {"FITTEST_KERNELS": asked},
        capture_output=True,
        text=True,
        check=False,
    )
