"""Checkouts in which tests run Snakemake as a user does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from small_world import REPOSITORY

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


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in a checkout."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
