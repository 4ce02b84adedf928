"""Where a file comes from: code, versions, machine and scale. Never the time, so that equal
inputs give equal bytes."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("fittest", "torch", "numpy", "pandas", "pyarrow", "scikit-learn", "matplotlib")


@cache
def git_commit() -> str:
    """Commit of the source tree, `-dirty` behind it where files differ; `unknown` outside git."""
    root = Path(__file__).resolve().parents[3]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def provenance(scale: str, config_hash: str, **more: Any) -> dict[str, Any]:
    """What every Parquet file and figure says of its origin.

    more: what is known of the training (device, dtype, backend, threads).
    """
    return {
        "scale": scale,
        "config_hash": config_hash,
        "commit": git_commit(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        **more,
    }
