"""Where a file comes from: code, versions, machine and scale. Never the time, so that equal
inputs give equal bytes."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fittest.store.checks import PathLike
from fittest.store.files import read_provenance

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


def joint_provenance(
    sources: PathLike | Sequence[PathLike], figure_runs: int | None = None
) -> dict[str, Any]:
    """The provenance of what is made of one or more tables.

    Where they differ (run-sets, config hashes, perhaps commits), their values stand joined by
    "+", in the order of the tables; counts of runs of each are left out.

    Args:
        sources: Parquet files. figure_runs: number of runs shown, if it is known.

    Raises:
        StoreError: where a file is missing or damaged.
    """
    paths = [sources] if isinstance(sources, str | Path) else list(sources)
    found = [read_provenance(path) for path in paths]
    joint = _joined(found, {"kind", "figure_runs"} | ({"n_runs"} if len(found) > 1 else set()))
    return joint if figure_runs is None else joint | {"figure_runs": figure_runs}


def _joined(parts: Sequence[Mapping[str, Any]], left_out: set[str]) -> dict[str, Any]:
    joint: dict[str, Any] = {}
    for key in dict.fromkeys(key for part in parts for key in part):
        if key in left_out:
            continue
        values = [part[key] for part in parts if key in part]
        different = [v for i, v in enumerate(values) if v not in values[:i]]
        if len(different) == 1:
            joint[key] = different[0]
        elif all(isinstance(v, Mapping) for v in different):
            joint[key] = _joined(different, set())
        else:
            names = dict.fromkeys(name for v in different for name in str(v).split("+"))
            joint[key] = "+".join(names)
    return joint
