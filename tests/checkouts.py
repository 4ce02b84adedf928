"""Checkouts in which tests run Snakemake as a user does."""

from __future__ import annotations

import atexit
import json
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from small_world import REPOSITORY

# Seconds: a deadline for what hangs, however busy the machine.
PATIENCE = 2400
PARTS = ["Snakefile", "workflow", "config", "scripts"]


def checkout(folder: Path, *more: str) -> Path:
    """A copy of what a user has, without results: what Snakemake reads, and `more`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (*PARTS, *more):
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy(source, folder / part)
    (folder / "slurm").symlink_to("workflow/profiles/slurm")
    return folder


def recipe(program: str, *words: str) -> list[list[str]]:
    """The words behind a program of .venv/bin, each time that `make` with `words` would run it."""
    done = subprocess.run(
        ["make", "-n", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    start = f".venv/bin/{program} "
    return [
        shlex.split(line.removeprefix(start))
        for line in done.stdout.splitlines()
        if line.startswith(start)
    ]


def snakemake(
    folder: Path, *arguments: str, fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in a checkout.

    fresh: in a process that has loaded nothing before, as a user's; else, on Linux, in a copy of
    one that has Snakemake loaded, which does the same three seconds sooner.
    """
    if sys.platform == "linux" and not fresh:
        return _server().snakemake(folder, arguments)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def planned(result: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Rule -> number of jobs of a dry run, {} where nothing is to be done."""
    assert result.returncode == 0, result.stdout + result.stderr
    text = result.stdout + result.stderr
    table = text.split("Job stats:")[-1] if "Job stats:" in text else ""
    assert table or "Nothing to be done" in text, text
    found = {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)\s*$", table, re.M)}
    found.pop("total", None)
    return found


@cache
def _server() -> _Server:
    """One for all tests of this process."""
    server = _Server()
    atexit.register(server.stop)
    return server


class _Server:
    """snakemake_server.py at work."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("snakemake_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def snakemake(
        self, folder: Path, arguments: tuple[str, ...]
    ) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory() as place:
            files = {name: str(Path(place) / name) for name in ("output", "errors")}
            request = {
                "folder": str(folder.resolve()),
                "arguments": arguments,
                "environment": dict(os.environ),
                **files,
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
            status = self._process.stdout.readline() if ready else ""
            output, errors = (
                Path(file).read_text() if Path(file).exists() else "" for file in files.values()
            )
            assert status, f"no answer from Snakemake:\n{output}\n{errors}"
        return subprocess.CompletedProcess(["snakemake", *arguments], int(status), output, errors)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
